"""Asking before acting, as a chat: real store, real worker, a model that obeys."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from pydantic_ai.exceptions import ModelHTTPError
from tests.support.agent_harness import FRIEND, OWNER, AgentHarness

from cleo.agent import Patience
from cleo.agent.account_switch import LOST
from cleo.domain.access import Access
from cleo.domain.content import Chosen, MessageId, Reaction
from cleo.domain.errors import SendFailed, SendUncertain, ToolError
from cleo.domain.message import Quoted
from cleo.ports import Capabilities, Tool, ToolContext

effects: list[str] = []


async def wipe(name: str, hard: bool = False) -> str:
    """Wipe something."""
    effects.append(f"{name}:{hard}")
    return f"wiped {name}"


async def refuses(name: str) -> str:
    """Always says that nothing was done."""
    raise ToolError(f"there is no {name}")


async def breaks(name: str) -> str:
    """Has an effect and dies."""
    effects.append(name)
    raise OSError("connection lost")


async def look(name: str) -> str:
    """Look at something."""
    return f"saw {name}"


async def jot(ctx: ToolContext, text: str) -> str:
    """Write something down, once for each key."""
    effects.append(f"{ctx.key}={text}")
    return "noted"


TOOLS = (
    Tool(name="wipe", function=wipe, requires_confirmation=True, title="wipe something"),
    Tool(name="refuses", function=refuses, requires_confirmation=True),
    Tool(name="breaks", function=breaks, requires_confirmation=True),
    Tool(name="look", function=look, read_only=True),
    Tool(name="jot", function=jot),
)


@pytest.fixture
async def harness(tmp_path: Path) -> AsyncIterator[AgentHarness]:
    effects.clear()
    harness = AgentHarness(tmp_path, TOOLS)
    yield harness
    await harness.store.close()


async def test_the_question_shows_every_argument_also_defaults(harness: AgentHarness) -> None:
    [question] = await harness.say('do wipe {"name": "disk"}')
    assert "wipe something" in question and harness.ref() in question
    assert "name: `disk`" in question and "hard: false" in question
    assert effects == []


async def test_a_thumbs_up_runs_it_once(harness: AgentHarness) -> None:
    await harness.say('do wipe {"name": "disk"}')
    assert await harness.react("👍", harness.question().id) == ["wiped disk"]
    assert await harness.react("👍", harness.question().id) == []
    assert effects == ["disk:False"]


@pytest.mark.parametrize("emoji", ["👍🏽", "👍\ufe0f", "✅"])
async def test_variants_of_yes(harness: AgentHarness, emoji: str) -> None:
    await harness.say('do wipe {"name": "disk"}')
    await harness.react(emoji, harness.question().id)
    assert effects == ["disk:False"]


@pytest.mark.parametrize("emoji", ["❤️", "👌", "😂"])
async def test_courtesy_is_no_answer(harness: AgentHarness, emoji: str) -> None:
    await harness.say('do wipe {"name": "disk"}')
    assert await harness.react(emoji, harness.question().id) == []
    assert effects == []


async def test_thumbs_down_is_told_to_the_model(harness: AgentHarness) -> None:
    await harness.say('do wipe {"name": "disk"}')
    [said] = await harness.react("👎", harness.question().id)
    assert "The user said NO" in said
    assert effects == []


async def test_a_thumbs_up_taken_back_before_it_ran(harness: AgentHarness) -> None:
    await harness.say('do wipe {"name": "disk"}\ndo wipe {"name": "tape"}')
    await harness.react("👍", harness.question(0).id)
    await harness.react("", harness.question(0).id)
    await harness.later(60)
    assert effects == []


@pytest.mark.parametrize("restart", [False, True])
async def test_quoted_yes_and_bare_yes(harness: AgentHarness, restart: bool) -> None:
    await harness.say('do wipe {"name": "disk"}')
    if restart:
        await harness.restart()
    assert await harness.say("ok", quoted=Quoted(id=harness.question().id)) == ["wiped disk"]
    await harness.say('do wipe {"name": "tape"}')
    if restart:
        await harness.restart()
    assert await harness.say("Yes!") == ["wiped tape"]


async def test_a_no_with_a_reason_reaches_the_model(harness: AgentHarness) -> None:
    await harness.say('do wipe {"name": "disk"}')
    [said] = await harness.say("no, because I still need it", quoted=Quoted(id=harness.question().id))
    assert "because I still need it" in said and effects == []


async def test_another_wish_in_reply_supersedes(harness: AgentHarness) -> None:
    await harness.say('do wipe {"name": "disk"}')
    [said] = await harness.say("yes, but only the tape", quoted=Quoted(id=harness.question().id))
    assert "wants a change" in said and "only the tape" in said
    assert await harness.react("👍", harness.question().id) == []
    assert effects == []


async def test_two_open_the_second_is_answered(harness: AgentHarness) -> None:
    await harness.say('do wipe {"name": "disk"}\ndo wipe {"name": "tape"}')
    await harness.react("👍", harness.question(1).id)
    await harness.later(21)
    assert effects == ["tape:False"]
    await harness.react("👍", harness.question(0).id)
    assert effects == ["tape:False", "disk:False"]


async def test_a_bare_yes_with_two_open_asks_which(harness: AgentHarness) -> None:
    await harness.say('do wipe {"name": "disk"}\ndo wipe {"name": "tape"}')
    [hint] = await harness.say("yes")
    assert harness.ref(0) in hint and harness.ref(1) in hint and effects == []
    await harness.say(f"yes {harness.ref(1).lower()}")
    await harness.later(21)
    assert effects == ["tape:False"]


async def test_no_all(harness: AgentHarness) -> None:
    await harness.say('do wipe {"name": "disk"}\ndo wipe {"name": "tape"}')
    [said] = await harness.say("no all")
    assert said.count("The user said NO") == 2
    assert await harness.say("yes all") == ["you said: yes all"]
    assert effects == []


async def test_another_message_meanwhile_then_a_late_yes(harness: AgentHarness) -> None:
    await harness.say('do wipe {"name": "disk"}')
    [said] = await harness.say("what is the weather?")
    assert "NOT RUN YET" in said and "what is the weather?" in said
    assert await harness.say("thanks") == ["you said: thanks"]
    assert await harness.react("👍", harness.question().id) == ["wiped disk"]
    assert effects == ["disk:False"]


async def test_a_late_no_is_a_fact_for_the_next_turn(harness: AgentHarness) -> None:
    await harness.say('do wipe {"name": "disk"}')
    await harness.say("what is the weather?")
    assert await harness.react("👎", harness.question().id) == []
    [said] = await harness.say("and now?")
    assert said == f"told: {harness.ref()} (wipe): denied, it was not done | you said: and now?"
    assert await harness.say("again?") == ["you said: again?"]


async def test_expiry_is_no_answer_and_a_late_yes_has_no_effect(harness: AgentHarness) -> None:
    await harness.say('do wipe {"name": "disk"}')
    before = len(harness.channel.delivered)
    await harness.later(31 * 60)
    assert "nobody answered in time" in harness.channel.delivered[before].text
    [hint] = await harness.react("👍", harness.question().id)
    assert "expired" in hint and effects == []


async def test_a_yes_after_expiry_before_any_sweep(harness: AgentHarness) -> None:
    await harness.say('do wipe {"name": "disk"}')
    harness.clock.advance(31 * 60)
    await harness.react("👍", harness.question().id)
    assert effects == []


async def test_the_clock_of_a_question_starts_when_it_arrived(harness: AgentHarness) -> None:
    harness.channel.trouble = [SendFailed("bridge is away", retry_after=40 * 60)]
    await harness.say('do wipe {"name": "disk"}')
    await harness.later(41 * 60)
    assert await harness.react("👍", harness.question().id) == ["wiped disk"]


async def test_only_owners_may_answer(harness: AgentHarness) -> None:
    await harness.say('do wipe {"name": "disk"}', FRIEND)
    question = harness.question()
    assert question.to == "whatsapp/default/phone:+4915100000001"
    assert await harness.react("👍", question.id, FRIEND) == []
    assert effects == []
    assert await harness.react("👍", question.id) == ["wiped disk"]
    [answer] = [message for message in harness.channel.delivered if message.text == "wiped disk"]
    assert answer.to == "whatsapp/default/phone:+4915100000002"


async def test_nobody_may_answer_when_there_is_no_owner(tmp_path: Path) -> None:
    effects.clear()
    harness = AgentHarness(tmp_path, TOOLS, access=Access(users=frozenset({FRIEND})))
    [said] = await harness.say('do wipe {"name": "disk"}', FRIEND)
    assert "nobody may say yes" in said and effects == []
    await harness.store.close()


async def test_a_thumbs_up_elsewhere_has_no_effect(harness: AgentHarness) -> None:
    await harness.say('do wipe {"name": "disk"}')
    other = harness.channel.delivered[0].id
    await harness.say("hello")
    await harness.react("👍", harness.channel.delivered[-1].id)
    await harness.react("👍", other, FRIEND)
    assert effects == []


async def test_a_yes_typed_before_the_question_arrived(harness: AgentHarness) -> None:
    harness.channel.trouble = [SendFailed("away", retry_after=60)]
    await harness.say('do wipe {"name": "disk"}')
    await harness.say("yes")
    await harness.later(120)
    assert effects == []


async def test_the_sixth_open_question_is_refused(harness: AgentHarness) -> None:
    calls = "\n".join(f'do wipe {{"name": "d{n}"}}' for n in range(6))
    texts = await harness.say(calls)
    assert len([t for t in texts if t.startswith("⏳")]) == 5
    await harness.say("no all")
    assert any("open questions" in str(message) for message in harness.model.seen[-1])


async def test_the_tool_says_that_nothing_was_done(harness: AgentHarness) -> None:
    await harness.say('do refuses {"name": "disk"}')
    assert await harness.react("👍", harness.question().id) == ["there is no disk"]


async def test_an_unknown_outcome_is_asked_about_and_never_repeated_blindly(harness: AgentHarness) -> None:
    await harness.say('do breaks {"name": "mail"}')
    texts = await harness.react("👍", harness.question().id)
    assert effects == ["mail"]
    assert any("I may already have done this" in text for text in texts)
    await harness.react("👍", harness.question().id)
    assert effects == ["mail", "mail"]


async def test_free_and_confirmed_calls_in_one_response(harness: AgentHarness) -> None:
    await harness.say('do look {"name": "sky"}\ndo wipe {"name": "disk"}')
    assert await harness.react("👍", harness.question().id) == ["saw sky | wiped disk"]
    assert effects == ["disk:False"]


async def test_the_effect_is_single_when_the_model_fails_after_it(harness: AgentHarness) -> None:
    await harness.say('do wipe {"name": "disk"}')
    harness.worker.patience = Patience(longest=0)
    harness.model.fail = [ModelHTTPError(500, "m")]
    texts = await harness.react("👍", harness.question().id)
    assert effects == ["disk:False"]
    assert any("carried out" in text for text in texts)
    assert (await harness.say("and?"))[-1].endswith("you said: and?")
    assert effects == ["disk:False"]


async def test_a_model_that_recovers_is_not_noticed(harness: AgentHarness) -> None:
    harness.model.fail = [ModelHTTPError(503, "m"), ModelHTTPError(429, "m")]
    assert await harness.say("hello") == []
    await harness.later(3)
    await harness.later(3)
    assert [message.text for message in harness.channel.delivered] == ["you said: hello"]


async def test_a_tool_without_confirmation_runs_at_once_and_once(harness: AgentHarness) -> None:
    assert await harness.say('do jot {"text": "milk"}') == ["noted"]
    assert len(effects) == 1


async def test_the_outcome_is_shown_on_the_question(harness: AgentHarness) -> None:
    await harness.say('do wipe {"name": "disk"}')
    await harness.react("👍", harness.question().id)
    signs = [m.content for m in harness.channel.delivered if isinstance(m.content, Reaction)]
    assert signs == [Reaction(emoji="🟢", to=harness.question().id, on_own=True)]


# ── taps, and another way to WhatsApp ──────────────────────────────────────────────────────────────────


async def tap(harness: AgentHarness, verdict: str, ref: str, on: MessageId | None) -> list[str]:
    quoted = Quoted(id=on) if on else None
    return await harness.say(Chosen(id=f"{verdict}:{ref}", title="👍 Do it"), quoted=quoted)


async def test_a_button_under_the_question_answers_it_once(harness: AgentHarness) -> None:
    await harness.say('do wipe {"name": "disk"}')
    asked = harness.question()
    await tap(harness, "yes", harness.ref(), asked.id)
    assert effects == ["disk:False"]
    assert await tap(harness, "yes", harness.ref(), asked.id) == ["That question is closed already."]
    assert effects == ["disk:False"]


async def test_a_button_counts_only_for_the_question_that_it_stands_under(harness: AgentHarness) -> None:
    await harness.say('do wipe {"name": "one"}')
    await harness.say('do wipe {"name": "two"}')
    await tap(harness, "yes", harness.ref(1), harness.question(0).id)
    assert effects == []
    await tap(harness, "no", harness.ref(1), harness.question(1).id)
    await tap(harness, "yes", harness.ref(0), harness.question(0).id)
    assert effects == ["one:False"]


async def test_a_button_counts_also_before_the_id_of_its_message_is_known(harness: AgentHarness) -> None:
    """The answer to the send was lost, and the person was faster than the news about it."""
    harness.channel.foresees = False
    harness.channel.capabilities = Capabilities(on_repeat="reconciled")
    harness.channel.trouble = [SendUncertain("cut off")]
    await harness.say('do wipe {"name": "disk"}')
    [row] = await harness.store.read(lambda tx: tx.confirmation_lookup.pending())
    await tap(harness, "yes", row.ref, MessageId("wamid.unknown"))
    assert effects == ["disk:False"]


async def test_a_button_of_somebody_who_may_not_is_no_answer(harness: AgentHarness) -> None:
    await harness.say('do wipe {"name": "disk"}')
    asked = harness.question()
    quoted = Quoted(id=asked.id)
    await harness.say(Chosen(id=f"yes:{harness.ref()}", title="👍"), sender=FRIEND, chat=OWNER, quoted=quoted)
    assert effects == []


async def test_after_a_move_open_questions_are_asked_again_about_the_same_call(harness: AgentHarness) -> None:

    assert await harness.switch("baileys") == set()
    await harness.say('do wipe {"name": "disk"}')
    old = harness.question()
    for _ in range(2):  # a start more changes nothing
        for conversation in await harness.switch("cloud:1001"):
            await harness.engine.wake(conversation)
        await harness.settle()
    questions = harness.questions()
    assert [message.content for message in questions] == [old.content, old.content]
    assert questions[1].id != old.id
    await harness.react("👍", old.id)
    assert effects == []
    await harness.react("👍", questions[1].id)
    assert effects == ["disk:False"]
    [sign] = [m.content for m in harness.channel.delivered if isinstance(m.content, Reaction)]
    assert sign.to == questions[1].id


async def test_what_was_being_sent_at_a_move_is_told_and_not_repeated(harness: AgentHarness) -> None:
    harness.channel.trouble = [SendUncertain("cut off")]
    await harness.say("hello")
    for number in ("baileys", "cloud:1001"):
        await harness.switch(number)
    await harness.later(100)
    assert harness.channel.delivered == []
    assert LOST in (await harness.say("and?"))[0]
