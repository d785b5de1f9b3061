"""`cleo link`: what a phone can be linked with now."""

import sys

from cleo.app.chosen_backend import backend_context, chosen_backend, webhook_secret
from cleo.app.runfile import find_running
from cleo.app.settings import load
from cleo.app.terminal.codes import draw_qr, said_of_pairing
from cleo.domain.errors import CleoError


def run() -> None:
    """Show it; raises `CleoError` when there is nothing to link."""
    settings = load()
    process = chosen_backend(settings).process
    if process is None:
        raise CleoError(
            f"WHATSAPP_BACKEND={settings.whatsapp_backend} links no phone: its number is set up at Meta. "
            "`cleo doctor` says what is missing there."
        )
    bridge = find_running(settings.cleo_data).bridge
    link = process.link(backend_context(settings, bridge_url=bridge, secret=webhook_secret(settings)))
    if link.qr:
        sys.stdout.write(f"{draw_qr(link.qr, sys.stdout)}\n{link.message}\n")
    elif link.code:
        sys.stdout.write(f"{said_of_pairing(link.code, link.message)}\n")
    else:
        sys.stdout.write(f"· WhatsApp: {link.message}\n")
