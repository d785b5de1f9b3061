"""Kill -9 at any moment. The judges are the phones: what they wrote, and what they show."""

import asyncio
import random

import pytest
from tests.support.phone import Phone, numbered
from tests.support.program import Part
from tests.support.system import System

MESSAGES = 30
KILLS = 10


@pytest.mark.timeout(300)
async def test_nothing_is_lost_doubled_or_swapped_through_ten_kills(provided: System) -> None:
    chance = random.Random(20)
    phones = [provided.owner() for _ in range(3)]
    writing = [asyncio.create_task(trickle(phone, chance)) for phone in phones]
    for _ in range(KILLS):
        await asyncio.sleep(chance.uniform(0, 2))
        await kill(provided, chance.choice([provided.agent, *provided.beside]), wait=chance.random() < 0.7)
    await asyncio.gather(*writing)
    await provided.up()
    for phone in phones:
        await phone.hears_again(numbered(1, MESSAGES), seconds=60)
    await provided.quiet()
    for phone in phones:
        await phone.hears_again(numbered(1, MESSAGES))
    assert await provided.untaken() == []


async def trickle(phone: Phone, chance: random.Random) -> None:
    for text in numbered(1, MESSAGES):
        await phone.say(text)
        await asyncio.sleep(chance.uniform(0, 1.2))


async def kill(system: System, part: Part, *, wait: bool) -> None:
    """Kill a part and start it again; without `wait` the next kill may come before it is up."""
    await part.kill()
    await system.begin(part)
    if wait:
        await system.up()
