"""People's phones: who they belong to, and what they show."""

import asyncio
from dataclasses import dataclass, field

from pydantic import BaseModel, Field

from cloud_simulator.feed import Entry, Feed

TYPING_LASTS = 25.0
"""Seconds until a typing indicator expires."""


class Choice(BaseModel):
    """A button or a row."""

    id: str
    title: str
    description: str = ""


class Quote(BaseModel):
    """The message that a bubble replies to."""

    id: str
    text: str = ""


class Emoji(BaseModel):
    """A reaction to the message `id`; an empty `emoji` removes it."""

    id: str
    emoji: str


class Attachment(BaseModel):
    """A file in a bubble. `media` is its id, empty when the file was sent by link."""

    kind: str
    media: str = ""
    mimetype: str = ""
    filename: str | None = None
    sha256: str = ""
    size: int = 0
    voice: bool = False
    link: str | None = None


class Bubble(Entry):
    """A message as the phone shows it; `at` in Unix milliseconds, `ref` is `biz_opaque_callback_data`."""

    id: str
    sender: str = Field(serialization_alias="from", default="")
    """The business's `phone_number_id`, or the phone's number."""
    to: str = ""
    fromMe: bool = False
    kind: str
    text: str = ""
    caption: str = ""
    header: str = ""
    footer: str = ""
    buttons: list[Choice] = Field(default_factory=list[Choice])
    rows: list[Choice] = Field(default_factory=list[Choice])
    quote: Quote | None = None
    reaction: Emoji | None = None
    media: Attachment | None = None
    template: str | None = None
    content: object = None
    """The part of the request body, for locations, contacts and interactive messages."""
    ref: str | None = None
    at: int = 0


class Presence(Entry):
    """A typing indicator that appears or disappears."""

    sender: str = Field(serialization_alias="from")
    state: str
    """`composing` or `paused`."""
    at: int


class Receipt(Entry):
    """A read receipt for one of the phone's messages."""

    id: str
    type: str = "read"
    sender: str = Field(serialization_alias="from")
    at: int


@dataclass(slots=True, kw_only=True, eq=False)
class Phone:
    """A person's phone. `aliases` are further numbers under which it can be reached."""

    id: str
    number: str
    user_id: str
    name: str
    username: str | None
    hide_phone: bool
    auto_read: bool
    aliases: frozenset[str] = frozenset()
    bubbles: Feed[Bubble] = field(default_factory=Feed[Bubble])
    presence: Feed[Presence] = field(default_factory=Feed[Presence])
    receipts: Feed[Receipt] = field(default_factory=Feed[Receipt])
    _typing: dict[str, asyncio.TimerHandle] = field(default_factory=dict[str, asyncio.TimerHandle])

    @property
    def names(self) -> frozenset[str]:
        """Its id, number, aliases and user id."""
        return frozenset({self.id, self.number, *self.aliases, *([self.user_id] if self.user_id else [])})

    def answers_to(self, name: str) -> bool:
        """Return whether this is one of its names."""
        return name != "" and (name in {self.id, self.number, self.user_id} or name in self.aliases)

    @property
    def contact(self) -> dict[str, object]:
        """How webhooks identify the person."""
        profile = {"name": self.name, **({"username": self.username} if self.username else {})}
        number = {} if self.hide_phone else {"wa_id": self.number}
        user = {"user_id": self.user_id} if self.user_id else {}
        return {"profile": profile, **number, **user}

    def mark_read(self, id: str, sender: str, at: int) -> None:
        """Add read receipts for a message and all before it."""
        read = {receipt.id for receipt in self.receipts}
        own = [bubble.id for bubble in self.bubbles if bubble.fromMe and bubble.to == sender]
        upto = own[: own.index(id) + 1] if id in own else [id]
        for one in upto:
            if one not in read:
                self.receipts.add(Receipt(id=one, sender=sender, at=at))

    def show(self, bubble: Bubble) -> None:
        """Show a message; one of a business ends its typing indicator."""
        if not bubble.fromMe:
            self.hide_typing(bubble.sender, bubble.at)
        self.bubbles.add(bubble)

    def find(self, id: str) -> Bubble | None:
        """Find a bubble by message id."""
        return next((bubble for bubble in self.bubbles if bubble.id == id), None)

    def find_offer(self, wanted: str) -> Bubble | None:
        """Find the newest bubble with a button or row of this id or title."""
        offering = [
            bubble
            for bubble in self.bubbles
            if any(wanted in {one.id, one.title} for one in (*bubble.buttons, *bubble.rows))
        ]
        return offering[-1] if offering else None

    def show_typing(self, sender: str, at: int) -> None:
        """Show the typing indicator of a business until it expires or a message comes."""
        if old := self._typing.pop(sender, None):
            old.cancel()
        else:
            self.presence.add(Presence(sender=sender, state="composing", at=at))
        later = asyncio.get_running_loop().call_later
        self._typing[sender] = later(TYPING_LASTS, self.hide_typing, sender, at + int(TYPING_LASTS * 1000))

    def hide_typing(self, sender: str, at: int) -> None:
        """Hide the typing indicator."""
        if old := self._typing.pop(sender, None):
            old.cancel()
            self.presence.add(Presence(sender=sender, state="paused", at=at))
