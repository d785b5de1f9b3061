"""The backend that reaches WhatsApp through Meta's Cloud API."""

import os
import time
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from dataclasses import replace

import httpx2
from pydantic import SecretStr
from typing_extensions import override

from cleo.channels.http.http_files import open_stored
from cleo.channels.whatsapp.backend import (
    Backend,
    Reacts,
    Reads,
    SendsChoices,
    SendsPlaces,
    SendsTemplates,
    Types,
)
from cleo.channels.whatsapp.cloud.capabilities import CLOUD, DAY, TAPPING
from cleo.channels.whatsapp.cloud.errors import PAIR_LIMIT, WINDOW, reason_of
from cleo.channels.whatsapp.cloud.health import Checkup
from cleo.channels.whatsapp.cloud.outbound import requests as bodies
from cleo.channels.whatsapp.cloud.outbound.circuit_breaker import HALTING, Halt
from cleo.channels.whatsapp.cloud.outbound.graph import Graph
from cleo.channels.whatsapp.cloud.outbound.limiter import PER_ACCOUNT, PER_CHAT, Limiter
from cleo.channels.whatsapp.cloud.outbound.media import Media, read_uploaded
from cleo.channels.whatsapp.cloud.outbound.media_fallback import Fitted, fit
from cleo.channels.whatsapp.cloud.outbound.origin import Origin
from cleo.channels.whatsapp.cloud.outbound.responses import Answer, read_sent, refusal
from cleo.channels.whatsapp.cloud.outbound.service_window import Window
from cleo.domain.content import Choices, File, Location, Reaction, Template
from cleo.domain.conversation import Conversation
from cleo.domain.errors import FetchError, SendFailed, SendRejected, SendUncertain
from cleo.domain.health import Health
from cleo.domain.identity import Address
from cleo.domain.message import Quoted
from cleo.ports import Capabilities, Files, Outcome, Refused

UNQUOTED = "It does not quote the message that it answers, because that did not come through the Cloud API."


