"""What the checks of a backend are told."""

from cleo.app.chosen_backend import backend_context
from cleo.app.runfile import find_running
from cleo.app.settings import Settings
from cleo.channels.whatsapp.backend_spec import BackendContext
from cleo.domain.errors import CleoError


def doctor_context(settings: Settings) -> BackendContext:
    """Return it, with what a Cleo that runs on the data directory has left there."""
    try:
        place = find_running(settings.cleo_data)
    except CleoError:
        return backend_context(settings)
    return backend_context(settings, bridge_url=place.bridge, is_running=True)
