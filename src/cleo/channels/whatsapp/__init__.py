"""WhatsApp: the channel, and the backends that can carry it."""

from cleo.channels.whatsapp import bridge, cloud
from cleo.channels.whatsapp.backend_spec import BackendSpec
from cleo.domain.errors import ConfigError

BACKENDS: dict[str, BackendSpec] = {"baileys": bridge.SPEC, "cloud": cloud.SPEC}
"""What `WHATSAPP_BACKEND` may name; the first is the default."""


def find_backend(name: str) -> BackendSpec:
    """Return the backend of this name; raises `ConfigError` when there is none."""
    if name not in BACKENDS:
        known = ", ".join(sorted(BACKENDS))
        raise ConfigError(
            f"WHATSAPP_BACKEND: there is no {name!r}. It can be: {known}. "
            f"For example: WHATSAPP_BACKEND={next(iter(BACKENDS))}"
        )
    return BACKENDS[name]


__all__ = ["BACKENDS", "find_backend"]
