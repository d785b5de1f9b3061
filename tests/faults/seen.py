"""All that the oracle may look at: what phones show, what WhatsApp was told, and which effects happened."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter
from tests.support.phone import Phone
from tests.support.web_world import World


class _Wire(BaseModel):
    model_config = ConfigDict(extra="ignore")


class Sign(_Wire):
    """A reaction, and on which message it is."""

    id: str
    emoji: str


class Attached(_Wire):
    """A file in a bubble."""

    filename: str | None = None


class Shown(_Wire):
    """A bubble on a phone; `deliveries` counts how often it arrived, `ref` is what the sender calls it."""

    seq: int
    id: str
    sender: str = Field(alias="from")
    chat: str = ""
    """Empty where phones have only direct chats."""
    kind: str
    text: str = ""
    caption: str = ""
    deliveries: int = 1
    reaction: Sign | None = None
    media: Attached | None = None
    ref: str | None = None

    @property
    def place(self) -> str:
        """The chat as the phone names it."""
        return self.chat or self.sender


class Told(_Wire):
    """What WhatsApp was told of a message to Cleo, in sending order."""

    seq: int
    id: str
    chat: str
    state: Literal["queued", "receipted", "nacked"]
    retries: int = 0


class _Book(_Wire):
    messages: list[Told]


_SHOWN = TypeAdapter(list[Shown])
_BOOKS = TypeAdapter(list[_Book])


async def feed(phone: Phone, *, after: int = 0, wait: float = 0) -> list[Shown]:
    """What a phone shows, oldest first; waits `wait` seconds for something after `after`."""
    path = f"{phone.path}/messages?after={after}&wait={wait * 1000:.0f}"
    return _SHOWN.validate_json(await phone.control.ask("GET", path))


async def shown(phone: Phone, *, after: int = 0) -> list[Shown]:
    """What Cleo's messages look like on a phone, oldest first."""
    return [bubble for bubble in await feed(phone, after=after) if bubble.sender == phone.cleo]


async def told(world: World, cleo: str) -> list[Told]:
    books = _BOOKS.validate_json(await world.ask("GET", f"/ledger?number={cleo}"))
    return [message for book in books for message in book.messages]


@dataclass(frozen=True)
class Effect:
    """One execution of a tool: which, for which number, under which call's key."""

    tool: str
    number: str
    key: str


def effects(path: Path) -> Sequence[Effect]:
    """What the tools really did, in order."""
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    return [Effect(*line.split(" ", 2)) for line in lines]
