"""WhatsApp as a channel, on any backend."""

from collections.abc import AsyncIterator
from typing import assert_never

from typing_extensions import override

from cleo.channels.whatsapp.backend import (
    Backend,
    ForeseesIds,
    Reacts,
    Reads,
    SendsChoices,
    SendsPlaces,
    SendsTemplates,
    TellsNumber,
    Types,
)
from cleo.channels.whatsapp.text.choices import in_words, to_tap
from cleo.channels.whatsapp.text.render import render_markdown, render_plain
from cleo.domain.content import (
    Choices,
    Chosen,
    Content,
    Edit,
    File,
    Location,
    MessageId,
    Other,
    Reaction,
    Revoke,
    Template,
    Text,
)
from cleo.domain.conversation import Conversation
from cleo.domain.errors import SendRejected
from cleo.domain.health import Health
from cleo.domain.message import Quoted, SendKey
from cleo.ports import (
    Capabilities,
    Channel,
    Degraded,
    KnowsNumber,
    MarksRead,
    Outcome,
    Refused,
    Renders,
    Sent,
    ShowsTyping,
)

NO_REACTIONS = "This way of reaching WhatsApp has no reactions."
AS_A_LINK = "The place was sent as a link."
AS_WORDS = "The choices were written out."


class WhatsAppChannel(Channel, ShowsTyping, MarksRead, KnowsNumber, Renders):
    """Carries messages by a backend; a `Text` is in WhatsApp's own markup already (see `render`)."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend

    @property
    @override
    def capabilities(self) -> Capabilities:
        return self._backend.capabilities

    @override
    async def send(
        self, to: Conversation, content: Content, *, key: SendKey, quoted: Quoted | None
    ) -> Outcome:
        try:
            return await self._send(to, content, key=key, quoted=quoted)
        except SendRejected as error:
            return Refused(reason=str(error), code=error.code)

    async def _send(
        self, to: Conversation, content: Content, *, key: SendKey, quoted: Quoted | None
    ) -> Outcome:
        match content:
            case Text():
                return await self._send_text(to, content.body, key=key, quoted=quoted)
            case File():
                return await self._backend.send_file(to, content, key=key, quoted=quoted)
            case Reaction():
                return await self._react(to, content, key=key, quoted=quoted)
            case Location():
                return await self._send_place(to, content, key=key, quoted=quoted)
            case Choices():
                return await self._send_choices(to, content, key=key, quoted=quoted)
            case Template():
                return await self._send_template(to, content, key=key)
            case Edit() | Revoke() | Other() | Chosen():
                raise SendRejected(f"Cleo cannot send a message of the kind {content.type!r} on WhatsApp.")
            case _:
                assert_never(content)

    @override
    def message_id(self, key: str) -> MessageId | None:
        return self._backend.message_id(key) if isinstance(self._backend, ForeseesIds) else None

    @override
    def fetch(self, file: File) -> AsyncIterator[bytes]:
        return self._backend.fetch(file)

    @override
    async def health(self) -> Health:
        return await self._backend.health()

    @override
    async def typing(self, to: Conversation, on: bool) -> None:
        if isinstance(self._backend, Types):
            await self._backend.typing(to, on)

    @override
    async def number(self) -> str | None:
        return await self._backend.number() if isinstance(self._backend, TellsNumber) else None

    @override
    async def read(self, chat: Conversation) -> None:
        if isinstance(self._backend, Reads):
            await self._backend.read(chat)

    @override
    def render(self, text: str, *, markdown: bool = True) -> list[str]:
        return (render_markdown if markdown else render_plain)(text, self.capabilities.text_max)

    async def _send_text(
        self, to: Conversation, body: str, *, key: SendKey, quoted: Quoted | None
    ) -> Outcome:
        if not body.strip():
            raise SendRejected("The message has no visible text, so it was not sent.")
        return await self._backend.send_text(to, body, key=key, quoted=quoted)

    async def _react(
        self, to: Conversation, reaction: Reaction, *, key: SendKey, quoted: Quoted | None
    ) -> Outcome:
        if not isinstance(self._backend, Reacts):
            return Degraded(message_id=None, how=NO_REACTIONS)
        author = quoted.sender if quoted and quoted.id == reaction.to else None
        return await self._backend.react(to, reaction, key=key, author=author)

    async def _send_place(
        self, to: Conversation, place: Location, *, key: SendKey, quoted: Quoted | None
    ) -> Outcome:
        if isinstance(self._backend, SendsPlaces):
            return await self._backend.send_place(to, place, key=key, quoted=quoted)
        return _degraded(await self._send_text(to, _as_link(place), key=key, quoted=quoted), AS_A_LINK)

    async def _send_choices(
        self, to: Conversation, choices: Choices, *, key: SendKey, quoted: Quoted | None
    ) -> Outcome:
        tappable = to_tap(choices, self.capabilities.choice_limits, in_group=to.is_group)
        if tappable and isinstance(self._backend, SendsChoices):
            return await self._backend.send_choices(to, tappable, key=key, quoted=quoted)
        sent = await self._send_text(to, in_words(choices), key=key, quoted=quoted)
        # Words that tell how to answer were made for this: nothing is missing then.
        return sent if choices.words else _degraded(sent, AS_WORDS)

    async def _send_template(self, to: Conversation, template: Template, *, key: SendKey) -> Outcome:
        if not isinstance(self._backend, SendsTemplates):
            raise SendRejected("This way of reaching WhatsApp has no templates.")
        return await self._backend.send_template(to, template, key=key)


def _degraded(outcome: Outcome, how: str) -> Outcome:
    if not isinstance(outcome, Sent):
        return outcome
    also = f"{outcome.how} {how}" if isinstance(outcome, Degraded) else how
    return Degraded(message_id=outcome.message_id, state=outcome.state, also=outcome.also, how=also)


def _as_link(place: Location) -> str:
    named = (place.name, place.address, f"https://maps.google.com/?q={place.latitude},{place.longitude}")
    return "\n".join(line for line in named if line)