class WhatsAppCloudClient(Backend, Reacts, SendsChoices, SendsPlaces, SendsTemplates, Types, Reads):
    """Sends and fetches as one number of Meta's Cloud API.

    It tries everything once; who calls decides about another try. Close it with `close`.
    """

    def __init__(
        self,
        *,
        phone_number_id: str,
        token: SecretStr | str,
        files: Files,
        file_max_bytes: int,
        base_url: str = "https://graph.facebook.com",
        api_version: str = "v26.0",
        fallback_template: Template | None = None,
        chat_seconds: float = PER_CHAT.seconds,
        timeout: float = 30.0,
        clock: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """Prepare for one number; `timeout` is in seconds. Raises `ConfigError`.

        Without a `fallback_template` (one without variables), messages that come too late for WhatsApp are refused.
        After a burst, a chat gets a message each `chat_seconds`. `clock` tells Unix seconds, `monotonic` seconds that
        never go back.
        """
        secret = SecretStr(token) if isinstance(token, str) else token
        origin = Origin(base_url, api_version=api_version, phone_number_id=phone_number_id, token=secret)
        self._graph = Graph(origin, timeout=timeout)
        self._files = files
        self._media = Media(graph=self._graph, limit=file_max_bytes, clock=monotonic)
        self._halt = Halt(clock=monotonic)
        self._checkup = Checkup(graph=self._graph, halt=self._halt, clock=monotonic)
        self._limiter = Limiter(
            per_chat=replace(PER_CHAT, seconds=chat_seconds), per_account=PER_ACCOUNT, clock=monotonic
        )
        self._window = Window(number_id=phone_number_id, seconds=DAY, fallback=fallback_template, clock=clock)

    @property
    @override
    def capabilities(self) -> Capabilities:
        return CLOUD

    @override
    async def send_text(self, to: Conversation, body: str, *, key: str, quoted: Quoted | None) -> Outcome:
        return await self._send(to, bodies.text(body), key=key, quoted=quoted)

    @override
    async def send_choices(
        self, to: Conversation, choices: Choices, *, key: str, quoted: Quoted | None
    ) -> Outcome:
        return await self._send(to, bodies.choices(choices, TAPPING), key=key, quoted=quoted)

    @override
    async def send_place(
        self, to: Conversation, place: Location, *, key: str, quoted: Quoted | None
    ) -> Outcome:
        return await self._send(to, bodies.place(place), key=key, quoted=quoted)

    @override
    async def send_template(self, to: Conversation, template: Template, *, key: str) -> Outcome:
        message = bodies.message(to.address, bodies.template(template), key=key, quoted=None)
        await self._admit(to)
        return self._sent(to, await self._graph.send(message))

    @override
    async def react(
        self, to: Conversation, reaction: Reaction, *, key: str, author: Address | None
    ) -> Outcome:
        del author  # the message's id says enough
        if not self._window.is_open(to):
            return Refused(reason=reason_of(WINDOW, "", ""), code=WINDOW)
        return await self._send(to, bodies.reaction(reaction), key=key, quoted=None)

    @override
    async def send_file(self, to: Conversation, file: File, *, key: str, quoted: Quoted | None) -> Outcome:
        with open_stored(self._files, file) as stored:
            fitted = fit(file, os.fstat(stored.fileno()).st_size, CLOUD)
            bodies.recipient(to.address)
            if not self._window.is_open(to):
                return self._window.closed()
            await self._admit(to)
            id = self._uploaded(to, await self._media.upload(stored, fitted))
        message = bodies.message(to.address, _as_body(fitted, id), key=key, quoted=quoted)
        return await self._post(to, message, key, _notes(fitted.how, quoted))

    @override
    async def typing(self, to: Conversation, on: bool) -> None:
        if on:
            await self._seen(to, typing=True)

    @override
    async def read(self, chat: Conversation) -> None:
        await self._seen(chat, typing=False)

    @override
    async def fetch(self, file: File) -> AsyncIterator[bytes]:
        if file.url is None:
            raise FetchError("The message named no place to fetch its file from.")
        async for chunk in self._media.fetch(file.url):
            yield chunk

    @override
    async def health(self) -> Health:
        return await self._checkup.health()

    @override
    async def close(self) -> None:
        await self._graph.close()

    async def _send(
        self, to: Conversation, content: bodies.Body, *, key: str, quoted: Quoted | None
    ) -> Outcome:
        message = bodies.message(to.address, content, key=key, quoted=quoted)
        if not self._window.is_open(to):
            return self._window.closed()
        await self._admit(to)
        return await self._post(to, message, key, _notes("", quoted))

    async def _admit(self, to: Conversation) -> None:
        """Wait until a message may go; raises `SendFailed` when that takes long, or the number cannot send at all."""
        await self._limiter.take(to.id)
        self._halt.check()

    async def _post(self, to: Conversation, message: bytes, key: str, how: str) -> Outcome:
        answer = await self._graph.send(message)
        if not answer.well and answer.kind == "window":
            return self._window.contradicted(key)
        return self._sent(to, answer, how)

    def _sent(self, to: Conversation, answer: Answer, how: str = "") -> Outcome:
        self._check(to, answer)
        sent = read_sent(answer, to.address, how)
        self._halt.clear()
        self._limiter.went(to.id)
        return sent

    def _uploaded(self, to: Conversation, answer: Answer) -> str:
        try:
            self._check(to, answer)
        except SendUncertain:
            raise SendFailed(
                f"WhatsApp's server did not take the file (it answered {answer.status})."
            ) from None
        return read_uploaded(answer)

    def _check(self, to: Conversation, answer: Answer) -> None:
        """Raise the error of an answer that is no success; what it means for other messages is kept in mind."""
        if answer.well:
            return
        error = refusal(answer)
        if answer.kind in HALTING:
            self._halt.stop(answer.kind, str(error), error.code)
        if error.code == PAIR_LIMIT:
            wait = self._limiter.struck(to.id)
            error = SendFailed(str(error), retry_after=max(error.retry_after or 0.0, wait), code=error.code)
        raise error

    async def _seen(self, to: Conversation, *, typing: bool) -> None:
        heard = to.last_inbound
        if to.is_group or heard is None or heard.account != self._graph.origin.number_id or self._halt.reason:
            return
        with suppress(httpx2.HTTPError, SendRejected):
            await self._graph.tell(bodies.seen(heard.id, typing=typing))


def _notes(how: str, quoted: Quoted | None) -> str:
    return how if quoted is None or bodies.can_quote(quoted) else f"{how} {UNQUOTED}".lstrip()


def _as_body(fitted: Fitted, id: str) -> bodies.Body:
    voice = fitted.kind == "voice"
    kind = "audio" if voice else fitted.kind
    name = fitted.name if kind == "document" else ""
    return bodies.file(kind, id, caption=fitted.caption, name=name, voice=voice)
