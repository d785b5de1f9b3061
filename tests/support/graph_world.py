"""WhatsApp as Meta's Cloud API shows it: the fake Graph server's process, and phones on it."""

import itertools
from collections.abc import Sequence
from pathlib import Path
from typing import Self

import httpx2
from pydantic import BaseModel, ConfigDict, TypeAdapter
from tests.support.phone import Controlled, Phone
from tests.support.program import PATIENCE, Part

from cleo.app.settings import passed_on
from cleo.channels.whatsapp.cloud.demo.simulated_phone import simulator_program

_QUICK = {"first_retry": 0.05, "longest_retry": 0.4}
"""Meta waits longer before it posts again."""


class _Said(BaseModel):
    """What its control API says, in its own names."""

    model_config = ConfigDict(extra="ignore")


class Ready(_Said):
    """The fake's first line."""

    base_url: str
    control: str


class Settled(_Said):
    settled: bool


class Made(_Said):
    """A phone that was handed out."""

    id: str
    number: str
    user_id: str


class Rotated(_Said):
    """Who somebody is now."""

    number: str
    user_id: str


class Line(_Said):
    """A line of the ground truth. Answers are a status, or what went wrong instead."""

    seq: int
    event: str
    number: str = ""
    phone: str = ""
    id: str = ""
    kind: str = ""
    ref: str = ""
    answer: int | str | None = None
    items: list[str] = []
    note: str = ""


class Sign(_Said):
    """Somebody writes or stops, or has read a message."""

    seq: int
    id: str = ""
    state: str = ""


class Fault(_Said):
    id: int
    applied: int = 0


_LOG = TypeAdapter(list[Line])
_SIGNS = TypeAdapter(list[Sign])
_FAULTS = TypeAdapter(list[Fault])


class GraphWorld(Controlled):
    """The fake Graph server. One a test session: each Cleo has a number of its own there."""

    def __init__(self, folder: Path) -> None:
        self.program = simulator_program(passed_on())
        self.server = Part("graph", self.program.command, folder, holds_input=True)
        self._numbers = itertools.count(1)
        self._accounts = itertools.count(1)

    async def __aenter__(self) -> Self:
        await self.server.start(self.program.env)
        ready = Ready.model_validate_json((await self.server.says(r'(?m)^\{.*"ready".*\}$'))[0])
        self.base_url = ready.base_url
        self.http = httpx2.AsyncClient(base_url=ready.control, timeout=90, trust_env=False)
        await self.ask("POST", "/config", _QUICK)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.http.aclose()
        await self.server.stop()

    def account(self) -> str:
        """The id of a business number that nobody has yet."""
        return f"1001{next(self._accounts):04}"

    def number(self) -> str:
        """A phone number that nobody has yet."""
        return f"4915130{next(self._numbers):06}"

    async def phone(self, cleo: str, name: str, *, number: str | None = None, **more: object) -> "GraphPhone":
        """Hand somebody a new phone to talk to Cleo with."""
        order = {"number": number or self.number(), "name": name, **more}
        made = Made.model_validate_json(await self.ask("POST", "/phones", order))
        return GraphPhone(self, made, cleo, hidden=bool(more.get("hide_phone")))

    async def settled(self, account: str, seconds: float = PATIENCE) -> None:
        """Wait until no webhook is on its way to this number any more."""
        assert await self._is_settled(account, seconds), (
            f"webhooks of {account} are on their way for {seconds:g} s"
        )

    async def is_settled(self, account: str) -> bool:
        """Whether no webhook is on its way to this number now."""
        return await self._is_settled(account, 0.001)

    async def _is_settled(self, account: str, seconds: float) -> bool:
        path = f"/settled?number={account}&wait={seconds * 1000:.0f}"
        return Settled.model_validate_json(await self.ask("GET", path)).settled

    async def fault(self, on: str, do: str, **more: object) -> int:
        """Order trouble; tells its id. Name the `phone` or `number`: others share the server."""
        assert {"phone", "number"} & set(more), "whom does it concern?"
        return Fault.model_validate_json(await self.ask("POST", "/faults", {"on": on, "do": do, **more})).id

    async def struck(self, fault: int) -> int:
        """Tell how often it happened."""
        faults = _FAULTS.validate_json(await self.ask("GET", "/faults"))
        return next(one.applied for one in faults if one.id == fault)

    async def repair(self, fault: int) -> None:
        """End a fault."""
        await self.ask("DELETE", f"/faults/{fault}")

    async def log(self, event: str, account: str) -> list[Line]:
        """What happened at a number, as the server itself knows it."""
        lines = _LOG.validate_json(await self.ask("GET", f"/log?event={event}"))
        return [line for line in lines if line.number == account]


class GraphPhone(Phone):
    """A phone on the fake Graph server. `hidden`: its owner does not show the number to businesses."""

    def __init__(self, graph: GraphWorld, made: Made, cleo: str, *, hidden: bool) -> None:
        super().__init__(graph, made.number, cleo, f"/phones/{made.id}")
        self.graph = graph
        self.id = made.id
        self.user_id = made.user_id
        self.hidden = hidden

    @property
    def address(self) -> str:
        """What Cleo knows the person by."""
        return f"bsuid:{self.user_id}" if self.hidden else super().address

    async def say_all(self, texts: Sequence[str]) -> list[str]:
        """Write many at once, in order."""
        return [await self.say(text) for text in texts]

    async def press(self, title: str, to: str | None = None) -> str:
        """Press a button: of the message `to`, else of the newest that has it."""
        return await self.send({"button": {"title": title, **({"context": to} if to else {})}})

    async def fault(self, on: str, do: str, **more: object) -> int:
        """Order trouble for this phone alone; tells its id."""
        return await self.graph.fault(on, do, phone=self.id, **more)

    async def move(self) -> None:
        """Change the number, which Meta tells Cleo."""
        change = {"number": self.graph.number(), "to": self.cleo}
        moved = await self.graph.ask("POST", f"{self.path}/identity", change)
        now = Rotated.model_validate_json(moved)
        self.number, self.user_id = now.number, now.user_id

    async def accepted(self) -> list[Line]:
        """What the server took for this phone."""
        return [line for line in await self.graph.log("accepted", self.cleo) if line.phone == self.id]

    async def typing(self, after: int = 0, wait: float = 0) -> list[Sign]:
        """How Cleo began and ended to write."""
        path = f"{self.path}/presence?after={after}&wait={wait * 1000:.0f}"
        return _SIGNS.validate_json(await self.control.ask("GET", path))

    async def receipts(self) -> list[str]:
        """Which of its messages were read."""
        found = _SIGNS.validate_json(await self.control.ask("GET", f"{self.path}/receipts"))
        return [one.id for one in found]
