"""WhatsApp as a bridge knows it: the simulator's process, and phones on it."""

import itertools
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal, Self

import httpx2
from pydantic import TypeAdapter
from tests.support.phone import Controlled, Phone, Sent, Wire
from tests.support.program import PATIENCE, Part

from cleo.app.settings import passed_on
from cleo.channels.whatsapp.bridge.process.program import program_of


class Ready(Wire):
    """The simulator's first line."""

    control: str
    env: dict[str, str]


class Told(Wire):
    """What became of a message at a linked device."""

    id: str
    state: Literal["queued", "receipted", "nacked"]
    retries: int = 0


class Companion(Wire):
    companion: int | str
    messages: list[Told]


class Fault(Wire):
    id: int
    struck: int = 0


class Linked(Wire):
    device: int


_LEDGER = TypeAdapter(list[Companion])
_FAULTS = TypeAdapter(list[Fault])


class World(Controlled):
    """The simulated WhatsApp. One a test session: its phones never meet, their numbers differ."""

    def __init__(self, folder: Path) -> None:
        self.simulator = Part("simulator", program_of("whatsapp-simulator", passed_on()), folder)
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

    async def phone(self, cleo: str, name: str, *, number: str | None = None, **more: object) -> "WebPhone":
        """Hand somebody a new phone to talk to Cleo with."""
        number = number or self.number()
        await self.ask("POST", "/phones", {"number": number, "name": name, **more})
        return WebPhone(self, number, cleo)

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


class WebPhone(Phone):
    """A phone on the simulated WhatsApp."""

    def __init__(self, world: World, number: str, cleo: str) -> None:
        super().__init__(world, number, cleo, f"/phones/{number}")
        self.world = world

    async def say_all(self, texts: Sequence[str]) -> list[str]:
        """Write many at once, in order."""
        batch = [{"to": self.cleo, "text": text} for text in texts]
        return Sent.model_validate_json(await self.post({"batch": batch})).ids
