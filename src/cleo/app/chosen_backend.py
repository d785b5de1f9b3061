"""The backend that `WHATSAPP_BACKEND` names, and what it is told of Cleo."""

import secrets
from collections.abc import Callable, Mapping

from cleo.app.settings import Settings, passed_on
from cleo.channels import CHANNELS
from cleo.channels.whatsapp import find_backend
from cleo.channels.whatsapp.backend import Backend
from cleo.channels.whatsapp.backend_spec import BackendContext, BackendSpec
from cleo.domain.errors import ConfigError
from cleo.ports import Channel


def chosen_backend(settings: Settings) -> BackendSpec:
    """Return it; raises `ConfigError` when there is no such backend."""
    return find_backend(settings.whatsapp_backend)


def enabled_channels(settings: Settings) -> Mapping[str, Callable[[Backend], Channel]]:
    """Return the messengers that `ENABLED_CLIENTS` names; raises `ConfigError` when there is no such messenger."""
    if not settings.enabled_clients:
        raise ConfigError(
            f"ENABLED_CLIENTS names no messenger. For example: ENABLED_CLIENTS={next(iter(CHANNELS))}"
        )
    for name in settings.enabled_clients:
        if name not in CHANNELS:
            raise ConfigError(
                f"ENABLED_CLIENTS: there is no {name!r}. It can be: {', '.join(sorted(CHANNELS))}. "
                f"For example: ENABLED_CLIENTS={next(iter(CHANNELS))}"
            )
    return {name: CHANNELS[name] for name in settings.enabled_clients}


def backend_context(
    settings: Settings,
    *,
    bridge_url: str | None = None,
    secret: str | None = None,
    is_running: bool = False,
) -> BackendContext:
    """Return what a backend is told; see `BackendContext`."""
    return BackendContext(
        settings=settings,
        data=settings.cleo_data,
        file_max_bytes=settings.cleo_file_max_bytes,
        zone=settings.zone,
        environment=passed_on(),
        secret=secret,
        bridge_url=bridge_url,
        is_running=is_running,
    )


def has_own_process(settings: Settings) -> bool:
    """Return whether `cleo up` starts a bridge of its own; raises `ConfigError`."""
    process = chosen_backend(settings).process
    return process is not None and process.url(settings) is None


def given_secret(settings: Settings) -> str | None:
    """Return the secret that is set."""
    secret = settings.whatsapp_webhook_secret
    return secret.get_secret_value() if secret else None


def webhook_secret(settings: Settings) -> str | None:
    """Return the secret that `cleo up` uses: the one that is set, else one that it makes and keeps in the data
    directory. A bridge that runs elsewhere could not know that one, so without a setting there is none.
    """
    if secret := given_secret(settings):
        return secret
    if not has_own_process(settings) and not chosen_backend(settings).has_public_webhook:
        return None
    kept = settings.cleo_data / "webhook-secret"
    if not kept.exists():
        kept.touch(mode=0o600)
    if not kept.read_text():
        kept.write_text(secrets.token_urlsafe(32))
    return kept.read_text().strip()
