"""A list that can be waited on."""

import asyncio
from collections.abc import Iterator
from typing import Generic, TypeVar

from pydantic import BaseModel, ConfigDict

LONGEST_WAIT = 60.0


class Entry(BaseModel):
    """An entry of a feed; `seq` counts from 1."""

    model_config = ConfigDict(populate_by_name=True)

    seq: int = 0


E = TypeVar("E", bound=Entry)


class Feed(Generic[E]):
    """Entries in order, with long polling."""

    def __init__(self) -> None:
        self._entries: list[E] = []
        self._grown = asyncio.Event()

    def __iter__(self) -> Iterator[E]:
        return iter(self._entries)

    def add(self, entry: E) -> E:
        """Append an entry, and wake the waiting calls."""
        entry.seq = len(self._entries) + 1
        self._entries.append(entry)
        self._grown.set()
        self._grown = asyncio.Event()
        return entry

    async def after(self, seq: int, seconds: float) -> list[E]:
        """Return the entries after `seq`; waits for the first one, at most `seconds`."""
        if len(self._entries) <= seq and seconds > 0:
            try:
                await asyncio.wait_for(self._grown.wait(), min(seconds, LONGEST_WAIT))
            except TimeoutError:
                return []
        return self._entries[max(seq, 0) :]
