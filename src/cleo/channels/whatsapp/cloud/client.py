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
from cleo.channels.whatsapp.cloud.health import HealthCheck
from cleo.channels.whatsapp.cloud.outbound import requests
from cleo.channels.whatsapp.cloud.outbound.circuit_breaker import OPENING_ERRORS, CircuitBreaker
from cleo.channels.whatsapp.cloud.outbound.graph import Graph
from cleo.channels.whatsapp.cloud.outbound.limiter import PER_ACCOUNT, PER_CHAT, RateLimiter
from cleo.channels.whatsapp.cloud.outbound.media import Media, read_uploaded
from cleo.channels.whatsapp.cloud.outbound.media_fallback import FileToSend, with_fallback
from cleo.channels.whatsapp.cloud.outbound.origin import GraphOrigin
from cleo.channels.whatsapp.cloud.outbound.responses import GraphResponse, read_sent, send_error
from cleo.channels.whatsapp.cloud.outbound.service_window import ServiceWindow
from cleo.domain.content import Choices, File, Location, Reaction, Template
from cleo.domain.conversation import Conversation
from cleo.domain.errors import FetchError, SendFailed, SendRejected, SendUncertain
from cleo.domain.health import Health
from cleo.domain.identity import Address
from cleo.domain.message import Quoted, SendKey
from cleo.ports import Capabilities, Files, Outcome, Refused

UNQUOTED = "It does not quote the message that it answers, because that did not come through the Cloud API."


