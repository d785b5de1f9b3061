"""WhatsApp through Meta's Cloud API."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from cleo.channels.whatsapp.backend_spec import BackendContext, BackendSpec, Demo

if TYPE_CHECKING:
    from contextlib import AbstractAsyncContextManager

    from fastapi import APIRouter

    from cleo.channels.whatsapp.backend import Backend
    from cleo.channels.whatsapp.backend_settings import BackendSettings
    from cleo.channels.whatsapp.cloud.settings import CloudSettings
    from cleo.channels.whatsapp.demo.host import DemoHost
    from cleo.channels.whatsapp.demo.phone import DemoPhone
    from cleo.ports import Capabilities, Clock, Files, Receive
    from cleo.ports.finding import Findings


def _settings() -> type[CloudSettings]:
    from cleo.channels.whatsapp.cloud.settings import CloudSettings

    return CloudSettings


def _capabilities() -> Capabilities:
    from cleo.channels.whatsapp.cloud.capabilities import CLOUD

    return CLOUD


def _number_id(settings: BackendSettings) -> str:
    return _settings().of(settings).whatsapp_cloud_phone_number_id or ""


def _open(context: BackendContext, files: Files) -> Backend:
    from cleo.channels.whatsapp.cloud.client import WhatsAppCloudClient

    settings = _settings().of(context.settings)
    credentials = settings.credentials()
    return WhatsAppCloudClient(
        phone_number_id=credentials.phone_number_id,
        token=credentials.token,
        base_url=settings.whatsapp_cloud_base_url,
        api_version=settings.whatsapp_cloud_api_version,
        files=files,
        fallback_template=settings.whatsapp_cloud_fallback_template,
        chat_seconds=settings.whatsapp_cloud_chat_seconds,
        file_max_bytes=context.file_max_bytes,
    )


def _routes(context: BackendContext, receive: Receive, clock: Clock) -> APIRouter:
    from cleo.channels.whatsapp.cloud.inbound.webhook import cloud_routes

    settings = _settings().of(context.settings)
    credentials = settings.credentials()
    return cloud_routes(
        receive,
        app_secret=credentials.app_secret.get_secret_value(),
        verify_token=credentials.verify_token.get_secret_value(),
        phone_number_id=credentials.phone_number_id,
        reopen_template=settings.whatsapp_cloud_fallback_template,
        clock=clock,
    )


def _introduction(context: BackendContext) -> str:
    from cleo.channels.whatsapp.backend import PATH

    return (
        f"WhatsApp Cloud API, number {_number_id(context.settings)}; Meta must reach {PATH} of this Cleo by a public "
        "https address (docs/howto/cloud.md)"
    )


def _checks() -> Sequence[Callable[[BackendContext], Findings]]:
    from cleo.channels.whatsapp.cloud.doctor.checks import CHECKS

    return CHECKS


def _trace(context: BackendContext, message: str) -> Findings:
    from cleo.channels.whatsapp.cloud.doctor.history import history

    return history(context, message)


def _simulated_phone(host: DemoHost) -> AbstractAsyncContextManager[DemoPhone]:
    from cleo.channels.whatsapp.cloud.demo.simulated_phone import simulated_phone

    return simulated_phone(host)


SPEC = BackendSpec(
    settings=_settings,
    capabilities=_capabilities,
    number_id=_number_id,
    open=_open,
    routes=_routes,
    has_public_webhook=True,
    introduction=_introduction,
    checks=_checks,
    server=lambda settings: _settings().of(settings).whatsapp_cloud_base_url,
    reconcile_after=lambda settings: _settings().of(settings).whatsapp_cloud_doubt_seconds,
    trace=_trace,
    no_direct_send=(
        "`cleo send` goes through the bridge, and WHATSAPP_BACKEND=cloud uses none. Ask Cleo in the chat to "
        "write to somebody: it knows when WhatsApp takes a message for them."
    ),
    demo=Demo(network="Cloud API", phone=_simulated_phone),
)
