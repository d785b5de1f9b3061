"""A message that ends the process each time it is worked on is given up, and takes no neighbour with it."""

import asyncio
from pathlib import Path

import pytest
from tests.support.agent_harness import FRIEND, OWNER, AgentHarness

from cleo.agent.run.claim import GAVE_UP
from cleo.domain.run import MAX_CRASHES
from cleo.ports import Tool

NEIGHBOUR = "lingered"


class Life:
    """One life of the process after the other."""

    def __init__(self) -> None:
        self.ended = asyncio.Event()

    async def die(self) -> str:
        """End the process: nothing goes on from here."""
        self.ended.set()
        return await asyncio.Future[str]()

    async def linger(self) -> str:
        """Take a moment, in which others may end the process."""
        await asyncio.sleep(0.1)
        return NEIGHBOUR

    async def live(self, harness: AgentHarness) -> bool:
        """Start again and work on all conversations at once; tells whether the process outlived that."""
        self.ended.clear()
        await harness.store.close()
        harness.open()
        await harness.sweeper.sweep()
        waiting = sorted(harness.engine.waiting)
        works = asyncio.gather(*(harness.worker.work(conversation) for conversation in waiting))
        death = asyncio.create_task(self.ended.wait())
        await asyncio.wait({works, death}, return_when=asyncio.FIRST_COMPLETED)
        works.cancel()
        death.cancel()
        await asyncio.gather(works, death, return_exceptions=True)
        return not self.ended.is_set()


@pytest.mark.parametrize("poisoner", [OWNER, FRIEND])
async def test_a_message_that_ends_the_process_takes_no_neighbour_with_it(
    tmp_path: Path, poisoner: str
) -> None:
    life = Life()
    tools = [Tool(name=tool.__name__, function=tool, read_only=True) for tool in (life.die, life.linger)]
    harness = AgentHarness(tmp_path, tools)
    for person in (OWNER, FRIEND):
        await harness.hear("do die {}" if person == poisoner else "do linger {}", person)
    deaths = 0
    while not await life.live(harness):
        deaths += 1
    assert sorted(message.text for message in harness.channel.delivered) == sorted([GAVE_UP, NEIGHBOUR])
    assert deaths == MAX_CRASHES