class WhatsAppCloudClient(Backend, Reacts, SendsChoices, SendsPlaces, SendsTemplates, Types, Reads):
    """Sends and fetches as one number of Meta's Cloud API.

    It tries everything once; the caller decides about another try.
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
        After a burst, a chat gets a message every `chat_seconds`. `clock` tells Unix seconds, and `monotonic` seconds
        that never go back.
        """
        secret = SecretStr(token) if isinstance(token, str) else token
        origin = GraphOrigin(base_url, api_version=api_version, phone_number_id=phone_number_id, token=secret)
        self._graph = Graph(origin, timeout=timeout)
        self._files = files
        self._media = Media(graph=self._graph, limit=file_max_bytes, clock=monotonic)
        self._breaker = CircuitBreaker(clock=monotonic)
        self._health_check = HealthCheck(graph=self._graph, breaker=self._breaker, clock=monotonic)
        self._limiter = RateLimiter(
            per_chat=replace(PER_CHAT, seconds=chat_seconds), per_account=PER_ACCOUNT, clock=monotonic
        )
        self._window = ServiceWindow(
            number_id=phone_number_id, seconds=DAY, fallback=fallback_template, clock=clock
        )

    @property
    @override
    def capabilities(self) -> Capabilities:
        return CLOUD

    @override
    async def send_text(self, to: Conversation, body: str, *, key: SendKey, quoted: Quoted | None) -> Outcome:
        return await self._send(to, requests.text(body), key=key, quoted=quoted)

    @override
    async def send_choices(
        self, to: Conversation, choices: Choices, *, key: SendKey, quoted: Quoted | None
    ) -> Outcome:
        return await self._send(to, requests.choices(choices, TAPPING), key=key, quoted=quoted)

    @override
    async def send_place(
        self, to: Conversation, place: Location, *, key: SendKey, quoted: Quoted | None
    ) -> Outcome:
        return await self._send(to, requests.place(place), key=key, quoted=quoted)

    @override
    async def send_template(self, to: Conversation, template: Template, *, key: SendKey) -> Outcome:
        message = requests.message(to.address, requests.template(template), key=key, quoted=None)
        await self._admit(to)
        return self._sent(to, await self._graph.send(message))

    @override
    async def react(
        self, to: Conversation, reaction: Reaction, *, key: SendKey, author: Address | None
    ) -> Outcome:
        del author  # the message's id says enough
        if not self._window.is_open(to):
            return Refused(reason=reason_of(WINDOW, "", ""), code=WINDOW)
        return await self._send(to, requests.reaction(reaction), key=key, quoted=None)

    @override
    async def send_file(
        self, to: Conversation, file: File, *, key: SendKey, quoted: Quoted | None
    ) -> Outcome:
        with open_stored(self._files, file) as stored:
            sendable = with_fallback(file, os.fstat(stored.fileno()).st_size, CLOUD)
            requests.recipient(to.address)
            if not self._window.is_open(to):
                return self._window.closed()
            await self._admit(to)
            id = self._uploaded(to, await self._media.upload(stored, sendable))
        message = requests.message(to.address, _media_body(sendable, id), key=key, quoted=quoted)
        return await self._post(to, message, key, _degradation(sendable.how, quoted))

    @override
    async def typing(self, to: Conversation, on: bool) -> None:
        if on:
            await self._mark_read(to, typing=True)

    @override
    async def read(self, chat: Conversation) -> None:
        await self._mark_read(chat, typing=False)

    @override
    async def fetch(self, file: File) -> AsyncIterator[bytes]:
        if file.url is None:
            raise FetchError("The message named no place to fetch its file from.")
        async for chunk in self._media.fetch(file.url):
            yield chunk

    @override
    async def health(self) -> Health:
        return await self._health_check.health()

    @override
    async def close(self) -> None:
        await self._graph.close()

    async def _send(
        self, to: Conversation, content: requests.RequestBody, *, key: SendKey, quoted: Quoted | None
    ) -> Outcome:
        message = requests.message(to.address, content, key=key, quoted=quoted)
        if not self._window.is_open(to):
            return self._window.closed()
        await self._admit(to)
        return await self._post(to, message, key, _degradation("", quoted))

    async def _admit(self, to: Conversation) -> None:
        """Wait for the rate limit; raises `SendFailed` when that takes long, or the number cannot send at all."""
        await self._limiter.take(to.id)
        self._breaker.check()

    async def _post(self, to: Conversation, message: bytes, key: SendKey, how: str) -> Outcome:
        response = await self._graph.send(message)
        if not response.is_success and response.error_class == "window":
            return self._window.contradicted(key.key)
        return self._sent(to, response, how)

    def _sent(self, to: Conversation, response: GraphResponse, how: str = "") -> Outcome:
        self._check(to, response)
        sent = read_sent(response, to.address, how)
        self._breaker.close()
        self._limiter.reset(to.id)
        return sent

    def _uploaded(self, to: Conversation, response: GraphResponse) -> str:
        try:
            self._check(to, response)
        except SendUncertain:
            raise SendFailed(
                f"WhatsApp's server did not take the file (it answered {response.status})."
            ) from None
        return read_uploaded(response)

    def _check(self, to: Conversation, response: GraphResponse) -> None:
        """Raise the error of a response without success, after it has opened the breaker or closed the chat."""
        if response.is_success:
            return
        error = send_error(response)
        if response.error_class in OPENING_ERRORS:
            self._breaker.open(response.error_class, str(error), error.code)
        if error.code == PAIR_LIMIT:
            wait = self._limiter.penalize(to.id)
            error = SendFailed(str(error), retry_after=max(error.retry_after or 0.0, wait), code=error.code)
        raise error

    async def _mark_read(self, to: Conversation, *, typing: bool) -> None:
        heard = to.last_inbound
        if (
            to.is_group
            or heard is None
            or heard.number_id != self._graph.origin.number_id
            or self._breaker.reason
        ):
            return
        with suppress(httpx2.HTTPError, SendRejected):
            await self._graph.tell(requests.mark_read(heard.id, typing=typing))


def _degradation(how: str, quoted: Quoted | None) -> str:
    return how if quoted is None or requests.can_quote(quoted) else f"{how} {UNQUOTED}".lstrip()


def _media_body(sendable: FileToSend, id: str) -> requests.RequestBody:
    voice = sendable.kind == "voice"
    kind = "audio" if voice else sendable.kind
    name = sendable.name if kind == "document" else ""
    return requests.file(kind, id, caption=sendable.caption, name=name, voice=voice)
