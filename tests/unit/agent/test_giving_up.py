"""What becomes of open questions when the run of a message, or their own, is given up."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from structlog.testing import capture_logs
from tests.support.agent_harness import AgentHarness

from cleo.agent.run.claim import GAVE_UP
from cleo.domain.confirmation import claim
from cleo.domain.content import Reaction
from cleo.domain.run import MAX_CRASHES, Run, RunId, RunKind
from cleo.ports import Tool, Transaction

effects: list[str] = []


async def wipe(name: str) -> str:
    """Wipe something."""
    effects.append(name)
    return f"wiped {name}"


async def look(name: str) -> str:
    """Look at something."""
    return f"saw {name}"


async def jot(text: str) -> str:
    """Write something down."""
    effects.append(text)
    return f"noted {text}"


@pytest.fixture
async def harness(tmp_path: Path) -> AsyncIterator[AgentHarness]:
    effects.clear()
    harness = AgentHarness(
        tmp_path,
        [
            Tool(name="wipe", function=wipe, requires_confirmation=True),
            Tool(name="look", function=look, read_only=True),
            Tool(name="jot", function=jot),
        ],
    )
    yield harness
    await harness.store.close()


async def test_a_message_that_is_given_up_takes_no_open_question_with_it(harness: AgentHarness) -> None:
    await harness.say('do look {"name": "sky"}\ndo wipe {"name": "disk"}')
    await harness.hear("bad")
    await harness.die(MAX_CRASHES)
    await harness.settle()
    assert await harness.react("👍", harness.question().id) == ["saw sky | wiped disk"]
    assert effects == ["disk"]


@pytest.mark.parametrize("late", [False, True])
async def test_a_yes_that_was_begun_when_its_run_was_given_up_is_told(
    harness: AgentHarness, late: bool
) -> None:
    await harness.say('do wipe {"name": "disk"}')
    if late:
        await harness.say("meanwhile")
    ref = harness.ref()
    await harness.hear(Reaction(emoji="👍", to=harness.question().id))

    def killed(tx: Transaction) -> None:
        """Leave what the last of its lives left, which ended within the tool."""
        row = tx.confirmations.get(ref)
        begun = claim(row) if row else None
        assert begun
        tx.confirmations.save(begun, before="approved")
        kind: RunKind = "late" if late else "resume"
        chat = harness.question().to
        tx.runs.start(
            Run(id=RunId("r"), conversation=chat, kind=kind, attempts=MAX_CRASHES, ref=ref if late else "")
        )

    await harness.store.write(killed)
    await harness.settle()
    assert harness.channel.delivered[-1].text == GAVE_UP
    facts = (await harness.say("and?"))[-1]
    assert ref in facts
    assert "nobody knows" in facts
    assert effects == []


WIPE = 'do wipe {"name": "disk"}'
JOT = 'do jot {"text": "milk"}'


async def dead(harness: AgentHarness) -> list[str]:
    """The messages that were given up, in their order."""
    letters = await harness.store.read(lambda tx: tx.dead_letters.recent(9))
    assert {letter.kind for letter in letters} <= {"inbound"}
    return sorted(letter.key for letter in letters)


async def test_what_was_asked_for_is_given_up_with_the_run_that_goes_on_with_it(
    harness: AgentHarness,
) -> None:
    await harness.say(WIPE)
    await harness.hear(Reaction(emoji="👎", to=harness.question().id))
    await harness.die(MAX_CRASHES)
    await harness.settle()
    assert harness.channel.delivered[-1].text == GAVE_UP
    assert await dead(harness) == ["inbox:1"]
    assert effects == []


@pytest.mark.parametrize("answered", [0, 1])
async def test_with_a_run_that_took_an_outcome_along_goes_what_was_asked_for(
    harness: AgentHarness, answered: int
) -> None:
    """Before its first step is saved the outcome still waits for a run, and after it for nobody."""
    await harness.say(WIPE)
    await harness.hear(Reaction(emoji="👍", to=harness.question().id))
    await harness.hear(JOT)
    await harness.die(MAX_CRASHES, answered=answered)
    await harness.settle()
    assert effects == ["disk", *["milk"] * answered]
    assert GAVE_UP in [each.text for each in harness.channel.delivered]
    assert await dead(harness) == ["inbox:1", "inbox:3"][-1 - answered :]
    told = [each.text for each in harness.channel.delivered if "wiped disk" in each.text]
    assert len(told) == 1 - answered


@pytest.mark.parametrize("answered", [0, 1])
async def test_with_the_last_of_many_runs_without_a_reply_goes_all_that_was_asked_for(
    harness: AgentHarness, answered: int
) -> None:
    await harness.say(WIPE)
    await harness.hear(Reaction(emoji="👎", to=harness.question().id))
    await harness.hear(f"{JOT}\n{WIPE}")
    await harness.settle()
    await harness.hear(Reaction(emoji="👎", to=harness.question().id))
    if answered:
        await harness.hear(JOT)
    await harness.die(MAX_CRASHES, answered=answered)
    await harness.settle()
    assert harness.channel.delivered[-1].text == GAVE_UP
    assert await dead(harness) == ["inbox:1", "inbox:3", "inbox:5"][: 2 + answered]


async def test_a_reply_ends_what_a_run_owed(harness: AgentHarness) -> None:
    await harness.say(WIPE)
    await harness.react("👍", harness.question().id)
    await harness.hear(JOT)
    await harness.die(MAX_CRASHES, answered=1)
    await harness.settle()
    assert await dead(harness) == ["inbox:3"]


async def test_a_run_that_goes_on_after_a_crash_works_on_what_it_took_alone(harness: AgentHarness) -> None:
    await harness.say(WIPE)
    await harness.hear(Reaction(emoji="👍", to=harness.question().id))
    await harness.hear(JOT)
    await harness.die(1, answered=1)
    with capture_logs() as lines:
        await harness.settle()
    [begun] = [line for line in lines if line["event"] == "run begun"]
    assert begun["messages"] == ["M3"]
