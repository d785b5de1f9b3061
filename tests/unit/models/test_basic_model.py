"""The rule model, driven by the model library as any other model."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic_ai import Agent, DeferredToolRequests, Tool
from pydantic_ai.conversation import Conversation
from pydantic_ai.exceptions import ApprovalRequired, ToolFailed
from pydantic_ai.messages import (
    ModelRequest,
    TextContent,
    ToolCallPart,
    ToolReturnPart,
    UserContent,
    UserPromptPart,
)
from pydantic_ai.tools import RunContext, ToolDenied

from cleo.models.basic import BasicModel
from cleo.models.basic.plan import next_step
from cleo.models.basic.prompt import Called, Prompt

NOW = "Now: 2026-11-23T15:04:05+01:00 (Europe/Berlin)"


class RecordingTools:
    """Tools that record their calls."""

    def __init__(self) -> None:
        self.done: list[tuple[str, Any]] = []
        self.notes = {1: "gate code 4711", 2: "milk is sour", 3: "code of the safe 99"}

    def set_reminder(self, text: str, when: str, repeat: str = "") -> str:
        """Remind."""
        self.done.append(("set_reminder", (text, when, repeat)))
        return f"Reminder set for {when}: {text}"

    def add_note(self, text: str) -> str:
        """Note."""
        self.done.append(("add_note", text))
        return f"Noted: {text}"

    def find_notes(self, words: str) -> str:
        """Find."""
        found = [
            f"{number}. {text}"
            for number, text in self.notes.items()
            if words == str(number) or all(word in text for word in words.split())
        ]
        return "\n".join(["Found:", *found]) if found else "No note."

    def delete_note(self, ctx: RunContext[None], note: str) -> str:
        """Delete."""
        if not ctx.tool_call_approved:
            raise ApprovalRequired
        self.done.append(("delete_note", note))
        return f"Deleted: {note}"

    def calculate(self, expression: str) -> str:
        """Calculate."""
        if "/ 0" in expression:
            raise ToolFailed("That cannot be worked out (division by zero).")
        return f"{expression} = 42"

    def agent(self) -> Agent[None, str | DeferredToolRequests]:
        return Agent(
            BasicModel(),
            deps_type=type(None),
            output_type=[str, DeferredToolRequests],
            instructions=f"You are Cleo.\n{NOW}",
            tools=[
                Tool(self.set_reminder),
                Tool(self.add_note),
                Tool(self.find_notes),
                Tool(self.delete_note),
                Tool(self.calculate),
            ],
        )


async def ask(recording: RecordingTools, prompt: str | Sequence[UserContent]) -> str:
    result = await recording.agent().run(prompt)
    assert isinstance(result.output, str)
    return result.output


async def test_a_reminder_in_seconds_is_counted_from_the_time_in_the_instructions():
    recording = RecordingTools()
    reply = await ask(recording, "Please remind me in 5 seconds to drink water!")
    assert recording.done == [("set_reminder", ("drink water", "2026-11-23T15:04:10+01:00", ""))]
    assert "drink water" in reply


async def test_without_a_time_in_the_instructions_the_prompts_own_time_counts():
    agent = Agent(BasicModel())
    recording = RecordingTools()
    agent.tool_plain(recording.set_reminder)
    made = datetime(2030, 1, 1, 10, tzinfo=UTC)
    await agent.run(
        conversation=Conversation(
            messages=[ModelRequest([UserPromptPart("remind me in 1 minute to breathe", timestamp=made)])]
        )
    )
    assert recording.done == [("set_reminder", ("breathe", "2030-01-01T10:01:00+00:00", ""))]


async def test_deleting_looks_first_so_that_the_question_shows_what_goes():
    recording = RecordingTools()
    paused = await recording.agent().run("delete note 1")
    assert isinstance(paused.output, DeferredToolRequests)
    [call] = paused.output.approvals
    assert json.loads(call.args_as_json_str()) == {"note": "1. gate code 4711"}
    assert recording.done == []
    results = paused.output.build_results(approvals={call.tool_call_id: True})
    done = await recording.agent().run(
        conversation=Conversation(messages=paused.all_messages(), deferred_tool_requests=paused.output),
        deferred_tool_results=results,
    )
    assert recording.done == [("delete_note", "1. gate code 4711")]
    assert done.output == "Deleted: 1. gate code 4711"


@pytest.mark.parametrize(
    ("verdict", "said"),
    [
        (ToolDenied("The user said NO. It was not done."), "OK, I did not delete note."),
        (ToolDenied("NOT DONE: nobody answered in time. This is not a refusal."), "nobody answered"),
        (ToolDenied("NOT RUN YET: waiting for the user (ref K7Q4)."), "Not done yet"),
    ],
)
async def test_what_was_not_done_is_never_told_as_done(verdict: ToolDenied, said: str):
    recording = RecordingTools()
    paused = await recording.agent().run("delete note 1")
    assert isinstance(paused.output, DeferredToolRequests)
    [call] = paused.output.approvals
    done = await recording.agent().run(
        conversation=Conversation(messages=paused.all_messages(), deferred_tool_requests=paused.output),
        deferred_tool_results=paused.output.build_results(approvals={call.tool_call_id: verdict}),
    )
    assert recording.done == []
    assert said in str(done.output)
    assert "Deleted" not in str(done.output)


async def test_an_ambiguous_note_is_asked_about_and_a_missing_one_is_said():
    recording = RecordingTools()
    reply = await ask(recording, "delete the note about code")
    assert "1. gate code 4711" in reply and "3. code of the safe 99" in reply
    assert "no note" in (await ask(recording, "delete note 7")).lower()
    assert recording.done == []


async def test_all_messages_of_a_burst_are_answered_in_order():
    recording = RecordingTools()
    reply = await ask(recording, ["note: first", "xyzzy plugh", "2 + 2"])
    assert recording.done == [("add_note", "first")]
    assert reply.index("Noted: first") < reply.index("xyzzy") < reply.index("= 42")


async def test_a_prompt_while_a_question_waits_answers_only_the_prompt():
    recording = RecordingTools()
    paused = await recording.agent().run("delete note 1")
    assert isinstance(paused.output, DeferredToolRequests)
    [call] = paused.output.approvals
    waiting = ToolDenied("NOT RUN YET: waiting for the user (ref K7Q4). Do not call it again.")
    done = await recording.agent().run(
        "note: buy stamps",
        conversation=Conversation(messages=paused.all_messages(), deferred_tool_requests=paused.output),
        deferred_tool_results=paused.output.build_results(approvals={call.tool_call_id: waiting}),
    )
    assert recording.done == [("add_note", "buy stamps")]
    assert done.output == "Noted: buy stamps"


async def test_a_failure_is_told_in_the_tools_own_words():
    assert await ask(RecordingTools(), "7 / 0") == "That cannot be worked out (division by zero)."


async def test_a_file_without_words_is_named_and_can_be_had_back():
    reply = await ask(RecordingTools(), [TextContent("⟦image holiday.jpg⟧", metadata={"file": "3f2a"})])
    assert "holiday.jpg" in reply and "cannot read images" in reply and "send me file" in reply


async def test_what_is_not_understood_is_said_with_the_reason():
    reply = await ask(RecordingTools(), "write a poem about the sea")
    assert "did not understand" in reply and "No AI model is connected" in reply


async def test_it_streams():
    recording = RecordingTools()
    seen: list[str] = []
    async with recording.agent().run_stream_events("note: streamed") as events:
        async for event in events:
            seen.append(type(event).__name__)
    assert recording.done == [("add_note", "streamed")]
    assert seen[-1] == "AgentRunResultEvent"


async def test_it_answers_the_same_thing_the_same_way():
    assert await ask(RecordingTools(), "6 * 7") == await ask(RecordingTools(), "6 * 7")


async def test_its_calls_name_only_tools_that_the_agent_has():
    agent = Agent(BasicModel())
    result = await agent.run("delete note 1")
    assert not any(isinstance(part, ToolCallPart) for m in result.all_messages() for part in m.parts)


async def test_a_long_list_of_requests_is_worked_off_to_its_end():
    recording = RecordingTools()
    times = [f"remind me in {number} minutes to stretch" for number in range(2, 17)]
    reply = await ask(recording, times)
    assert len(recording.done) == 15
    assert reply.count("stretch") == 15


async def test_two_notes_are_looked_up_and_both_are_asked_about():
    paused = await RecordingTools().agent().run(["delete note 1", "delete note 2"])
    assert isinstance(paused.output, DeferredToolRequests)
    notes = [json.loads(call.args_as_json_str())["note"] for call in paused.output.approvals]
    assert notes == ["1. gate code 4711", "2. milk is sour"]


@pytest.mark.parametrize(
    "quote",
    ["the gate?", "it's: note: wrong", "both ] and ) note: wrong", "x" * 5000],
)
@pytest.mark.parametrize("sender", ["", "⟦member Ann …0001⟧ ", "⟦forwarded⟧ "])
async def test_what_is_quoted_is_not_read_as_a_request(quote: str, sender: str):
    recording = RecordingTools()
    await ask(recording, f"{sender}⟦in reply to: {quote}⟧ note: hello")
    assert recording.done == [("add_note", "hello")]


def test_a_text_that_reads_otherwise_when_its_time_is_over_is_answered_by_what_was_done():
    texts = ["remind me today at 16:00 to call", "remind me at 18:00 to eat"]
    tool = Tool(RecordingTools().set_reminder)
    tools = {tool.name: tool.tool_def}
    early = datetime(2026, 11, 23, 15, 59, tzinfo=UTC)
    calls = next_step(Prompt(early, texts=texts), tools)
    assert not isinstance(calls, str) and len(calls) == 2
    made = [
        Called(ToolCallPart(call.tool, dict(call.args), f"c{number}")) for number, call in enumerate(calls)
    ]
    for called in made:
        called.result = ToolReturnPart("set_reminder", f"Set: {called.call.args_as_dict()['text']}", "c")
    for later in (early, early.replace(hour=17), early.replace(hour=23)):
        assert next_step(Prompt(later, texts=texts, calls=made), tools) == "Set: call\n\nSet: eat"


def test_a_text_that_can_be_read_only_later_is_not_done_later():
    recording = RecordingTools()
    tools = {tool.name: tool.tool_def for tool in (Tool(recording.set_reminder), Tool(recording.add_note))}
    texts = ["remind me on monday at 9 to call", "note: milk"]
    monday = datetime(2026, 11, 23, 15, tzinfo=UTC)
    calls = next_step(Prompt(monday, texts=texts), tools)
    assert not isinstance(calls, str) and [call.tool for call in calls] == ["add_note"]
    made = [Called(ToolCallPart("add_note", {}, "c"), ToolReturnPart("add_note", "Noted: milk", "c"))]
    assert next_step(Prompt(monday.replace(day=24), texts=texts, calls=made), tools) == "Noted: milk"


def test_what_a_tool_says_is_told_even_if_it_sounds_like_the_agents_own_words():
    tools = {"add_note": Tool(RecordingTools().add_note).tool_def}
    for words in ("outcome unknown", "NOT RUN YET", "NOT DONE: nobody answered"):
        called = Called(ToolCallPart("add_note", {}, "c"), ToolReturnPart("add_note", f"Noted: {words}", "c"))
        prompt = Prompt(datetime(2026, 11, 23, tzinfo=UTC), texts=[f"note: {words}"], calls=[called])
        assert next_step(prompt, tools) == f"Noted: {words}"
