"""What a provider refused for good is found, and not sent again in the same form: a sentence takes its place."""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace

import structlog
from pydantic_ai.messages import (
    ModelMessage,
    ModelRequest,
    ModelRequestPart,
    ModelResponse,
    ModelResponsePart,
    TextContent,
    TextPart,
    ToolCallPart,
    ToolReturnPart,
    UserPromptPart,
)

from cleo.agent.model.budget import Budget
from cleo.agent.model.exchange import Exchange
from cleo.domain.content import annotate
from cleo.domain.errors import ContentRefused, ModelRefused

MOST = 12
"""Requests of one search, with the one that was refused."""
NO_PICTURE = annotate("The model's provider did not take this picture.")
NO_RESULT = annotate("This result is left out: the model's provider refused it.")
NO_MESSAGE = annotate("This message is left out: the model's provider refused it.")
REFUSED_PROMPT = (
    "⚠️ The model's provider refused your last message, so I left it out. Please try it in other words."
)

_HALVINGS = 3
_log = structlog.get_logger("cleo.quarantine")

Ask = Callable[[list[ModelMessage], Budget], Awaitable[ModelResponse]]
"""Sends messages within a budget; raises `ContentRefused`."""


@dataclass(frozen=True, slots=True)
class Suspect:
    """A part of a message that may be what is refused; `piece` is a place within a prompt."""

    message: int
    part: int
    piece: int = -1


Group = tuple[Suspect, ...]


class _Exhausted(Exception):
    """So many requests were made that the search ends with what it has."""


@dataclass(slots=True)
class Search:
    """Tries without this and that until the provider answers, then makes the guilty parts few."""

    exchange: Exchange
    ask: Ask
    budget: Budget
    left: int = MOST - 1
    _answers: dict[Group, ModelResponse] = field(default_factory=dict[Group, ModelResponse])

    async def run(self, refusal: ContentRefused) -> ModelResponse:
        """Return the answer to what is left; the exchange and `budget` are changed. Raises `ModelRefused`."""
        messages, turn = self.exchange.messages, self.exchange.turn_start()
        if found := await self._one_of(_pictures(messages)):
            return found
        if found := await self._smaller():
            return found
        groups = (_results(messages, turn), _calls(messages), _everything(messages, 0, turn))
        for group in groups:
            if found := await self._one_of(group):
                return found
        if await self._answer(prompt := _everything(messages, turn, turn + 1)):
            self._replace(prompt)
            raise ModelRefused(REFUSED_PROMPT.removeprefix("⚠️ ")) from refusal
        raise ModelRefused(str(refusal)) from refusal

    async def _smaller(self) -> ModelResponse | None:
        """Try half of the budget, and half of that; what fits is the budget from now on."""
        half = self.budget
        for _ in range(_HALVINGS):
            half = Budget(half.tokens // 2)
            if found := await self._send(self.exchange.messages, half):
                _log.warning("model reads less than was thought", tokens=half.tokens)
                self.budget = half
                return found
        return None

    async def _one_of(self, group: Group) -> ModelResponse | None:
        """Try without a group; if that is answered, find out which of it is guilty."""
        if not group or not await self._answer(group):
            return None
        try:
            guilty = await self._narrow(group, ())
        except _Exhausted:
            guilty = min(self._answers, key=len)
        self._replace(guilty)
        return self._answers[guilty]

    async def _narrow(self, group: Group, also: Group) -> Group:
        """Return the fewest of a group without which, and without `also`, the provider answers."""
        if len(group) == 1:
            return _sorted(group + also)
        middle = len(group) // 2
        for half in (group[:middle], group[middle:]):
            if await self._answer(_sorted(half + also), needed=True):
                return await self._narrow(half, also)
        first = await self._narrow(group[:middle], group[middle:] + also)
        kept = tuple(each for each in first if each not in group[middle:])
        return await self._narrow(group[middle:], kept)

    async def _answer(self, without: Group, *, needed: bool = False) -> ModelResponse | None:
        if self.left <= 0 and needed:
            raise _Exhausted
        if found := await self._send(_replaced(self.exchange.messages, without), self.budget):
            self._answers[_sorted(without)] = found
        return found

    async def _send(self, messages: Sequence[ModelMessage], budget: Budget) -> ModelResponse | None:
        if self.left <= 0:
            return None
        self.left -= 1
        try:
            return await self.ask(list(messages), budget)
        except ContentRefused:
            return None

    def _replace(self, guilty: Group) -> None:
        _log.warning("refused parts left out", parts=len(guilty))
        self.exchange.messages[:] = _replaced(self.exchange.messages, guilty)
        self.exchange.replaced |= {suspect.message for suspect in guilty}


def _sorted(group: Iterable[Suspect]) -> Group:
    return tuple(sorted(set(group), key=lambda each: (each.message, each.part, each.piece)))


def _pictures(messages: Sequence[ModelMessage]) -> Group:
    """Return the references to files that a model may be shown, newest first."""
    found = [
        Suspect(place, number, at)
        for place, message in enumerate(messages)
        for number, part in enumerate(message.parts)
        if isinstance(part, UserPromptPart) and not isinstance(part.content, str)
        for at, piece in enumerate(part.content)
        if isinstance(piece, TextContent) and piece.metadata
    ]
    return tuple(reversed(found))


def _results(messages: Sequence[ModelMessage], start: int) -> Group:
    """Return the results of a turn, newest first."""
    found = [
        Suspect(place, number)
        for place in range(start, len(messages))
        for number, part in enumerate(messages[place].parts)
        if isinstance(part, ToolReturnPart)
    ]
    return tuple(reversed(found))


def _calls(messages: Sequence[ModelMessage]) -> Group:
    return tuple(
        Suspect(place, number)
        for place, message in enumerate(messages)
        for number, part in enumerate(message.parts)
        if isinstance(part, ToolCallPart)
    )


def _everything(messages: Sequence[ModelMessage], start: int, end: int) -> Group:
    return tuple(
        Suspect(place, number)
        for place in range(start, min(end, len(messages)))
        for number, _ in enumerate(messages[place].parts)
    )


def _replaced(messages: Sequence[ModelMessage], guilty: Iterable[Suspect]) -> list[ModelMessage]:
    """Put a sentence in the place of every guilty part."""
    changed = list(messages)
    for suspect in guilty:
        message = changed[suspect.message]
        if isinstance(message, ModelRequest):
            requested = list(message.parts)
            requested[suspect.part] = _asked(requested[suspect.part], suspect.piece)
            changed[suspect.message] = replace(message, parts=requested)
        else:
            answered = list(message.parts)
            answered[suspect.part] = _answered(answered[suspect.part])
            changed[suspect.message] = replace(message, parts=answered)
    return changed


def _asked(part: ModelRequestPart, piece: int) -> ModelRequestPart:
    if isinstance(part, ToolReturnPart):
        return ToolReturnPart(part.tool_name, NO_RESULT, part.tool_call_id, outcome=part.outcome)
    if not isinstance(part, UserPromptPart):
        return part
    if piece < 0:
        return replace(part, content=NO_MESSAGE)
    pieces = list(part.content)
    pieces[piece] = f"{getattr(pieces[piece], 'content', '')} {NO_PICTURE}".strip()
    return replace(part, content=pieces)


def _answered(part: ModelResponsePart) -> ModelResponsePart:
    if isinstance(part, ToolCallPart):
        return ToolCallPart(part.tool_name, {}, part.tool_call_id)
    return replace(part, content=NO_MESSAGE) if isinstance(part, TextPart) else part
