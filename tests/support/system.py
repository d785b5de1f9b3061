"""A whole Cleo, each part a real process that can be killed and started again.

phones ⇄ simulator ⇄ bridge ⇄ agent        `bridge_system`: the simulator is shared, the others belong to the system
phones ⇄ Graph server       ⇄ agent        `cloud_system`: the Graph server is shared
"""

import asyncio
import re
import sqlite3
import sys
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Literal, Protocol, Self, TypedDict

import httpx2
from tests.support.echo_model import EchoModel
from tests.support.phone import Phone
from tests.support.program import PATIENCE, Part, until

from cleo.app.serve import free_port
from cleo.app.settings import passed_on
from cleo.channels.whatsapp.backend import SECRET_HEADER
from cleo.ports import Capabilities

ROOT = Path(__file__).parents[2]
SECRET = "a-secret-of-the-stories"
CLEO = str(Path(sys.executable).parent / "cleo")
BackendName = Literal["baileys", "cloud"]

_AT_WORK = """select (select count(*) from inbox where state in ('new', 'taken'))
    + (select count(*) from runs where state = 'open')
    + (select count(*) from outbox where state in ('queued', 'sending', 'uncertain'))"""

OPEN: list["System"] = []
"""Systems that are up now: when a story fails, their logs are shown."""


class PhoneShop(Protocol):
    """Where phones are handed out."""

    async def phone(self, cleo: str, name: str, *, number: str | None = None, **more: object) -> Phone:
        """Hand somebody a new phone to talk to Cleo with."""
        ...


class SystemOptions(TypedDict, total=False):
    """Who is on a system, and with which agent."""

    owners: int
    users: int
    numbers: Sequence[str]
    """Those of the first owners, where they matter."""
    agent: Mapping[str, str]
    """Settings on top of the usual."""
    agent_url: str
    """The agent is somebody else's."""
    model: EchoModel


