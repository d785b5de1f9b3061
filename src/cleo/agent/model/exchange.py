"""What was said between Cleo and the model in one run: stored messages, then those that are new."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from pydantic_ai.messages import (
    ModelMessage,
    ModelMessagesTypeAdapter,
    ModelRequest,
    ModelRequestPart,
    ModelResponse,
    ToolCallPart,
    ToolReturnPart,
    UserContent,
    UserPromptPart,
)
from pydantic_core import PydanticSerializationError

Grants = Mapping[str, str | None]
"""What became of parked calls, by call id: None: it may run now; else what the model is told instead."""


@dataclass(slots=True, kw_only=True)
class Exchange:
    """The messages of a run, oldest first; they are stored one a row, in this order and without gaps."""

    messages: list[ModelMessage]
    first_revision: int = 1
    """The revision of the first message."""
    stored: int = 0
    """So many messages from the front are in the store."""
    live_from: int = 0
    """Calls before this place were given up; later ones that have no result are to be answered."""
    prompt: Sequence[UserContent] = ()
    """Goes out with the next request, once."""
    facts: Sequence[str] = ()
    """What happened beside the messages; it is kept with the next request, and told in the instructions."""
    grants: Grants | None = None
    """Answers to the calls that were parked; None: nothing was parked. They hold for the first calls only: the ids of
    later ones may be the same."""
    answers_parked: bool = True
    """Whether the calls that are answered next are those."""
    replaced: set[int] = field(default_factory=set[int])
    """Places of messages that differ from what the store has, because a part of them was refused for good."""
    results: dict[str, ToolReturnPart] = field(default_factory=dict[str, ToolReturnPart])
    """Results of the newest response's calls that are not in the messages yet, by call id."""
    running: dict[str, str] = field(default_factory=dict[str, str])
    """Ledger keys of the calls that have started and not ended, by call id."""

    @property
    def unstored(self) -> list[ModelMessage]:
        """What the store does not have yet."""
        return self.messages[self.stored :]

    def unanswered(self) -> list[ToolCallPart]:
        """Return the calls of the newest response that have no result."""
        return _unanswered(self.messages, self.live_from)

    def was_cut_off(self) -> bool:
        """Tell whether the newest response ended by its length."""
        responses = (each for each in reversed(self.messages) if isinstance(each, ModelResponse))
        newest = next(responses, None)
        return newest is not None and newest.finish_reason == "length"

    def add_request(self, results: Sequence[ModelRequestPart]) -> None:
        """Add results of calls, and the prompt if it did not go out yet."""
        parts = [*results, *([UserPromptPart(self.prompt)] if self.prompt else [])]
        self.prompt = ()
        self.answers_parked = False
        self.results.clear()
        if parts:
            metadata = {"facts": list(self.facts)} if self.facts else None
            self.messages.append(ModelRequest(parts=parts, metadata=metadata))
            self.facts = ()

    def all_facts(self) -> list[str]:
        """Return what happened beside the messages, oldest first."""
        known = ((message.metadata or {}).get("facts", ()) for message in self.messages)
        return [*(str(fact) for facts in known for fact in facts), *self.facts]

    def turn_start(self) -> int:
        """Return the place of the newest message with a prompt; 0 if there is none."""
        places = range(len(self.messages) - 1, -1, -1)
        return next((place for place in places if begins_turn(self.messages[place])), 0)


def _unanswered(messages: Sequence[ModelMessage], live_from: int) -> list[ToolCallPart]:
    answered: set[str] = set()
    for message in reversed(messages[live_from:]):
        if isinstance(message, ModelResponse):
            calls = [part for part in message.parts if isinstance(part, ToolCallPart)]
            return [call for call in calls if call.tool_call_id not in answered]
        answered |= {part.tool_call_id for part in message.parts if isinstance(part, ToolReturnPart)}
    return []


def begins_turn(message: ModelMessage) -> bool:
    """Tell whether somebody's words are in it."""
    return isinstance(message, ModelRequest) and any(
        isinstance(part, UserPromptPart) for part in message.parts
    )


def read_body(body: bytes) -> ModelMessage:
    """Read one stored message."""
    return ModelMessagesTypeAdapter.validate_json(body)[0]


def write_body(message: ModelMessage) -> bytes:
    """Write a message for the store; what UTF-8 cannot hold becomes question marks."""
    if isinstance(message, ModelRequest) and message.instructions is not None:
        message = replace(message, instructions=None)
    try:
        return ModelMessagesTypeAdapter.dump_json([message])
    except PydanticSerializationError:
        loose = json.dumps(ModelMessagesTypeAdapter.dump_python([message]), ensure_ascii=False, default=str)
        return loose.encode(errors="replace")
