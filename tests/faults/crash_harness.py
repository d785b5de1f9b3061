"""A run whose agent is started without waiting for it, and that knows what is still on its way."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Self

import httpx2
import psycopg
from pydantic import BaseModel
from tests.faults.seen import Told
from tests.support.system import SECRET, System

from cleo.channels.whatsapp.backend import SECRET_HEADER

_OPEN = {
    "inbox": "select seq, state, run from inbox where state in ('new', 'taken')",
    "runs": "select id, kind, attempts, prompted from runs where state = 'open'",
    "outbox": "select seq, key, state, attempts, round(next_at), reason from outbox "
    "where state in ('queued', 'sending', 'uncertain')",
    "reminders": "select id, next_at from reminders where next_at is not null",
}
NEVER = -1
"""A part that does not answer yet."""


class CrashHarness(System, ABC):
    """Where the agent is killed."""

    async def __aenter__(self) -> Self:
        self._http = httpx2.AsyncClient(trust_env=False, timeout=10, headers={SECRET_HEADER: SECRET})
        return await super().__aenter__()

    async def __aexit__(self, *error: object) -> None:
        await super().__aexit__(*error)
        await self._http.aclose()

    async def spawn_agent(self, fail: str) -> None:
        await self.agent.start(self.env_of(self.agent) | {"CLEO_FAIL": fail})

    async def agent_is_ready(self) -> bool:
        return await self.ask(self.agent_url) is not None

    async def ask(self, url: str) -> bytes | None:
        """Ask for a part's health; None while it is away."""
        try:
            return (await self._http.get(f"{url}/health")).content
        except httpx2.TransportError:
            return None

    @abstractmethod
    async def told(self) -> Sequence[Told]:
        """What WhatsApp was told of each message to Cleo, in sending order."""

    @abstractmethod
    async def on_its_way(self) -> Mapping[str, int]:
        """Count what is on its way outside of the agent; what cannot be asked is `NEVER`."""

    async def open_work(self) -> dict[str, int]:
        """Count what is still on its way, in every part; a part that is away counts too."""
        found = {name: len(self.rows(query)) for name, query in _OPEN.items()}
        found["unreceipted"] = sum(message.state == "queued" for message in await self.told())
        found |= await self.on_its_way()
        found["agent"] = 0 if await self.agent_is_ready() else NEVER
        return {name: count for name, count in found.items() if count}

    def open_rows(self) -> str:
        """Tell the rows that are open, for people who look for the reason of a hang."""
        return "\n".join(f"{name}: {self.rows(query)[:20]}" for name, query in _OPEN.items())

    def dead(self) -> frozenset[str]:
        """Ids of the messages that are dead letters."""
        return frozenset(self.ids("select body from inbox where state = 'dead'"))

    def ids(self, query: str) -> list[str]:
        """The message ids in the bodies that a query tells."""
        return [_Body.model_validate_json(str(body)).id for (body,) in self.rows(query)]

    def rows(self, query: str, *values: str) -> list[tuple[object, ...]]:
        """Read the agent's database, beside the running agent, on whichever server it is."""
        url = self.agent_env.get("DATABASE_URL")
        if url is None:
            return super().rows(query, *values)
        assert not values, "a query of this harness has no values"
        with psycopg.connect(url) as connection:
            return connection.execute(query.encode()).fetchall()


class _Body(BaseModel):
    """What a stored message is found by."""

    id: str
