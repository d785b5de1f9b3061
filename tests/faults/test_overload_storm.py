"""Far more than the model can answer: the inbox keeps its bound, the bridge keeps the rest, all are answered."""

import asyncio
import random
from pathlib import Path

import pytest
from tests.faults.bridge_run import bridge_run
from tests.faults.oracle import judge
from tests.support.program import until
from tests.support.web_world import World

pytestmark = pytest.mark.long

BOUND = 10
EACH = 40
"""Messages that each chat sends at once."""


@pytest.mark.timeout(600)
async def test_overload_is_bounded_and_everything_accepted_is_answered(world: World, tmp_path: Path) -> None:
    most = 0
    settings = {"CLEO_INBOX_MAX": str(BOUND)}
    async with bridge_run(world, tmp_path, random.Random(7), agent=settings) as run:
        run.model.delay = 0.5

        async def watch() -> None:
            nonlocal most
            while True:
                [(waiting,)] = run.harness.rows("select count(*) from inbox where state = 'new'")
                most = max(most, int(str(waiting)))
                await asyncio.sleep(0.05)

        async def trouble() -> None:
            watcher = asyncio.create_task(watch())
            await asyncio.gather(*(talker.say_at_once(EACH) for talker in run.talkers))

            async def nearly_done() -> bool:
                return run.people.open_among(storm) < EACH

            storm = list(run.people.wishes)
            await until("most answers", nearly_done, 240)
            run.model.delay = 0
            watcher.cancel()

        await run.play(trouble)
        verdict = judge(await run.evidence())
        assert verdict.wrong == []
        assert run.harness.agent.logged.count('"error": "overloaded"') > 0
        chats = {talker.chat for talker in run.talkers}
        assert 0 < most <= BOUND + len(chats)
