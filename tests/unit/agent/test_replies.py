"""Replies: the model learns what they refer to, whatever that is, and whoever sent it."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from pydantic_ai.messages import BinaryContent, TextContent, UserPromptPart
from pydantic_ai.models.test import TestModel
from tests.support.agent_harness import FRIEND, OWNER, STRANGER, AgentHarness

from cleo.agent.media.images import ImageAttacher
from cleo.domain.access import Access
from cleo.domain.content import Content, Edit, File, Location, MessageId, Other
from cleo.domain.identity import Address
from cleo.domain.message import Quoted
from cleo.store import DiskFiles

GROUP = Address("group:120363000000000001")
FIRST = MessageId("M1")
PLACE = Location(latitude=52.5, longitude=13.4, name="Café", address="Main St 1")


@pytest.fixture
async def harness(tmp_path: Path) -> AsyncIterator[AgentHarness]:
    access = Access(owners=frozenset({OWNER}), users=frozenset({FRIEND}), groups=frozenset({GROUP}))
    harness = AgentHarness(tmp_path, access=access)
    harness.channel.files["u1"] = b"\x89PNG"
    yield harness
    await harness.store.close()


async def pictures(harness: AgentHarness) -> list[bytes]:
    """Return the pictures that a model which sees gets beside the newest prompt."""
    attacher = ImageAttacher(DiskFiles(harness.root / "files"))
    [last] = await attacher.attach(harness.model.seen[-1][-1:], TestModel())
    parts = [part for part in last.parts if isinstance(part, UserPromptPart)]
    pieces = [piece for part in parts if not isinstance(part.content, str) for piece in part.content]
    return [piece.data for piece in pieces if isinstance(piece, BinaryContent)]


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("cats", "cats"),
        (PLACE, "location 52.5, 13.4 Café Main St 1"),
        (Other(kind="contact", body="Ann, +49 151 1"), "contact Ann, +49 151 1"),
        (Other(kind="poll", body="Lunch?\n- yes\n- no"), "poll Lunch? - yes - no"),
        (Other(kind="a_new_kind"), "a_new_kind"),
    ],
)
@pytest.mark.parametrize("told_by_phone", [None, "made up"])
async def test_a_reply_names_what_it_refers_to(
    harness: AgentHarness, content: Content | str, told: str, told_by_phone: str | None
) -> None:
    await harness.say(content)
    quoted = Quoted(id=FIRST, sender=OWNER, text=told_by_phone)
    assert await harness.say("What is this?", quoted=quoted) == [
        f"you said: ⟦in reply to: {told}⟧ What is this?"
    ]


@pytest.mark.parametrize("kind", ["image", "video", "audio", "voice", "document", "sticker"])
async def test_a_reply_to_a_file_names_it_as_it_was_named(harness: AgentHarness, kind: str) -> None:
    file = File(kind=kind, url="u1", name="cat.png", caption="look", mimetype="image/png")  # type: ignore[arg-type]  # of the union
    [before] = await harness.say(file)
    label = before.removeprefix("you said: ⟦").removesuffix("⟧ look")
    del harness.channel.files["u1"]  # it is not fetched again
    await harness.restart()
    assert await harness.say("What is this?", quoted=Quoted(id=FIRST)) == [
        f"you said: ⟦in reply to: {label} look⟧ What is this?"
    ]
    assert await pictures(harness) == [b"\x89PNG"]


async def test_a_reply_to_a_picture_comes_in_the_same_breath(harness: AgentHarness) -> None:
    await harness.hear(File(kind="image", url="u1", mimetype="image/png"))
    await harness.hear("What is this?", quoted=Quoted(id=FIRST))
    harness.clock.advance(5)
    await harness.settle()
    assert "⟦in reply to: image " in harness.channel.delivered[-1].text


async def test_a_picture_in_reply_to_a_picture_shows_both(harness: AgentHarness) -> None:
    harness.channel.files["u2"] = b"\x89PNG2"
    await harness.say(File(kind="image", url="u1", mimetype="image/png"))
    file = File(kind="image", url="u2", mimetype="image/png", caption="better?")
    await harness.say(file, quoted=Quoted(id=FIRST))
    assert await pictures(harness) == [b"\x89PNG", b"\x89PNG2"]


async def test_a_reply_to_a_picture_of_somebody_who_is_not_answered_shows_it(harness: AgentHarness) -> None:
    picture = File(kind="image", url="u1", mimetype="image/png")
    await harness.hear(picture, STRANGER, chat=GROUP, is_group=True)
    [said] = await harness.say("What is this?", chat=GROUP, is_group=True, quoted=Quoted(id=FIRST))
    assert said.startswith("you said: ⟦owner Somebody …0001⟧ ⟦in reply to: image ")
    assert await pictures(harness) == [b"\x89PNG"]


async def test_a_reply_tells_the_words_as_they_are_now(harness: AgentHarness) -> None:
    await harness.say("cats")
    await harness.hear(Edit(of=FIRST, body="dogs"))
    [said] = await harness.say("this", quoted=Quoted(id=FIRST))
    assert said.endswith("⟦in reply to: dogs⟧ this")


async def test_of_messages_with_one_id_that_of_the_quoted_sender_is_meant(harness: AgentHarness) -> None:
    await harness.hear("cats", FRIEND, chat=GROUP, is_group=True, id=FIRST)
    await harness.hear("dogs", STRANGER, chat=GROUP, is_group=True, id=FIRST)
    harness.clock.advance(5)
    await harness.settle()
    quoted = Quoted(id=FIRST, sender=STRANGER)
    [said] = await harness.say("this", chat=GROUP, is_group=True, quoted=quoted)
    assert "⟦in reply to: dogs⟧" in said


async def test_a_reply_to_what_is_not_known_says_so_or_what_the_phone_tells(harness: AgentHarness) -> None:
    [said] = await harness.say("this", quoted=Quoted(id=MessageId("W")))
    assert said == "you said: ⟦in reply to: a message that is not known here⟧ this"
    [said] = await harness.say("this", quoted=Quoted(id=MessageId("W"), sender=STRANGER, text="cats"))
    assert said == "you said: ⟦in reply to: cats⟧ this"


async def test_what_was_said_in_another_chat_is_not_looked_up(harness: AgentHarness) -> None:
    await harness.say("secret", FRIEND)
    [said] = await harness.say("this", quoted=Quoted(id=FIRST, sender=FRIEND))
    assert "secret" not in said


@pytest.mark.parametrize("content", ["wipe it", File(kind="image", url="u1", mimetype="image/png")])
async def test_whose_words_a_reply_brings_along_is_noted(
    harness: AgentHarness, content: Content | str
) -> None:
    """A question that follows names them: see `approval.origin`."""
    await harness.hear(content, STRANGER, chat=GROUP, is_group=True)
    await harness.say("do it", chat=GROUP, is_group=True, quoted=Quoted(id=FIRST))
    [part] = [part for part in harness.model.seen[-1][-1].parts if isinstance(part, UserPromptPart)]
    [piece] = [piece for piece in part.content if isinstance(piece, TextContent)]
    assert piece.metadata["source"].startswith("a message that was replied to: ")
