"""Phones in people's hands, on whichever fake WhatsApp: both are steered through control APIs of one shape."""

import base64
import re
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from typing import Literal, TypeVar

import httpx2
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter
from pydantic.alias_generators import to_camel
from tests.support.program import PATIENCE, until

B = TypeVar("B", bound=BaseModel)
Kind = Literal["image", "video", "audio", "voice", "document", "sticker"]

_LONGEST_POLL = 5.0


class Wire(BaseModel):
    """What a control API says."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, extra="ignore")


class Quote(Wire):
    id: str
    text: str = ""


class Emoji(Wire):
    id: str
    emoji: str


class Attachment(Wire):
    kind: str
    mimetype: str
    filename: str | None = None
    size: int
    sha256: str


class Choice(Wire):
    id: str
    title: str


class Bubble(Wire):
    """What a phone shows; `deliveries` counts how often it arrived."""

    seq: int
    id: str
    chat: str = ""
    kind: str
    sender: str = Field(alias="from")
    text: str = ""
    caption: str = ""
    deliveries: int = 1
    addressing: str = ""
    quote: Quote | None = None
    reaction: Emoji | None = None
    media: Attachment | None = None
    buttons: list[Choice] = []
    ref: str | None = None
    template: str | None = None

    @property
    def words(self) -> str:
        return self.text or self.caption

    @property
    def has_words(self) -> bool:
        """Whether it is a text, perhaps with buttons below."""
        return self.kind in {"text", "interactive"}


class Sent(Wire):
    id: str = ""
    ids: list[str] = []


_BUBBLES = TypeAdapter(list[Bubble])


def numbered(first: int, last: int) -> list[str]:
    """Words whose order can be seen."""
    return [f"n{number}" for number in range(first, last + 1)]


class Controlled:
    """A program with a control API."""

    http: httpx2.AsyncClient

    async def ask(self, method: str, path: str, body: Mapping[str, object] | None = None) -> bytes:
        """Use the control API; fails with what it says."""
        answer = await self.http.request(method, path, json=body)
        assert answer.is_success, f"{method} {path}: {answer.status_code} {answer.text}"
        return answer.content


class Phone(ABC):
    """A phone and what it shows. `hears` goes through its bubbles in order, like a person who reads.

    `cleo` is what the other end is called there, `path` where the phone is in the control API.
    """

    def __init__(self, control: Controlled, number: str, cleo: str, path: str) -> None:
        self.control = control
        self.number = number
        self.cleo = cleo
        self.path = path
        self.read = 0

    @property
    def address(self) -> str:
        """What Cleo knows the person by."""
        return f"phone:+{self.number}"

    @abstractmethod
    async def say_all(self, texts: Sequence[str]) -> list[str]:
        """Write many at once, in order."""

    async def say(self, text: str, **more: object) -> str:
        """Write to Cleo; tells the message id."""
        return await self.send({"text": text, **more})

    async def send(self, message: Mapping[str, object]) -> str:
        """Send whatever the control API knows, to Cleo unless a group is named."""
        to = {} if "group" in message else {"to": self.cleo}
        return Sent.model_validate_json(await self.post({**to, **message})).id

    async def react(self, id: str, emoji: str, **more: object) -> str:
        """Put an emoji on one of Cleo's messages, or take it back (`""`)."""
        return await self.send({"reaction": {"id": id, "emoji": emoji, "fromMe": False, **more}})

    async def reply(self, id: str, text: str) -> str:
        """Answer one of Cleo's messages by quoting it."""
        return await self.say(text, quote={"id": id})

    async def send_file(self, kind: Kind, data: bytes, mimetype: str, **more: object) -> str:
        media = {"kind": kind, "base64": base64.b64encode(data).decode(), "mimetype": mimetype, **more}
        return await self.send({"media": media})

    async def bubbles(self) -> list[Bubble]:
        """Everything from Cleo, in order."""
        shown = _BUBBLES.validate_json(await self.control.ask("GET", f"{self.path}/messages"))
        return [bubble for bubble in shown if bubble.sender == self.cleo]

    async def texts(self) -> list[str]:
        """The words of everything from Cleo."""
        return [bubble.words for bubble in await self.bubbles() if bubble.words]

    async def hears(
        self, pattern: str = "", *, kind: str | None = "text", seconds: float = PATIENCE
    ) -> Bubble:
        """Wait for the next bubble of this kind whose words fit; what came before it counts as read."""

        def fits(bubble: Bubble) -> bool:
            is_kind = kind in {None, bubble.kind} or (kind == "text" and bubble.has_words)
            return is_kind and bool(re.search(pattern, bubble.words, re.I | re.S))

        return await self.sees(fits, f"{kind or 'anything'} like {pattern!r}", seconds=seconds)

    async def sees(self, fits: Callable[[Bubble], bool], what: str, *, seconds: float = PATIENCE) -> Bubble:
        """Wait for the next bubble that fits."""
        end = time.monotonic() + seconds
        after = self.read
        passed: list[str] = []
        while (left := end - time.monotonic()) > 0:
            wait = min(left, _LONGEST_POLL) * 1000
            path = f"{self.path}/messages?after={after}&wait={wait:.0f}"
            for bubble in _BUBBLES.validate_json(await self.control.ask("GET", path)):
                after = bubble.seq
                if bubble.sender == self.cleo and fits(bubble):
                    self.read = after
                    return bubble
                passed.append(f"{bubble.kind}: {bubble.words}")
        raise AssertionError(f"+{self.number} waited {seconds:g} s in vain for {what}; it shows {passed}")

    async def hears_again(self, texts: Sequence[str], *, seconds: float = 2 * PATIENCE) -> None:
        """Wait until Cleo has said all of these words again: each once, in order, and nothing else."""

        async def said() -> list[str] | None:
            words = [word for text in await self.texts() for word in text.split()]
            return words if len(words) >= len(texts) else None

        shown = await until(f"{len(texts)} answers at +{self.number}", said, seconds)
        assert shown == list(texts), f"+{self.number} shows {shown}"

    async def download(self, bubble: Bubble) -> bytes:
        """The bytes of a file that it shows, as the person gets them."""
        return await self.control.ask("GET", f"{self.path}/media/{bubble.seq}")

    async def post(self, body: Mapping[str, object]) -> bytes:
        """Send one message, or what else the control API takes there."""
        return await self.control.ask("POST", f"{self.path}/messages", body)
