"""The context of a backend's checks."""

from cleo.app.chosen_backend import backend_context
from cleo.app.runfile import find_running
from cleo.app.settings import Settings
from cleo.channels.whatsapp.backend_spec import BackendContext
from cleo.domain.errors import CleoError


def doctor_context(settings: Settings) -> BackendContext:
    """Return it, with the bridge of a Cleo that runs on the data directory."""
    try:
        endpoints = find_running(settings.cleo_data)
    except CleoError:
        return backend_context(settings)
    return backend_context(settings, bridge_url=endpoints.bridge, is_running=True)
