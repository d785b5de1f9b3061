"""Answers to tap: fitted to what a backend can show, and never more than that; written out where it can show none."""

from dataclasses import dataclass, field, replace

import pytest

from cleo.channels.whatsapp.channel import AS_A_LINK, AS_WORDS, WhatsAppChannel
from cleo.channels.whatsapp.text.choices import in_words, to_tap
from cleo.domain.content import Choices, Location, Option, Template
from cleo.domain.conversation import Conversation, ConversationId
from cleo.domain.identity import Address, PersonId
from cleo.domain.message import Quoted, SendKey
from cleo.ports import Capabilities, ChoiceLimits, Degraded, Outcome, Refused, Sent

CHAT = Conversation(
    id=ConversationId("whatsapp/ann"),
    channel="whatsapp",
    address=Address("phone:+4915112345678"),
    person=PersonId("ann"),
)
TAPPING = ChoiceLimits()


def choices(*titles: str, body: str = "Which?") -> Choices:
    return Choices(body=body, options=tuple(Option(id=f"id-{n}", title=t) for n, t in enumerate(titles)))


@pytest.mark.parametrize(("count", "longest"), [(2, 20), (3, 20), (4, 24), (10, 24)])
def test_titles_are_cut_to_what_is_shown_and_ids_never(count: int, longest: int) -> None:
    offered = choices(*(f"{number} is a very long title that nobody can show" for number in range(count)))
    fitting = to_tap(offered, TAPPING, in_group=False)
    assert fitting is not None
    assert [len(option.title) <= longest for option in fitting.options] == [True] * count
    assert [option.id for option in fitting.options] == [option.id for option in offered.options]


@pytest.mark.parametrize(
    "offered",
    [
        choices(*map(str, range(11))),
        choices("the same long beginning: a", "the same long beginning: b"),
        choices("a", "b", body="x" * 1025),
        choices("a", " "),
        choices(),
        replace(choices("a", "b"), options=(Option(id="x" * 257, title="a"),)),
    ],
    ids=["too many", "alike when cut", "too long", "no title", "none", "long id"],
)
def test_what_does_not_fit_is_written_out(offered: Choices) -> None:
    assert to_tap(offered, TAPPING, in_group=False) is None


def test_in_groups_there_is_nothing_to_tap_where_that_is_so() -> None:
    assert to_tap(choices("a", "b"), TAPPING, in_group=True) is None
    assert to_tap(choices("a", "b"), replace(TAPPING, in_groups=True), in_group=True)
    assert to_tap(choices("a", "b"), None, in_group=False) is None


def test_written_out_they_are_numbered_unless_words_were_given() -> None:
    offered = Choices(
        body="Which?", options=(Option(id="a", title="Tea", description="hot"), Option(id="b", title="Ice"))
    )
    assert in_words(offered) == "Which?\n1. Tea – hot\n2. Ice"
    assert in_words(replace(offered, words="Tea or ice?")) == "Tea or ice?"


@dataclass
class OnlyWords:
    """A backend that can send nothing but words."""

    said: list[str] = field(default_factory=list[str])
    capabilities: Capabilities = field(default_factory=Capabilities)

    async def send_text(self, to: Conversation, body: str, *, key: str, quoted: Quoted | None) -> Outcome:
        self.said.append(body)
        return Sent(message_id=None)


async def test_what_a_backend_lacks_is_sent_otherwise_and_told() -> None:
    backend = OnlyWords()
    channel = WhatsAppChannel(backend)  # type: ignore[arg-type]  # nothing else is asked of it

    async def send(content: Choices | Location | Template) -> Outcome:
        return await channel.send(CHAT, content, key=SendKey("k"), quoted=None)

    assert await send(choices("a", "b")) == Degraded(message_id=None, how=AS_WORDS)
    assert await send(replace(choices("a", "b"), words="a or b")) == Sent(message_id=None)
    assert await send(Location(latitude=1, longitude=2)) == Degraded(message_id=None, how=AS_A_LINK)
    assert isinstance(await send(Template(name="hello", language="en")), Refused)
    assert backend.said == ["Which?\n1. a\n2. b", "a or b", "https://maps.google.com/?q=1,2"]
