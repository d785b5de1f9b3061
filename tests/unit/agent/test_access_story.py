"""People are let in and kept out while Cleo runs, and every message tells in the log why it is not answered."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import structlog
from structlog.contextvars import merge_contextvars
from structlog.testing import LogCapture
from tests.support.agent_harness import ACCOUNT, FRIEND, OWNER, STRANGER, AgentHarness

from cleo.agent import AccessWatch, ModelWatch
from cleo.agent.access_watch import FRESH
from cleo.agent.account_news import ACCOUNT_NEWS
from cleo.app.other_parts import other_parts
from cleo.domain.access import Access
from cleo.domain.content import Edit, MessageId, Reaction
from cleo.domain.errors import ModelUnavailable
from cleo.domain.identity import Address
from cleo.domain.message import Receipt

LID = Address("lid:219876543210987")


@pytest.fixture
async def harness(tmp_path: Path) -> AsyncIterator[AgentHarness]:
    harness = AgentHarness(tmp_path)
    yield harness
    await harness.store.close()


def watch_of(harness: AgentHarness, access: Access | None = None) -> AccessWatch:
    return AccessWatch(
        store=harness.store, engine=harness.engine, clock=harness.clock, access=access or harness.access
    )


def texts(harness: AgentHarness) -> list[str]:
    return [message.text for message in harness.channel.delivered]


async def test_somebody_who_is_let_in_is_answered_with_what_waited(harness: AgentHarness) -> None:
    watch = watch_of(harness)
    assert await harness.say("hello", STRANGER) == []
    await harness.hear(Reaction(emoji="👍", to=MessageId("M1")), STRANGER)
    await harness.hear(Edit(of=MessageId("M1"), body="hallo"), STRANGER)
    harness.clock.advance(5)
    await watch.decide(STRANGER, "allowed")
    await harness.settle()
    assert texts(harness) == ["you said: hello"]
    assert await harness.say("and now?", STRANGER) == ["you said: and now?"]


async def test_what_is_not_fresh_any_more_is_not_answered(harness: AgentHarness) -> None:
    watch = watch_of(harness)
    await harness.say("too old", STRANGER)
    harness.clock.advance(FRESH + 1)
    await watch.decide(STRANGER, "allowed")
    await harness.settle()
    assert texts(harness) == []


async def test_a_restart_answers_nothing_twice_nor_what_came_before_a_revocation(
    harness: AgentHarness,
) -> None:
    watch = watch_of(harness)
    await harness.say("hello", STRANGER)
    harness.clock.advance(5)
    await watch.decide(STRANGER, "allowed")
    await harness.settle()
    harness.clock.advance(5)
    await watch.decide(STRANGER, "none")
    await harness.say("hidden", STRANGER)
    harness.clock.advance(5)
    await watch_of(harness).look()
    await harness.settle()
    assert texts(harness) == ["you said: hello"]
    await watch.decide(STRANGER, "allowed")
    await watch_of(harness).look()
    await harness.settle()
    assert texts(harness) == ["you said: hello", "you said: hidden"]


async def test_letting_in_who_was_known_already_repeats_nothing(harness: AgentHarness) -> None:
    await harness.hear(Reaction(emoji="👍", to=MessageId("M1")), FRIEND)
    await harness.say("/help", FRIEND)
    before = texts(harness)
    harness.clock.advance(5)
    await watch_of(harness).decide(FRIEND, "allowed")
    await harness.settle()
    assert texts(harness) == before


async def test_a_block_counts_more_than_the_settings_and_is_taken_back(harness: AgentHarness) -> None:
    watch = watch_of(harness)
    await watch.decide(FRIEND, "blocked")
    assert await harness.say("hello", FRIEND) == []
    await watch.decide(FRIEND, "none")
    assert await harness.say("hello again", FRIEND) == ["you said: hello again"]
    await watch.decide(OWNER, "blocked")
    assert await harness.say("I own it", OWNER) == ["you said: I own it"]


async def test_another_process_learns_it_from_the_store(harness: AgentHarness) -> None:
    elsewhere = Access()
    other = watch_of(harness, elsewhere)
    await watch_of(harness).decide(STRANGER, "allowed")
    assert elsewhere.rules.allowed == frozenset()
    await other.look()
    assert elsewhere.rules.allowed == {STRANGER}


async def test_a_number_is_let_in_in_any_of_its_spellings(harness: AgentHarness) -> None:
    await watch_of(harness).decide(Address("phone:+5511987654321"), "allowed")
    assert await harness.say("oi", Address("phone:+551187654321")) == ["you said: oi"]


async def test_a_hidden_id_is_let_in_by_itself(harness: AgentHarness) -> None:
    await harness.say("who am I?", LID)
    harness.clock.advance(1)
    await watch_of(harness).decide(LID, "allowed")
    await harness.settle()
    assert texts(harness) == ["you said: who am I?"]


async def test_unknown_people_who_write_are_counted_and_members_of_groups_are_not(
    harness: AgentHarness,
) -> None:
    group = Address("group:120363000000000001")
    for _ in range(3):
        await harness.say("hello", STRANGER)
    await harness.hear("hello all", STRANGER, chat=group, is_group=True)
    await harness.hear("mine", STRANGER, from_me=True)
    await harness.say("hi", LID)
    unknown = await harness.store.read(lambda tx: tx.access.unknown(10))
    assert [(each.person, each.messages) for each in unknown] == [(LID, 1), (STRANGER, 3)]


@pytest.fixture
def log() -> Any:
    capture = LogCapture()
    structlog.configure(processors=[merge_contextvars, capture])
    yield capture
    structlog.reset_defaults()


async def test_each_step_of_a_message_has_a_line_with_its_ids_and_times(
    harness: AgentHarness, log: LogCapture
) -> None:
    await harness.say("do now {}", OWNER)
    await harness.receiver.receipt(
        Receipt(
            channel="whatsapp", chat=OWNER, of=(harness.channel.delivered[-1].id,), state="delivered", at=0
        )
    )
    lines = [line for line in log.entries if line["log_level"] == "info"]
    steps = [line["event"] for line in lines]
    for step in ("message received", "run begun", "run ended", "message sent", "status received"):
        assert step in steps, steps
    by_step = {line["event"]: line for line in lines}
    assert by_step["message received"]["id"] == "M1"
    assert by_step["message received"]["outcome"] == "waits for a run"
    assert by_step["run begun"]["messages"] == ["M1"]
    assert by_step["run begun"]["run"] == by_step["run ended"]["run"]
    assert by_step["message sent"]["chat"] == by_step["run ended"]["chat"]
    assert by_step["message sent"]["id"] == by_step["status received"]["ids"][0]
    assert all(isinstance(by_step[step]["ms"], int) for step in ("message received", "message sent"))
    assert "do now" not in str(log.entries)


@pytest.mark.parametrize(
    ("sender", "more", "why"),
    [
        (STRANGER, {}, "nobody has let this person in"),
        (LID, {}, "hidden id (LID)"),
        (OWNER, {"from_me": True}, "Cleo's own number"),
        (OWNER, {"chat": Address("group:120363000000000001"), "is_group": True}, "CLEO_ALLOWED_GROUPS"),
    ],
)
async def test_what_is_not_answered_says_why(
    sender: Address, more: dict[str, object], why: str, harness: AgentHarness, log: LogCapture
) -> None:
    await harness.hear("hello", sender, **more)
    (line,) = [line for line in log.entries if line["event"] == "message received"]
    assert why in line["outcome"]


async def test_a_message_that_comes_again_says_so(harness: AgentHarness, log: LogCapture) -> None:
    await harness.hear("hello")
    harness.count = 0
    await harness.hear("hello")
    outcomes = [line["outcome"] for line in log.entries if line["event"] == "message received"]
    assert outcomes == ["waits for a run", "known already"]


async def test_the_last_outcome_of_the_model_is_told(harness: AgentHarness) -> None:
    watch = ModelWatch(name="openai:gpt", clock=harness.clock, explain=lambda error: f"explained {error}")
    assert watch.health().code == "unasked"
    since = harness.clock.now()
    harness.clock.advance(2)
    watch.failed(ModelUnavailable("away"), since)
    harness.clock.advance(3)
    assert (watch.health().state, watch.health().message) == (
        "degraded",
        "explained away (last tried 3 s ago).",
    )


async def test_status_tells_of_models_people_and_another_number(harness: AgentHarness) -> None:
    model = ModelWatch(name="openai:gpt", clock=harness.clock, explain=str)
    parts = other_parts(watch_of(harness), [ACCOUNT], {"openai:gpt": model}, first="openai:gpt")

    async def told() -> dict[str, str]:
        return {name: (await ask()).message for name, ask in parts.items()}

    assert await told() == {
        "model": "openai:gpt was not asked yet.",
        "people": "Nobody unknown wrote.",
        "number": "The same number as before.",
        "account": "WhatsApp says nothing against it.",
    }
    kept = '{"quality": "Meta rates the number lower."}'
    await harness.store.write(lambda tx: tx.installation.set(ACCOUNT_NEWS, kept))
    await harness.say("hello", STRANGER)
    await harness.switch("baileys:1@s.whatsapp.net")
    await harness.switch("baileys:2@s.whatsapp.net")
    after = await told()
    assert after["people"] == "1 unknown people wrote: cleo access list"
    assert after["number"].startswith("Cleo has had another number since ")
    assert after["account"] == "Meta rates the number lower."


async def test_what_waited_when_its_writer_was_sent_away_is_not_answered(harness: AgentHarness) -> None:
    watch = watch_of(harness)
    await watch.decide(STRANGER, "allowed")
    assert await harness.hear("hello", STRANGER) == "accepted"
    await watch.decide(STRANGER, "none")
    await harness.later(5)
    assert texts(harness) == []


async def test_what_was_obeyed_before_a_revocation_is_not_obeyed_again(harness: AgentHarness) -> None:
    watch = watch_of(harness)
    await watch.decide(STRANGER, "allowed")
    assert await harness.say("/status", STRANGER)
    harness.clock.advance(5)
    await watch.decide(STRANGER, "none")
    assert await harness.say("hidden", STRANGER) == []
    harness.clock.advance(5)
    before = len(texts(harness))
    await watch.decide(STRANGER, "allowed")
    await harness.settle()
    assert texts(harness)[before:] == ["you said: hidden"]
