"""Where a call comes from: who asked, in which chat, and whose words the model had read by then."""

from collections.abc import Iterable, Iterator, Mapping
from typing import cast

from pydantic_ai.messages import ModelMessage, ModelRequest, TextContent, ToolReturnPart, UserPromptPart

from cleo.agent.approval.plan import Origin
from cleo.agent.model.exchange import Exchange, begins_turn
from cleo.agent.run.deps import RunDeps
from cleo.domain.conversation import Conversation
from cleo.domain.identity import PersonId, main_address, value
from cleo.ports import Tool, Transaction

_MOST = 10
_NAME_MAX = 40


def origin_of(tx: Transaction, deps: RunDeps, exchange: Exchange) -> Origin:
    """Return it for a call of the newest response; somebody who asks for themselves knows who and where they are."""
    asked = _askers(exchange.messages) or [deps.person]
    is_own = not deps.conversation.is_group and deps.access.may_approve(tx.people.get(deps.person))
    others = [person for person in _writers(exchange.messages) if person not in asked]
    words_of = [*_sources(exchange.messages, deps.tools), *(_person(tx, other) for other in others)]
    return Origin(
        by=() if is_own else tuple(_person(tx, person) for person in asked),
        chat="" if is_own else _chat(deps.conversation),
        words_of=tuple(dict.fromkeys(words_of))[:_MOST],
    )


def _askers(messages: list[ModelMessage]) -> list[PersonId]:
    """Everybody whose words the newest prompt holds, where a prompt tells that."""
    newest = next((message for message in reversed(messages) if begins_turn(message)), None)
    return list(_writers([newest])) if newest else []


def _writers(messages: Iterable[ModelMessage]) -> Iterator[PersonId]:
    people = (PersonId(mark["person"]) for mark in _marks(messages) if mark.get("person"))
    yield from dict.fromkeys(people)


def _sources(messages: list[ModelMessage], tools: Mapping[str, Tool]) -> Iterator[str]:
    """Files, quotes and forwarded words, and results of tools that read what strangers wrote; newest first."""
    for message in reversed(messages):
        yield from (mark["source"] for mark in _marks([message]) if mark.get("source"))
        for part in message.parts if isinstance(message, ModelRequest) else ():
            if isinstance(part, ToolReturnPart) and (tool := tools.get(part.tool_name)) and tool.foreign:
                yield f"result of {tool.title or tool.name}"


def _marks(messages: Iterable[ModelMessage]) -> Iterator[Mapping[str, str]]:
    """What `run.prompt` notes beside each message of a person."""
    for message in messages:
        for part in message.parts:
            if isinstance(part, UserPromptPart) and not isinstance(part.content, str):
                for piece in part.content:
                    if isinstance(piece, TextContent) and piece.metadata:
                        yield cast("Mapping[str, str]", piece.metadata)


def _person(tx: Transaction, person: PersonId) -> str:
    """Name somebody by an address, which WhatsApp verified; the name they chose comes behind it."""
    try:
        known = tx.people.get(person)
    except KeyError:
        return str(person).partition(":")[2]
    address = main_address(known.addresses)
    name = known.name[:_NAME_MAX]
    return f"{value(address)} (“{name}”)" if name else value(address)


def _chat(conversation: Conversation) -> str:
    return (
        f"in the group {value(conversation.address)}"
        if conversation.is_group
        else "in their own chat with me"
    )
