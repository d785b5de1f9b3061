"""The ways to reach WhatsApp, put together from the settings: what sends, and where WhatsApp's news come in."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from fastapi import APIRouter
from pydantic import SecretStr

from cleo.app.settings import Settings
from cleo.channels.whatsapp import WhatsAppBridgeClient
from cleo.channels.whatsapp.backend import Backend
from cleo.channels.whatsapp.bridge.webhook import webhook_routes
from cleo.channels.whatsapp.cloud.client import WhatsAppCloudClient
from cleo.channels.whatsapp.cloud.inbound.webhook import cloud_routes
from cleo.domain.errors import ConfigError
from cleo.ports import Clock, Files, Receive


class Closing(Backend, Protocol):
    """A backend that is closed at the end."""

    async def close(self) -> None:
        """Let go of all connections."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """One way to reach WhatsApp. `account` names what Cleo is there: another one is another chat partner."""

    account: str
    open: Callable[[Files], Closing] | None
    """Makes the backend; None: this process sends nothing."""
    routes: Callable[[Receive, Clock], APIRouter]
    """Makes where WhatsApp's news come in."""


def way(settings: Settings, *, bridge_url: str | None, secret: str | None) -> Way:
    """Choose by `WHATSAPP_BACKEND`; raises `ConfigError` for one that there is not, or that lacks a setting."""
    try:
        choose = _WAYS[settings.whatsapp_backend]
    except KeyError:
        known = ", ".join(sorted(_WAYS))
        raise ConfigError(
            f"WHATSAPP_BACKEND: there is no {settings.whatsapp_backend!r}. It can be: {known}. "
            "For example: WHATSAPP_BACKEND=baileys"
        ) from None
    return choose(settings, bridge_url, secret)


def _bridge(settings: Settings, bridge_url: str | None, secret: str | None) -> Way:
    def opened(files: Files) -> Closing:
        limit = settings.cleo_file_max_bytes
        return WhatsAppBridgeClient(bridge_url or "", files=files, secret=secret, file_max_bytes=limit)

    return Way(
        account="baileys",
        open=opened if bridge_url else None,
        routes=lambda receive, _: webhook_routes(receive, secret),
    )


def _cloud(settings: Settings, bridge_url: str | None, secret: str | None) -> Way:
    del bridge_url, secret  # Meta signs what it posts
    needed = cloud_settings(settings)

    def opened(files: Files) -> Closing:
        return WhatsAppCloudClient(
            phone_number_id=needed.phone_number_id,
            token=needed.token,
            base_url=settings.whatsapp_cloud_base_url,
            api_version=settings.whatsapp_cloud_api_version,
            files=files,
            fallback_template=settings.whatsapp_cloud_fallback_template,
            chat_seconds=settings.whatsapp_cloud_chat_seconds,
            file_max_bytes=settings.cleo_file_max_bytes,
        )

    return Way(
        account=f"cloud:{needed.phone_number_id}",
        open=opened,
        routes=lambda receive, clock: cloud_routes(
            receive,
            app_secret=needed.app_secret.get_secret_value(),
            verify_token=needed.verify_token.get_secret_value(),
            phone_number_id=needed.phone_number_id,
            reopen_template=settings.whatsapp_cloud_fallback_template,
            clock=clock,
        ),
    )


_WAYS: Mapping[str, Callable[[Settings, str | None, str | None], Way]] = {"baileys": _bridge, "cloud": _cloud}


@dataclass(frozen=True, slots=True, kw_only=True)
class CloudSettings:
    """What the Cloud API cannot do without."""

    phone_number_id: str
    token: SecretStr
    app_secret: SecretStr
    verify_token: SecretStr


def cloud_settings(settings: Settings) -> CloudSettings:
    """Tell them; raises `ConfigError` with the names of all that are missing."""
    number, token = settings.whatsapp_cloud_phone_number_id, settings.whatsapp_cloud_token
    secret, verify = settings.whatsapp_cloud_app_secret, settings.whatsapp_cloud_verify_token
    if number and token and secret and verify:
        return CloudSettings(phone_number_id=number, token=token, app_secret=secret, verify_token=verify)
    given = {"PHONE_NUMBER_ID": number, "TOKEN": token, "APP_SECRET": secret, "VERIFY_TOKEN": verify}
    missing = ", ".join(f"WHATSAPP_CLOUD_{name}" for name, text in given.items() if not text)
    raise ConfigError(
        f"WHATSAPP_BACKEND=cloud needs {missing}. docs/howto/cloud.md tells step by step where they come from. "
        "For example: WHATSAPP_CLOUD_PHONE_NUMBER_ID=106540352242922"
    )
