"""How much a request may hold, in tokens: a share of what the model can read, with room for its answer."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from pydantic_ai.messages import (
    ModelMessage,
    ModelRequest,
    TextContent,
    ToolCallPart,
    ToolReturnPart,
    UserPromptPart,
)
from pydantic_ai.models import Model
from pydantic_ai.tools import ToolDefinition
from pydantic_core import to_json

from cleo.agent.model.exchange import begins_turn
from cleo.domain.content import annotate

CONTEXT = 24_000
"""Tokens that a model can read of which nobody knows it."""
PICTURE = 1_600
PICTURES = 3
"""So many pictures are shown at most, see `ImageAttacher`."""
LEFT_OUT = annotate("This result is left out here, because the turn became too long.")

_SHARE = 0.7
_MOST = 100_000
"""More costs more than it helps."""
_ANSWER = 4_096
_LEAST = 1_000
_FRAME = 8
"""Tokens around each part."""


def tokens(text: str) -> int:
    """Estimate cautiously: three ASCII characters a token, of other scripts less than one."""
    if text.isascii():
        return len(text) // 3 + 1
    plain = len(text.encode("ascii", "ignore"))
    return plain // 3 + int((len(text) - plain) * 1.2) + 1


def size(message: ModelMessage) -> int:
    """Estimate the tokens of a message, without its pictures."""
    return sum(_FRAME + _part(part) for part in message.parts)


def _part(part: object) -> int:
    match part:
        case ToolCallPart():
            return tokens(part.tool_name) + tokens(part.args_as_json_str())
        case ToolReturnPart():
            return tokens(part.tool_name) + tokens(part.model_response_str())
        case UserPromptPart(content=str(words)):
            return tokens(words)
        case UserPromptPart(content=pieces):
            return sum(tokens(piece if isinstance(piece, str) else _label(piece)) for piece in pieces)
        case _:
            content = getattr(part, "content", "")
            return tokens(content) if isinstance(content, str) else PICTURE


def _label(piece: object) -> str:
    return piece.content if isinstance(piece, TextContent) else ""


def _pictures(messages: Iterable[ModelMessage]) -> int:
    pieces = (
        piece
        for message in messages
        if isinstance(message, ModelRequest)
        for part in message.parts
        if isinstance(part, UserPromptPart) and not isinstance(part.content, str)
        for piece in part.content
    )
    return sum(isinstance(piece, TextContent) and bool(piece.metadata) for piece in pieces)


def size_of_tools(tools: Iterable[ToolDefinition]) -> int:
    """Estimate the tokens of the tools' descriptions."""
    return sum(
        _FRAME + tokens(f"{tool.name}{tool.description}") + len(to_json(tool.parameters_json_schema)) // 3
        for tool in tools
    )


@dataclass(frozen=True, slots=True)
class Budget:
    """What the messages, tools and instructions of one request may take together."""

    tokens: int

    @property
    def piece(self) -> int:
        """The most that one result or one prompt may take."""
        return self.tokens // 4

    def fit(self, messages: Sequence[ModelMessage], *, fixed: int, turn: int) -> list[ModelMessage]:
        """Return the newest messages that fit, from some prompt on; those since `turn` always stay.

        `fixed` is what else the request holds. When the turn alone is too long, its older results are left out.
        """
        start, excess = self._start(messages, fixed, turn)
        kept = list(messages[start:])
        return _without_results(kept, excess) if excess > 0 else kept

    def newest(self, messages: Sequence[ModelMessage], *, turn: int) -> Sequence[ModelMessage]:
        """Return the messages from which a later request may be made, as they are."""
        return messages[self._start(messages, 0, turn)[0] :]

    def _start(self, messages: Sequence[ModelMessage], fixed: int, turn: int) -> tuple[int, int]:
        """Return the place of the first message that fits, and by how much all from there on are too long."""
        room = self.tokens - fixed - PICTURE * min(_pictures(messages), PICTURES)
        sizes = [size(message) for message in messages]
        left, start = sum(sizes), 0
        while left > room and start < turn:
            left -= sizes[start]
            start += 1
            while start < turn and not begins_turn(messages[start]):
                left -= sizes[start]
                start += 1
        return start, left - room


def _without_results(messages: list[ModelMessage], excess: int) -> list[ModelMessage]:
    """Leave results out, oldest first, until so many tokens are gone; the newest message stays."""
    for place, message in enumerate(messages[:-1]):
        if isinstance(message, ModelRequest) and excess > 0:
            parts = [
                replace(part, content=LEFT_OUT) if isinstance(part, ToolReturnPart) else part
                for part in message.parts
            ]
            messages[place] = replace(message, parts=parts)
            excess -= size(message) - size(messages[place])
    return messages


def budget_of(model: Model, setting: int | None = None) -> Budget:
    """Return the budget for a model: by the setting, by what is known about the model, else a cautious one."""
    context = setting or _known(model) or CONTEXT
    answer = min(_ANSWER, context // 8)
    return Budget(max(min(int(context * _SHARE) - answer, _MOST), _LEAST))


def _known(model: Model) -> int | None:
    found = model.profile.get("context_window")
    return found if isinstance(found, int) and found > 0 else None
