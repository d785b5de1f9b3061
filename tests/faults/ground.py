"""A stage whose parts are started without waiting for them, and that knows what is still on its way."""

from pathlib import Path

import httpx2
from tests.faults.seen import told
from tests.support.stage import SECRET
from tests.support.stage_bridge import BridgeStage
from tests.support.stage_part import until
from tests.support.stage_world import World

from cleo.channels.whatsapp.bridge.contract import SECRET_HEADER, HealthAnswer

_OPEN = {
    "inbox": "select seq, state, run from inbox where state in ('new', 'taken')",
    "runs": "select id, kind, attempts, prompted from runs where state = 'open'",
    "outbox": "select seq, key, state, attempts, round(next_at), reason from outbox "
    "where state in ('queued', 'sending', 'uncertain')",
    "reminders": "select id, next_at from reminders where next_at is not null",
}
_NEVER = -1
"""A part that does not answer yet."""


class Ground(BridgeStage):
    """Where agent and bridge are killed."""

    def __init__(self, world: World, folder: Path, **more: object) -> None:
        super().__init__(world, folder, **more)  # type: ignore[arg-type]  # passed on as given
        self._http = httpx2.AsyncClient(trust_env=False, timeout=10, headers={SECRET_HEADER: SECRET})

    async def __aexit__(self, *error: object) -> None:
        await super().__aexit__(*error)
        await self._http.aclose()

    async def spawn_agent(self, fail: str) -> None:
        await self.agent.start(self.env_of(self.agent) | {"CLEO_FAIL": fail})

    async def spawn_bridge(self, fail: str) -> None:
        await self.bridge.start(self.env_of(self.bridge) | {"BRIDGE_FAIL": fail})

    async def agent_is_ready(self) -> bool:
        return await self._ask(self.agent_url) is not None

    async def bridge_is_ready(self) -> bool:
        health = await self._health()
        return health is not None and health.state == "connected"

    async def stand_up(self) -> None:
        """Start what an earlier trouble left lying."""
        if not self.agent.is_running:
            await self.start_agent()
        if not self.bridge.is_running:
            await self.start_bridge()

    async def start_bridge_unsettled(self) -> None:
        """Start the bridge and wait for its connection, however much WhatsApp holds back."""
        await self.spawn_bridge("")
        await until("the bridge's connection", self.bridge_is_ready)

    async def _health(self) -> HealthAnswer | None:
        answer = await self._ask(self.bridge_url)
        return HealthAnswer.model_validate_json(answer) if answer else None

    async def _ask(self, url: str) -> bytes | None:
        try:
            return (await self._http.get(f"{url}/health")).content
        except httpx2.TransportError:
            return None

    async def open_work(self) -> dict[str, int]:
        """Count what is still on its way, in every part; a part that is away counts too."""
        health = await self._health()
        found = {name: len(self.rows(query)) for name, query in _OPEN.items()}
        found["unreceipted"] = sum(message.state == "queued" for message in await told(self.world, self.cleo))
        spool = health.spool if health and health.state == "connected" else None
        found["spool"] = _NEVER if spool is None else spool
        found["agent"] = 0 if await self.agent_is_ready() else _NEVER
        return {name: count for name, count in found.items() if count}

    def open_rows(self) -> str:
        """Tell the rows that are open, for people who look for the reason of a hang."""
        return "\n".join(f"{name}: {self.rows(query)[:20]}" for name, query in _OPEN.items())

    def dead(self) -> frozenset[str]:
        """Ids of the messages that are dead letters."""
        return frozenset(
            str(id) for (id,) in self.rows("select body ->> '$.id' from inbox where state = 'dead'")
        )
