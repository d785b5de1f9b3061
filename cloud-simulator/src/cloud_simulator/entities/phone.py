"""People's phones: what they show, and who they are."""

import asyncio
from dataclasses import dataclass, field

from pydantic import BaseModel, Field

from cloud_simulator.feed import Entry, Feed

TYPING_LASTS = 25.0
"""Seconds, unless the reply comes first."""


class Choice(BaseModel):
    """A button or a row."""

    id: str
    title: str
    description: str = ""


class Quote(BaseModel):
    """The message that a bubble answers."""

    id: str
    text: str = ""


class Emoji(BaseModel):
    """A reaction."""

    id: str
    emoji: str


class Attachment(BaseModel):
    """A file in a bubble. `media` is its id here; empty when it is only a link."""

    kind: str
    media: str = ""
    mimetype: str = ""
    filename: str | None = None
    sha256: str = ""
    size: int = 0
    voice: bool = False
    link: str | None = None


class Bubble(Entry):
    """What a phone shows; `at` in Unix milliseconds, `ref` is `biz_opaque_callback_data`."""

    id: str
    sender: str = Field(serialization_alias="from", default="")
    """The business's `phone_number_id`, or the phone's own number."""
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
    """The block as it was sent, for locations, contacts and what else has no field of its own."""
    ref: str | None = None
    at: int = 0


class Presence(Entry):
    """Whether a business writes."""

    sender: str = Field(serialization_alias="from")
    state: str
    """`composing` or `paused`."""
    at: int


class Receipt(Entry):
    """One of the phone's messages was read."""

    id: str
    type: str = "read"
    sender: str = Field(serialization_alias="from")
    at: int


@dataclass(slots=True, kw_only=True, eq=False)
class Phone:
    """One person. `aliases` are other spellings under which the number can be reached."""

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
        """Every name that it answers to."""
        return frozenset({self.id, self.number, *self.aliases, *([self.user_id] if self.user_id else [])})

    def answers_to(self, name: str) -> bool:
        """Tell whether this is one of its names."""
        return name != "" and (name in {self.id, self.number, self.user_id} or name in self.aliases)

    @property
    def contact(self) -> dict[str, object]:
        """How webhooks name the person."""
        profile = {"name": self.name, **({"username": self.username} if self.username else {})}
        number = {} if self.hide_phone else {"wa_id": self.number}
        user = {"user_id": self.user_id} if self.user_id else {}
        return {"profile": profile, **number, **user}

    def mark_read(self, id: str, sender: str, at: int) -> None:
        """Show that a message was read, and all before it."""
        read = {receipt.id for receipt in self.receipts}
        own = [bubble.id for bubble in self.bubbles if bubble.fromMe and bubble.to == sender]
        upto = own[: own.index(id) + 1] if id in own else [id]
        for one in upto:
            if one not in read:
                self.receipts.add(Receipt(id=one, sender=sender, at=at))

    def show(self, bubble: Bubble) -> None:
        """Show a message; who wrote it does not write any more."""
        if not bubble.fromMe:
            self.quiet(bubble.sender, bubble.at)
        self.bubbles.add(bubble)

    def find(self, id: str) -> Bubble | None:
        """Give a bubble by its message."""
        return next((bubble for bubble in self.bubbles if bubble.id == id), None)

    def last_with(self, wanted: str) -> Bubble | None:
        """Give the newest bubble that offers this button or row, by id or title."""
        offering = [
            bubble
            for bubble in self.bubbles
            if any(wanted in {one.id, one.title} for one in (*bubble.buttons, *bubble.rows))
        ]
        return offering[-1] if offering else None

    def typed(self, sender: str, at: int) -> None:
        """Show that a business writes, for a while."""
        if old := self._typing.pop(sender, None):
            old.cancel()
        else:
            self.presence.add(Presence(sender=sender, state="composing", at=at))
        later = asyncio.get_running_loop().call_later
        self._typing[sender] = later(TYPING_LASTS, self.quiet, sender, at + int(TYPING_LASTS * 1000))

    def quiet(self, sender: str, at: int) -> None:
        """Stop showing it."""
        if old := self._typing.pop(sender, None):
            old.cancel()
            self.presence.add(Presence(sender=sender, state="paused", at=at))
