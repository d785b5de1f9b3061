"""What an examination is about."""

from dataclasses import dataclass, replace
from functools import cached_property

from cleo.app.chosen_backend import backend_context
from cleo.app.runfile import Endpoints, find_running
from cleo.app.settings import Settings
from cleo.channels.whatsapp.backend_spec import BackendContext
from cleo.domain.errors import CleoError
from cleo.store import is_data_dir_in_use


@dataclass(frozen=True, kw_only=True)
class Examination:
    """The settings to look at. `offline`: nobody outside of this machine is asked."""

    settings: Settings
    offline: bool = False

    @cached_property
    def is_running(self) -> bool:
        """Return whether a Cleo runs on the data directory."""
        try:
            return is_data_dir_in_use(self.settings.cleo_data)
        except CleoError:  # found by another check
            return False

    @cached_property
    def endpoints(self) -> Endpoints | None:
        """Return where the running Cleo is; after a kill they are told, too."""
        try:
            return find_running(self.settings.cleo_data)
        except CleoError:
            return None


def doctor_context(settings: Settings, *, offline: bool = False) -> BackendContext:
    """Return what a backend's checks are told, with the bridge of a Cleo that runs on the data directory."""
    endpoints = Examination(settings=settings).endpoints
    context = backend_context(
        settings, bridge_url=endpoints.bridge if endpoints else None, is_running=endpoints is not None
    )
    return replace(context, is_offline=offline)
