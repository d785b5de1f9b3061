"""Check that the bridge is installed, and its connection to WhatsApp."""

from typing import cast

import httpx2

from cleo.channels.whatsapp.backend_spec import BackendContext
from cleo.channels.whatsapp.bridge.process.node import find_node
from cleo.channels.whatsapp.bridge.process.program import program_of
from cleo.channels.whatsapp.bridge.settings import BridgeSettings
from cleo.ports.finding import Finding, Findings, bad, good, note


def _program(context: BackendContext) -> Findings:
    if BridgeSettings.of(context.settings).whatsapp_bridge_url:
        return
    node = find_node(context.environment.get("PATH"))
    yield good(f"Node.js {node.version} ({node.path})")
    program_of("whatsapp-bridge", context.environment)
    yield good("The WhatsApp bridge is installed")


def _connection(context: BackendContext) -> Findings:
    url = BridgeSettings.of(context.settings).whatsapp_bridge_url or context.bridge_url
    if url:
        yield _ask(url)
    else:
        yield note("Cleo does not run now, so WhatsApp was not asked", "Start it: cleo up")


def _ask(url: str) -> Finding:
    try:
        with httpx2.Client(timeout=5, trust_env=False) as http:
            said = cast("dict[str, object]", http.get(f"{url}/health").json())
    except (httpx2.HTTPError, ValueError) as error:
        what = f"The bridge at {url} does not answer ({type(error).__name__})"
        return bad(what, "Start it, or correct WHATSAPP_BRIDGE_URL.")
    state = said.get("state")
    what = f"WhatsApp: {said.get('message', state)}"
    return good(what) if state == "connected" else note(what)


CHECKS = (_program, _connection)
