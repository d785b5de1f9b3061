"""A run of faults on the Cloud API: people with direct chats, who answer questions in every way there is."""

import asyncio
import random
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from tests.faults.cloud_harness import CloudCrashHarness
from tests.faults.doubt import Doubt, judge_in_doubt
from tests.faults.fault_run import FaultRun, Trouble, beside, settings
from tests.faults.fault_schedule import OVERTAKEN, FaultSchedule
from tests.faults.numbered_model import NumberedModel
from tests.faults.oracle import Evidence, Verdict
from tests.faults.seen import Shown, shown
from tests.faults.workload import People, Talker
from tests.support.graph_world import GraphPhone, GraphWorld
from tests.support.program import until

_PATIENCE = 8
"""Fewer than with a bridge: what goes out into one chat is held to WhatsApp's pace."""

_HASTY = {"WHATSAPP_CLOUD_DOUBT_SECONDS": "1"}
"""An agent that is killed all the time must come to its doubts meanwhile."""


class Tapper(Talker):
    """Answers questions by a tap, by a reply or by a reaction."""

    async def vote(self, bubble: Shown, number: int, *, agrees: bool) -> None:
        """Answer a question, in one way or another."""
        if number % 3 == 0:
            title = "👍 Do it" if agrees else "👎 Don't"
            await self.phone.send({"button": {"title": title, "context": bubble.id}})
        else:
            await super().vote(bubble, number, agrees=agrees)

    def under(self, words: str, file: Mapping[str, str]) -> dict[str, object]:
        """A message of a file with words under it."""
        return {"media": {**file, "caption": words}}

    async def post(self, batch: list[dict[str, object]]) -> list[str]:
        """Send many messages, one directly after the other; tells their ids."""
        return [await self.phone.send(message) for message in batch]


@dataclass(frozen=True)
class CloudRun(FaultRun):
    """Owners and users in chats of their own, and somebody whom Cleo does not know."""

    harness: CloudCrashHarness
    schedule: FaultSchedule
    stranger: GraphPhone

    async def play(self, trouble: Trouble) -> None:
        """Let everybody write while there is trouble, and bad conditions beside it; raises `Hang`."""

        async def stormy() -> None:
            async with beside([asyncio.create_task(self._chat())]):
                async with beside([asyncio.create_task(self.schedule.run())]):
                    await trouble()
                await self.schedule.end()
                await until("the end of all doubts", self._is_sure, 60)

        await super().play(stormy)

    async def _chat(self) -> None:
        """Let the stranger write all the time: so news come through also when all others wait for an answer."""
        while True:
            await self.stranger.say("hello?")
            await asyncio.sleep(1)

    async def _is_sure(self) -> bool:
        return not self.harness.rows("select 1 from outbox where state = 'uncertain' limit 1")

    async def evidence(self) -> Evidence:
        """Collect what was seen from the outside."""
        found = await super().evidence()
        late = {wish.number for wish in found.wishes if wish.number[-1] in OVERTAKEN}
        return replace(found, overtaken=frozenset(late))

    async def verdict(self, kills: int) -> Verdict:
        """Judge all that was seen."""
        harness = self.harness
        doubt = Doubt(
            cuts=kills + self.schedule.cuts,
            account=harness.cleo,
            books=await harness.books(),
            outbox=harness.outbox(),
            items=harness.items(),
            given_up=harness.given_up(),
            unasked=harness.unasked(),
            chats=harness.chats(),
        )
        verdict = judge_in_doubt(await self.evidence(), doubt)
        if await shown(self.stranger):
            verdict.wrong.append("a stranger was answered")
        return verdict


@asynccontextmanager
async def cloud_run(graph: GraphWorld, folder: Path, rng: random.Random) -> AsyncGenerator[CloudRun]:
    """Set it up, with the agent running."""
    with NumberedModel() as model:
        harness = CloudCrashHarness(
            graph, folder, owners=3, users=3, agent={**settings(model, folder), **_HASTY}
        )
        async with harness:
            people = People(rng)
            talkers = [Tapper(people, phone, owner=True, patience=_PATIENCE) for phone in harness.owners]
            talkers += [Tapper(people, phone, patience=_PATIENCE) for phone in harness.users]
            schedule = FaultSchedule(graph, harness.cleo, rng)
            yield CloudRun(harness, people, talkers, model, schedule, await harness.stranger())
