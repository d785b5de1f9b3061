"""The sign that Cleo is writing, while a run works."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress

from cleo.domain.conversation import Conversation
from cleo.ports import Channel, ShowsTyping

_AFTER = 0.25
"""Seconds that an answer may take before the sign is shown."""
_IN_TIME = 0.8
"""The sign is shown again after this part of the time that it lasts."""


@asynccontextmanager
async def shown_typing(channel: Channel, to: Conversation) -> AsyncGenerator[None]:
    """Show the sign while the block is open, but only when it takes a moment."""

    async def show() -> None:
        sign = channel.capabilities.typing
        if sign and isinstance(channel, ShowsTyping):
            await asyncio.sleep(_AFTER)
            while True:
                await channel.typing(to, True)
                await asyncio.sleep(sign.seconds * _IN_TIME)

    showing = asyncio.create_task(show())
    try:
        yield
    finally:
        showing.cancel()
        with suppress(asyncio.CancelledError):
            await showing
