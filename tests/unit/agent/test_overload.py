"""More than Cleo can answer is not taken in: the bridge keeps it. Answers to questions still count."""

from pathlib import Path

import pytest
from tests.support.agent_house import FRIEND, OWNER, House

from cleo.agent import Receiver
from cleo.domain.content import Reaction
from cleo.domain.errors import Overloaded
from cleo.ports import Tool


async def press() -> str:
    """Press it."""
    return "pressed"


def crowded(root: Path) -> House:
    house = House(root, [Tool(name="press", function=press, requires_confirmation=True)])
    house.receiver = Receiver(
        store=house.store,
        engine=house.engine,
        clock=house.clock,
        access=house.access,
        queue=house.queue,
        delivery=house.delivery,
        most_waiting=2,
    )
    return house


async def test_what_waits_beyond_the_bound_is_refused_and_taken_in_later(tmp_path: Path) -> None:
    house = crowded(tmp_path)
    assert [await house.hear(text, who) for text, who in (("one", OWNER), ("two", FRIEND))] == [
        "accepted"
    ] * 2
    for _ in range(2):
        with pytest.raises(Overloaded, match=r"2 messages wait.*CLEO_INBOX_MAX"):
            await house.hear("three", OWNER)
        house.count -= 1
    await house.settle()
    assert await house.hear("three", OWNER) == "accepted"
    await house.settle()
    texts = [message.text for message in house.channel.delivered]
    assert sorted(texts) == ["you said: one", "you said: three", "you said: two"]


async def test_a_yes_counts_however_many_messages_wait(tmp_path: Path) -> None:
    house = crowded(tmp_path)
    await house.say("do press {}")
    for text in ("one", "two"):
        await house.hear(text, FRIEND)
    assert await house.hear(Reaction(emoji="👍", to=house.question().id)) == "accepted"
    assert await house.hear(f"no {house.ref()}") == "accepted"
    with pytest.raises(Overloaded):
        await house.hear("three", FRIEND)


async def test_a_chat_in_which_nothing_waits_is_heard_however_busy_the_others_are(tmp_path: Path) -> None:
    house = crowded(tmp_path)
    for text in ("one", "two"):
        await house.hear(text, FRIEND)
    assert await house.hear("three", OWNER) == "accepted"
    with pytest.raises(Overloaded):
        await house.hear("four", OWNER)
