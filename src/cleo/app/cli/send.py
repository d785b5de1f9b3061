"""`cleo send`: send one message through the running bridge, without the agent."""

import asyncio
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import uuid4

from cleo.app.chosen_backend import backend_context, chosen_backend, webhook_secret
from cleo.app.runfile import find_running
from cleo.app.setting_values import person_address
from cleo.app.settings import load
from cleo.channels.whatsapp.backend_spec import BackendContext, BackendSpec
from cleo.channels.whatsapp.channel import WhatsAppChannel
from cleo.domain.content import Text
from cleo.domain.conversation import AccountKey, Conversation, conversation_id
from cleo.domain.errors import CleoError, ConfigError
from cleo.domain.identity import Address, PersonId
from cleo.domain.message import SendKey
from cleo.ports import Held, Refused
from cleo.store import DiskFiles


def run(*, to: str, text: str) -> None:
    """Send it; raises `CleoError` when it was not sent."""
    try:
        whom = person_address(to)
    except ValueError as error:
        raise ConfigError(f"{error}. For example: cleo send +4915112345678 'Good morning'") from None
    settings = load()
    backend = chosen_backend(settings)
    if backend.no_direct_send:
        raise ConfigError(backend.no_direct_send)
    context = backend_context(
        settings, bridge_url=find_running(settings.cleo_data).bridge, secret=webhook_secret(settings)
    )
    sent = asyncio.run(_send(backend, context, whom, text))
    sys.stdout.write(f"✓ Sent ({sent} message{'s' if sent > 1 else ''}).\n")


async def _send(spec: BackendSpec, context: BackendContext, whom: Address, text: str) -> int:
    with (
        TemporaryDirectory() as nothing
    ):  # text needs no files, and Cleo's own belong to the process that runs
        backend = spec.open(context, DiskFiles(Path(nothing)))
    if backend is None:
        raise CleoError("The running Cleo has no bridge to send through. `cleo status` says how it is doing.")
    channel = WhatsAppChannel(backend)
    person = PersonId(whom)
    chat = Conversation(
        id=conversation_id(AccountKey("whatsapp"), person), channel="whatsapp", address=whom, person=person
    )
    parts = channel.render(text, markdown=False)
    try:
        for part in parts:
            outcome = await channel.send(
                chat, Text(body=part), key=SendKey(f"cli:{uuid4().hex}"), quoted=None
            )
            if isinstance(outcome, Refused | Held):
                raise CleoError(outcome.reason)
    finally:
        await backend.close()
    return len(parts)
