"""The backend that talks to the whatsapp-bridge (Baileys) over HTTP."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from cleo.channels.whatsapp.backend_spec import (
    BackendContext,
    BackendSpec,
    BridgeProcess,
    Demo,
    Link,
    ProcessEvent,
    Program,
)

if TYPE_CHECKING:
    from contextlib import AbstractAsyncContextManager

    from fastapi import APIRouter

    from cleo.channels.whatsapp.backend import Backend
    from cleo.channels.whatsapp.backend_settings import BackendSettings
    from cleo.channels.whatsapp.demo.host import DemoHost
    from cleo.channels.whatsapp.demo.phone import DemoPhone
    from cleo.ports import Capabilities, Clock, Files, Receive
    from cleo.ports.finding import Findings


def _settings() -> type[BackendSettings]:
    from cleo.channels.whatsapp.bridge.settings import BridgeSettings

    return BridgeSettings


def _capabilities() -> Capabilities:
    from cleo.channels.whatsapp.bridge.client import BAILEYS

    return BAILEYS


def _open(context: BackendContext, files: Files) -> Backend | None:
    if not context.bridge_url:
        return None
    from cleo.channels.whatsapp.bridge.client import WhatsAppBridgeClient

    return WhatsAppBridgeClient(
        context.bridge_url,
        files=files,
        secret=context.secret,
        file_max_bytes=context.file_max_bytes,
        proof_required=_url(context.settings) is None,  # Cleo started it
    )


def _routes(context: BackendContext, receive: Receive, clock: Clock) -> APIRouter:
    from cleo.channels.whatsapp.bridge.webhook import webhook_routes

    return webhook_routes(receive, context.secret)


def _introduction(context: BackendContext) -> str:
    url = _url(context.settings)
    return f"WhatsApp bridge: {url}" if url else ""


def _checks() -> Sequence[Callable[[BackendContext], Findings]]:
    from cleo.channels.whatsapp.bridge.doctor import CHECKS

    return CHECKS


def _url(settings: BackendSettings) -> str | None:
    from cleo.channels.whatsapp.bridge.settings import BridgeSettings

    return BridgeSettings.of(settings).whatsapp_bridge_url


def _program(context: BackendContext, api_url: str, phone: str | None) -> Program:
    from cleo.channels.whatsapp.bridge.process.program import bridge_program

    return bridge_program(context, api_url=api_url, phone=phone)


def _listener(
    context: BackendContext, on_event: Callable[[ProcessEvent], None], on_link: Callable[[Link], None]
) -> Callable[[ProcessEvent], None]:
    from cleo.channels.whatsapp.bridge.process.link_listener import LinkListener

    return LinkListener(context, on_event=on_event, on_link=on_link).event


def _link(context: BackendContext) -> Link:
    from cleo.channels.whatsapp.bridge.process.link_listener import shown_link

    return shown_link(context)


def _simulated_phone(host: DemoHost) -> AbstractAsyncContextManager[DemoPhone]:
    from cleo.channels.whatsapp.bridge.demo.simulated_phone import simulated_phone

    return simulated_phone(host)


SPEC = BackendSpec(
    settings=_settings,
    capabilities=_capabilities,
    number_id=lambda settings: "",
    open=_open,
    routes=_routes,
    has_public_webhook=False,
    introduction=_introduction,
    checks=_checks,
    server=lambda settings: "" if _url(settings) else "https://web.whatsapp.com",
    process=BridgeProcess(
        url=_url,
        url_setting="WHATSAPP_BRIDGE_URL",
        program=_program,
        listener=_listener,
        link=_link,
        inherited=frozenset(
            {"NODE_EXTRA_CA_CERTS", "NODE_OPTIONS"}
            | {"WHATSAPP_BRIDGE_LOG", "WHATSAPP_WEB_VERSION", "WHATSAPP_WEB_SOCKET_URL"}
            | {"CLEO_SIM_NOISE_ROOT", "CLEO_SIM_MEDIA_HOST"}  # a bridge on the simulated WhatsApp
        ),
        known=frozenset(
            {"WHATSAPP_BRIDGE_HOST", "WHATSAPP_BRIDGE_PORT", "WHATSAPP_BRIDGE_DATA", "WHATSAPP_PHONE"}
            | {"WHATSAPP_MEDIA_MAX_BYTES", "CLEO_SUPERVISED"}
        ),
    ),
    demo=Demo(network="WhatsApp, the bridge", phone=_simulated_phone),
)
