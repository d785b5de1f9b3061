"""A whole Cleo on a simulated WhatsApp, each part a real process that can be killed and started again.

phones ⇄ simulator ⇄ bridge ⇄ agent        world = the simulator, shared; the others belong to the stage
"""

import asyncio
import sqlite3
import sys
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Self

import httpx2
from tests.support.stage_part import PATIENCE, Part, until
from tests.support.stage_world import Phone, World

from cleo.app.bridge import free_port, program_of
from cleo.app.settings import passed_on
from cleo.channels.whatsapp.bridge.contract import SECRET_HEADER, HealthAnswer, LinkAnswer

ROOT = Path(__file__).parents[2]
SECRET = "a-secret-of-the-stories"
CLEO = str(Path(sys.executable).parent / "cleo")

_AT_WORK = """select (select count(*) from inbox where state in ('new', 'taken'))
    + (select count(*) from runs where state = 'open')
    + (select count(*) from outbox where state in ('queued', 'sending', 'uncertain'))"""

OPEN: list["Stage"] = []
"""Stages that are up now: when a story fails, their logs are shown."""


class Stage:
    """Bridge and agent of one Cleo, on fixed ports and data, with phones of people it knows.

    `owners` and `users` are how many of them there are. `agent` and `bridge` are settings on top of the usual;
    with `agent_url` or `bridge_url` that part is somebody else's.
    """

    def __init__(
        self,
        world: World,
        folder: Path,
        *,
        owners: int = 1,
        users: int = 0,
        agent: Mapping[str, str] | None = None,
        bridge: Mapping[str, str] | None = None,
        agent_url: str | None = None,
        bridge_url: str | None = None,
    ) -> None:
        self.world = world
        self.folder = folder
        self.cleo = world.number()
        self.agent = Part("agent", [CLEO, "up"], folder)
        self.bridge = Part("bridge", program_of("whatsapp-bridge"), folder)
        self.agent_url = agent_url or f"http://127.0.0.1:{free_port()}"
        self.bridge_url = bridge_url or f"http://127.0.0.1:{free_port()}"
        self.has_agent = agent_url is None
        self.has_bridge = bridge_url is None
        self.agent_env = dict(agent or {})
        self.bridge_env = dict(bridge or {})
        self.owners: list[Phone] = []
        self.users: list[Phone] = []
        self._counts = (owners, users)
        self._handed_out = 0

    # ── setting up ─────────────────────────────────────────────────────────────────────────────────────

    async def __aenter__(self) -> Self:
        OPEN.append(self)
        owners, users = self._counts
        await self.world.ask("POST", "/phones", {"number": self.cleo, "name": "Cleo"})
        self.owners = [await self.world.phone(self.cleo, f"Owner {n}") for n in range(owners)]
        self.users = [await self.world.phone(self.cleo, f"User {n}") for n in range(users)]
        try:
            await self.start()
        except BaseException:
            await self.kill_all()  # it stays in OPEN, so that its logs are shown
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.kill_all()
        OPEN.remove(self)

    async def start(self) -> None:
        """Start both, link the bridge if it never was, and wait until they work."""
        await asyncio.gather(self.start_agent(), self.start_bridge())

    async def begin(self, part: Part) -> None:
        """Start the bridge or the agent, and do not wait for it."""
        await part.start(self._agent_env() if part is self.agent else self._bridge_env())

    async def up(self) -> None:
        """Wait until both work; starts what does not run, as a story that failed may have left it."""
        for part in (self.agent, self.bridge):
            if not part.is_running:
                await self.begin(part)
        await asyncio.gather(self.agent_listens(), self.linked())

    async def start_agent(self, **more: str) -> None:
        """Start the agent and wait until it answers; `more` are settings of this start alone."""
        if not self.has_agent:
            return
        await self.agent.start(self._agent_env() | more)
        await self.agent_listens()

    async def start_bridge(self, **more: str) -> None:
        """Start the bridge, link it if it never was, and wait until it is connected."""
        if not self.has_bridge:
            return
        await self.bridge.start(self._bridge_env() | more)
        await self.linked()

    async def kill_all(self) -> None:
        """Pull the plug."""
        await asyncio.gather(self.agent.kill(), self.bridge.kill())

    async def restart(self) -> None:
        """Kill both, and start them again on the same data and ports."""
        await self.kill_all()
        await self.start()

    async def restart_agent(self) -> None:
        await self.agent.kill()
        await self.start_agent()

    async def restart_bridge(self) -> None:
        await self.bridge.kill()
        await self.start_bridge()

    # ── asking the parts ───────────────────────────────────────────────────────────────────────────────

    async def agent_listens(self) -> None:
        await until("the agent", lambda: self._get(self.agent, f"{self.agent_url}/health"))

    async def linked(self) -> None:
        """Wait until the bridge is connected; scans its QR if it shows one."""

        async def connected() -> bool:
            health = await self._get(self.bridge, f"{self.bridge_url}/health")
            state = HealthAnswer.model_validate_json(health).state if health else "starting"
            if state == "linking":
                await self._scan()
            return state == "connected"

        await until("the bridge's connection", connected)
        await self.world.settled(self.cleo)

    async def _scan(self) -> None:
        answer = await self._get(self.bridge, f"{self.bridge_url}/link")
        if answer and (qr := LinkAnswer.model_validate_json(answer).qr):
            await self.world.link(self.cleo, qr)

    async def _get(self, part: Part, url: str) -> bytes | None:
        """Ask a part; None while it does not listen yet."""
        assert part.is_running, f"{part.name} ended:\n{part.tail()}"
        try:
            async with httpx2.AsyncClient(trust_env=False, timeout=10) as http:
                answer = await http.get(url, headers={SECRET_HEADER: SECRET})
        except httpx2.TransportError:
            return None
        return answer.content

    # ── people ─────────────────────────────────────────────────────────────────────────────────────────

    def owner(self) -> Phone:
        """An owner who was in no story yet, where several stories share this stage."""
        self._handed_out += 1
        return self.owners[self._handed_out - 1]

    async def stranger(self) -> Phone:
        """Somebody whom Cleo does not know."""
        return await self.world.phone(self.cleo, "Stranger")

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
            f"phone:+{phone.number}",
        )
        return {row[0] for row in rows}

    def reactions(self, phone: Phone) -> list[tuple[object, ...]]:
        """The reactions in the agent's inbox that came from this person: emoji, and the message it is on."""
        return self.rows(
            """select body ->> '$.content.emoji', body ->> '$.content.to' from inbox join aliases using (person)
               where address = ? and body ->> '$.content.type' = 'reaction' order by inbox.seq""",
            f"phone:+{phone.number}",
        )

    def history(self, phone: Phone) -> list[str]:
        """What the model read and said in this person's chat, as the agent keeps it."""
        [conversation] = self.conversations(phone)
        rows = self.rows(
            "select body from history where conversation = ? order by revision", str(conversation)
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

    async def quiet(self, seconds: float = PATIENCE) -> None:
        """Wait until nothing is on its way any more, in any part: what did not happen by then never will."""

        async def still() -> bool:
            await self.world.settled(self.cleo)
            health = await self._get(self.bridge, f"{self.bridge_url}/health")
            spool = HealthAnswer.model_validate_json(health).spool if health else None
            return spool == 0 and self.rows(_AT_WORK) == [(0,)]

        await until("quiet", still, seconds)

    def logs(self) -> list[tuple[str, str]]:
        return [(part.name, part.tail()) for part in (self.agent, self.bridge, self.world.simulator)]

    # ── their environment ──────────────────────────────────────────────────────────────────────────────

    def _agent_env(self) -> dict[str, str]:
        return {
            **passed_on(),
            "PYTHONPATH": str(ROOT),
            "CLEO_DATA": str(self.folder / "data"),
            "CLEO_PORT": self.agent_url.rpartition(":")[2],
            "CLEO_MODEL": "builtin:basic",
            "CLEO_OWNERS": ",".join(f"+{phone.number}" for phone in self.owners),
            "CLEO_ALLOWED_USERS": ",".join(f"+{phone.number}" for phone in self.users),
            "CLEO_TIMEZONE": "Europe/Berlin",
            "CLEO_TOOLS": "tests.support.stage_tools",
            "STAGE_EFFECTS": str(self.folder / "effects"),
            "WHATSAPP_BRIDGE_URL": self.bridge_url,
            "WHATSAPP_WEBHOOK_SECRET": SECRET,
            **self.agent_env,
        }

    def _bridge_env(self) -> dict[str, str]:
        return {
            **passed_on(),
            **self.world.env,
            "CLEO_API_URL": self.agent_url,
            "WHATSAPP_BRIDGE_DATA": str(self.folder / "bridge"),
            "WHATSAPP_BRIDGE_PORT": self.bridge_url.rpartition(":")[2],
            "WHATSAPP_WEBHOOK_SECRET": SECRET,
            **self.bridge_env,
        }