class System(ABC):
    """The agent of one Cleo, on a fixed port and data, with phones of people it knows.

    `cleo` is what phones call it.
    """

    backend: BackendName
    capabilities: Capabilities

    def __init__(
        self,
        shop: PhoneShop,
        folder: Path,
        cleo: str,
        *,
        owners: int = 1,
        users: int = 0,
        numbers: Sequence[str] = (),
        agent: Mapping[str, str] | None = None,
        agent_url: str | None = None,
        model: EchoModel | None = None,
    ) -> None:
        self.folder = folder
        self.cleo = cleo
        self.agent = Part("agent", [CLEO, "up"], folder)
        self.agent_url = agent_url or f"http://127.0.0.1:{free_port()}"
        self.has_agent = agent_url is None
        self.agent_env = {**(model.settings if model else {}), **(agent or {})}
        self.owners: list[Phone] = []
        self.users: list[Phone] = []
        self._model = model
        self._shop = shop
        self._counts = (owners, users)
        self._numbers = numbers
        self._handed_out = 0

    @property
    def model(self) -> EchoModel:
        """The provider's model that the agent thinks with, where it has one."""
        assert self._model, "this system has the built-in model"
        return self._model

    @property
    def beside(self) -> Sequence[Part]:
        """The parts beside the agent."""
        return ()

    # ── setting up ─────────────────────────────────────────────────────────────────────────────────────

    async def __aenter__(self) -> Self:
        OPEN.append(self)
        owners, users = self._counts
        await self.enroll()
        numbers = [*self._numbers, *[None] * (owners - len(self._numbers))]
        self.owners = [await self._phone(f"Owner {n}", number) for n, number in enumerate(numbers)]
        self.users = [await self._phone(f"User {n}") for n in range(users)]
        try:
            await self.start()
        except BaseException:
            await self.kill_all()  # it stays in OPEN, so that its logs are shown
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.kill_all()
        OPEN.remove(self)

    @abstractmethod
    async def enroll(self) -> None:
        """Give Cleo its place at WhatsApp, before anything runs."""

    @abstractmethod
    async def linked(self) -> None:
        """Wait until WhatsApp reaches Cleo's door."""

    @abstractmethod
    async def quiet(self, seconds: float = PATIENCE) -> None:
        """Wait until nothing is on its way any more, in any part: what did not happen by then never will."""

    @abstractmethod
    async def handed_over(self) -> None:
        """Wait until Cleo has all that people wrote, as far as what runs of it can take it."""

    @abstractmethod
    async def untaken(self) -> Sequence[str]:
        """Ids of messages that Cleo has not taken, as WhatsApp knows it."""

    async def start(self) -> None:
        """Start everything, and wait until it works."""
        await self.start_agent()

    async def begin(self, part: Part) -> None:
        """Start a part, and do not wait for it."""
        await part.start(self.env_of(part))

    async def up(self) -> None:
        """Wait until all works; starts what does not run, as a story that failed may have left it."""
        for part in (self.agent, *self.beside):
            if not part.is_running:
                await self.begin(part)
        await asyncio.gather(self.agent_listens(), self.linked())

    async def start_agent(self, **more: str) -> None:
        """Start the agent and wait until it answers; `more` are settings of this start alone."""
        if not self.has_agent:
            return
        await self.agent.start(self.env_of(self.agent) | more)
        await self.agent_listens()

    async def kill_all(self) -> None:
        """Pull the plug."""
        await asyncio.gather(*(part.kill() for part in (self.agent, *self.beside)))

    async def restart(self) -> None:
        """Kill everything, and start it again on the same data and ports."""
        await self.kill_all()
        await self.start()

    async def restart_agent(self) -> None:
        await self.agent.kill()
        await self.start_agent()

    async def restart_beside(self) -> None:
        """Kill what is beside the agent, if anything, and start it again."""
        for part in self.beside:
            await part.kill()
            await self.begin(part)
        await self.linked()

    # ── asking the parts ───────────────────────────────────────────────────────────────────────────────

    async def agent_listens(self) -> None:
        await until("the agent", lambda: self.get(self.agent, f"{self.agent_url}/health"))

    async def get(self, part: Part, url: str) -> bytes | None:
        """Ask a part; None while it does not listen yet."""
        assert part.is_running, f"{part.name} ended:\n{part.tail()}"
        try:
            async with httpx2.AsyncClient(trust_env=False, timeout=10) as http:
                answer = await http.get(url, headers={SECRET_HEADER: SECRET})
        except httpx2.TransportError:
            return None
        return answer.content

    async def command(self, *arguments: str) -> str:
        """Run `cleo` with these arguments beside the agent, on the same data; gives what it says."""
        part = Part(f"cleo-{arguments[0]}", [CLEO, *arguments], self.folder)
        before = len(part.said), len(part.logged)  # its files outlive it
        await part.start(self.env_of(self.agent))
        assert part.process
        await part.process.wait()
        return part.said[before[0] :] + part.logged[before[1] :]

    async def claim(self) -> str:
        """What somebody writes to become the owner, as `cleo claim` shows it."""
        await self.agent.says("cleo claim")
        found = re.search(r"^    (claim \w{4}-\w{4})$", await self.command("claim"), re.MULTILINE)
        assert found
        return found[1]

    # ── people ─────────────────────────────────────────────────────────────────────────────────────────

    def owner(self) -> Phone:
        """An owner who was in no story yet, where several stories share this system."""
        self._handed_out += 1
        return self.owners[self._handed_out - 1]

    async def stranger(self) -> Phone:
        """Somebody whom Cleo does not know."""
        return await self._phone("Stranger")

    async def _phone(self, name: str, number: str | None = None) -> Phone:
        return await self._shop.phone(self.cleo, name, number=number)

    # ── looking inside ─────────────────────────────────────────────────────────────────────────────────

    def rows(self, query: str, *values: str) -> list[tuple[object, ...]]:
        """Read the agent's database, beside the running agent."""
        database = f"file:{self.folder / 'data' / 'cleo.db'}?mode=ro"
        with closing(sqlite3.connect(database, uri=True)) as connection:
            return connection.execute(query, values).fetchall()

    def conversations(self, phone: Phone) -> set[object]:
        """In which conversations the agent keeps what this person wrote."""
        rows = self.rows(
            "select distinct conversation from inbox join aliases using (person) where address = ?",
            phone.address,
        )
        return {row[0] for row in rows}

    def reactions(self, phone: Phone) -> list[tuple[object, ...]]:
        """The reactions in the agent's inbox that came from this person: emoji, and the message it is on."""
        return self.rows(
            """select body ->> '$.content.emoji', body ->> '$.content.to' from inbox join aliases using (person)
               where address = ? and body ->> '$.content.type' = 'reaction' order by inbox.seq""",
            phone.address,
        )

    def history(self, phone: Phone) -> list[str]:
        """What the model read and said in this person's chat, as the agent keeps it."""
        [conversation] = self.conversations(phone)
        rows = self.rows(
            "select body from transcript where conversation = ? order by revision", str(conversation)
        )
        return [body.decode() for (body,) in rows if isinstance(body, bytes)]

    def kept(self, digest: str) -> bytes:
        """The bytes that the agent keeps under this SHA-256."""
        [path] = (self.folder / "data" / "files").rglob(digest)
        return path.read_bytes()

    @property
    def pressed(self) -> list[str]:
        """The effects of the tool `press`, in order."""
        effects = self.folder / "effects"
        return effects.read_text(encoding="utf-8").split() if effects.exists() else []

    @property
    def is_idle(self) -> bool:
        """Whether the agent has nothing to do."""
        return self.rows(_AT_WORK) == [(0,)]

    def logs(self) -> list[tuple[str, str]]:
        return [(part.name, part.tail()) for part in (self.agent, *self.beside)]

    # ── their environment ──────────────────────────────────────────────────────────────────────────────

    def env_of(self, part: Part) -> dict[str, str]:
        """The variables that a part is started with."""
        assert part is self.agent, f"{part.name} is none of this system"
        return {
            **passed_on(),
            "PYTHONPATH": str(ROOT),
            "CLEO_DATA": str(self.folder / "data"),
            "CLEO_PORT": self.agent_url.rpartition(":")[2],
            "CLEO_MODEL": "builtin:basic",
            "CLEO_OWNERS": ",".join(f"+{phone.number}" for phone in self.owners),
            "CLEO_ALLOWED_USERS": ",".join(f"+{phone.number}" for phone in self.users),
            "CLEO_TIMEZONE": "Europe/Berlin",
            "CLEO_TOOLS": "tests.support.scenario_tools",
            "SCENARIO_EFFECTS": str(self.folder / "effects"),
            "WHATSAPP_BACKEND": self.backend,
            **self.way_env(),
            **self.agent_env,
        }

    @abstractmethod
    def way_env(self) -> Mapping[str, str]:
        """The settings by which the agent reaches WhatsApp."""
