"""WhatsApp as the stories know it: the simulator's process, and phones in people's hands."""

import base64
import itertools
import re
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Literal, Self, TypeVar

import httpx2
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter
from pydantic.alias_generators import to_camel
from tests.support.stage_part import PATIENCE, Part, until

from cleo.app.bridge import program_of
from cleo.app.settings import passed_on

B = TypeVar("B", bound=BaseModel)
Kind = Literal["image", "video", "audio", "voice", "document", "sticker"]

_LONGEST_POLL = 5.0


class _Wire(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, extra="ignore")


class Ready(_Wire):
    """The simulator's first line."""

    control: str
    env: dict[str, str]


class Quote(_Wire):
    id: str
    text: str = ""


class Emoji(_Wire):
    id: str
    emoji: str


class Attachment(_Wire):
    kind: str
    mimetype: str
    filename: str | None = None
    size: int
    sha256: str


class Bubble(_Wire):
    """What a phone shows; `deliveries` counts how often it arrived."""

    seq: int
    id: str
    chat: str
    kind: str
    sender: str = Field(alias="from")
    text: str = ""
    caption: str = ""
    deliveries: int = 1
    addressing: str = ""
    quote: Quote | None = None
    reaction: Emoji | None = None
    media: Attachment | None = None

    @property
    def words(self) -> str:
        return self.text or self.caption


class Told(_Wire):
    """What became of a message at a linked device."""

    id: str
    state: Literal["queued", "receipted", "nacked"]
    retries: int = 0


class Companion(_Wire):
    companion: int | str
    messages: list[Told]


class Fault(_Wire):
    id: int
    struck: int = 0


class Linked(_Wire):
    device: int


class Sent(_Wire):
    id: str = ""
    ids: list[str] = []


_BUBBLES = TypeAdapter(list[Bubble])
_LEDGER = TypeAdapter(list[Companion])
_FAULTS = TypeAdapter(list[Fault])


def numbered(first: int, last: int) -> list[str]:
    """Words whose order can be seen."""
    return [f"n{number}" for number in range(first, last + 1)]


class World:
    """The simulated WhatsApp. One a test session: its phones never meet, their numbers differ."""

    def __init__(self, folder: Path) -> None:
        self.simulator = Part("simulator", program_of("whatsapp-simulator"), folder)
        self._numbers = itertools.count(1)

    async def __aenter__(self) -> Self:
        await self.simulator.start(passed_on())
        line = await self.simulator.says(r'(?m)^\{.*"ready".*\}$')
        ready = Ready.model_validate_json(line[0])
        self.env = ready.env
        self.http = httpx2.AsyncClient(base_url=ready.control, timeout=90, trust_env=False)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.http.aclose()
        await self.simulator.stop()

    def number(self) -> str:
        """A phone number that nobody has yet."""
        return f"4915120{next(self._numbers):06}"

    async def ask(self, method: str, path: str, body: Mapping[str, object] | None = None) -> bytes:
        """Use the control API; fails with what it says."""
        answer = await self.http.request(method, path, json=body)
        assert answer.is_success, f"{method} {path}: {answer.status_code} {answer.text}"
        return answer.content

    async def phone(self, cleo: str, name: str, **more: object) -> "Phone":
        """Hand somebody a new phone to talk to Cleo with."""
        number = self.number()
        await self.ask("POST", "/phones", {"number": number, "name": name, **more})
        return Phone(self, number, cleo)

    async def link(self, number: str, qr: str) -> int:
        """Scan a QR with the phone `number`; tells the device."""
        answer = await self.ask("POST", f"/phones/{number}/link/qr", {"qr": qr})
        return Linked.model_validate_json(answer).device

    async def settled(self, number: str, seconds: float = PATIENCE) -> None:
        """Wait until nothing is on its way to the linked device any more."""
        await self.ask("GET", f"/phones/{number}/companions/any?until=settled&wait={seconds * 1000:.0f}")

    async def fault(self, order: Mapping[str, object]) -> int:
        """Order trouble on the wire; tells its id."""
        return Fault.model_validate_json(await self.ask("POST", "/faults", order)).id

    async def struck(self, fault: int) -> int:
        """Tell how often it happened."""
        faults = _FAULTS.validate_json(await self.ask("GET", "/faults"))
        return next(one.struck for one in faults if one.id == fault)

    async def told(self, number: str) -> list[Told]:
        """What WhatsApp was told of the messages for the devices of `number`, in sending order."""
        ledger = _LEDGER.validate_json(await self.ask("GET", f"/ledger?number={number}"))
        return [message for companion in ledger for message in companion.messages]


class Phone:
    """A phone and what it shows. `hears` goes through its bubbles in order, like a person who reads."""

    def __init__(self, world: World, number: str, cleo: str) -> None:
        self.world = world
        self.number = number
        self.cleo = cleo
        self.read = 0

    @property
    def jid(self) -> str:
        return f"{self.number}@s.whatsapp.net"

    async def say(self, text: str, **more: object) -> str:
        """Write to Cleo; tells the message id."""
        return await self.send({"text": text, **more})

    async def send(self, message: Mapping[str, object]) -> str:
        """Send whatever the control API knows, to Cleo unless a group is named."""
        to = {} if "group" in message else {"to": self.cleo}
        return Sent.model_validate_json(await self._post({**to, **message})).id

    async def say_all(self, texts: Sequence[str]) -> list[str]:
        """Write many at once, in order."""
        batch = [{"to": self.cleo, "text": text} for text in texts]
        return Sent.model_validate_json(await self._post({"batch": batch})).ids

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
        shown = _BUBBLES.validate_json(await self.world.ask("GET", f"/phones/{self.number}/messages"))
        return [bubble for bubble in shown if bubble.sender == self.cleo]

    async def texts(self) -> list[str]:
        """The words of everything from Cleo."""
        return [bubble.words for bubble in await self.bubbles() if bubble.words]

    async def hears(
        self, pattern: str = "", *, kind: str | None = "text", seconds: float = PATIENCE
    ) -> Bubble:
        """Wait for the next bubble of this kind whose words fit; what came before it counts as read."""

        def fits(bubble: Bubble) -> bool:
            return (kind is None or bubble.kind == kind) and bool(
                re.search(pattern, bubble.words, re.I | re.S)
            )

        return await self.sees(fits, f"{kind or 'anything'} like {pattern!r}", seconds=seconds)

    async def sees(self, fits: Callable[[Bubble], bool], what: str, *, seconds: float = PATIENCE) -> Bubble:
        """Wait for the next bubble that fits."""
        end = time.monotonic() + seconds
        after = self.read
        passed: list[str] = []
        while (left := end - time.monotonic()) > 0:
            wait = min(left, _LONGEST_POLL) * 1000
            path = f"/phones/{self.number}/messages?after={after}&wait={wait:.0f}"
            for bubble in _BUBBLES.validate_json(await self.world.ask("GET", path)):
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
        """The decrypted bytes of a file that it shows."""
        return await self.world.ask("GET", f"/phones/{self.number}/media/{bubble.seq}")

    async def _post(self, body: Mapping[str, object]) -> bytes:
        return await self.world.ask("POST", f"/phones/{self.number}/messages", body)
