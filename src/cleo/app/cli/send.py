"""`cleo send`: send one message through the running bridge, without the agent."""

import asyncio
import sys
from uuid import uuid4

from cleo.app.chosen_backend import chosen_backend
from cleo.app.direct_backend import direct_backend
from cleo.app.runfile import find_running
from cleo.app.setting_values import person_address
from cleo.app.settings import Settings, load
from cleo.channels.whatsapp.channel import WhatsAppChannel
from cleo.domain.content import Text
from cleo.domain.conversation import AccountKey, Conversation, conversation_id
from cleo.domain.errors import CleoError, ConfigError
from cleo.domain.identity import Address, PersonId
from cleo.domain.message import SendKey
from cleo.ports import Held, Refused


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
    bridge_url = find_running(settings.cleo_data).bridge
    sent = asyncio.run(_send(settings, bridge_url, whom, text))
    sys.stdout.write(f"✓ Sent ({sent} message{'s' if sent > 1 else ''}).\n")


async def _send(settings: Settings, bridge_url: str, whom: Address, text: str) -> int:
    person = PersonId(whom)
    chat = Conversation(
        id=conversation_id(AccountKey("whatsapp"), person), channel="whatsapp", address=whom, person=person
    )
    async with direct_backend(settings, bridge_url) as backend:
        channel = WhatsAppChannel(backend)
        parts = channel.render(text, markdown=False)
        for part in parts:
            outcome = await channel.send(
                chat, Text(body=part), key=SendKey(f"cli:{uuid4().hex}"), quoted=None
            )
            if isinstance(outcome, Refused | Held):
                raise CleoError(outcome.reason)
    return len(parts)
