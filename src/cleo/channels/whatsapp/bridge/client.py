"""The backend that reaches WhatsApp through a bridge: ours, or one written from the first specification."""

import json
from collections.abc import AsyncIterator
from typing import TypeVar

import httpx2
from pydantic import ValidationError
from typing_extensions import override

from cleo.channels.http.http_files import open_stored, read_capped
from cleo.channels.whatsapp.addresses import write_jid
from cleo.channels.whatsapp.backend import Backend, ForeseesIds, Reacts, TellsNumber, Types
from cleo.channels.whatsapp.bridge import contract as wire
from cleo.channels.whatsapp.bridge.http import BridgeHttp
from cleo.channels.whatsapp.bridge.origin import BridgeOrigin
from cleo.channels.whatsapp.bridge.proof import NotTheBridge
from cleo.channels.whatsapp.bridge.responses import read_health, read_number, read_sent
from cleo.domain.content import File, MessageId, Reaction
from cleo.domain.conversation import Conversation
from cleo.domain.errors import FetchError, SendRejected
from cleo.domain.health import Health
from cleo.domain.identity import Address
from cleo.domain.message import Quoted, SendKey
from cleo.ports import Capabilities, Degraded, Files, Sent, TypingIndicator

W = TypeVar("W", bound=wire.Wire)

BAILEYS = Capabilities(
    text_max=4000,
    caption_max=1024,
    typing=TypingIndicator(seconds=12),
    advice="Replies are read on a phone in WhatsApp: short paragraphs and lists, no tables.",
)


class WhatsAppBridgeClient(Backend, Reacts, Types, TellsNumber, ForeseesIds):
    """Sends and fetches over the bridge's HTTP API.

    It tries everything once; the caller decides about another try.
    """

    def __init__(
        self,
        base_url: str,
        *,
        files: Files,
        secret: str | None = None,
        timeout: float = 30.0,
        file_max_bytes: int = 64 * 1024 * 1024,
        proof_required: bool = False,
    ) -> None:
        """Prepare for the bridge at `base_url`; `timeout` is in seconds. Raises `ConfigError`.

        `proof_required`: it is a bridge that can prove itself, so nothing else at its address is told anything.
        """
        self._http = BridgeHttp(
            BridgeOrigin(base_url), secret=secret, timeout=timeout, proof_required=proof_required
        )
        self._files = files
        self._file_max_bytes = file_max_bytes
        self._shows_typing = True

    @property
    @override
    def capabilities(self) -> Capabilities:
        return BAILEYS

    @override
    def message_id(self, key: str) -> MessageId | None:
        return MessageId(wire.message_id_for(key))

    @override
    async def send_text(self, to: Conversation, body: str, *, key: SendKey, quoted: Quoted | None) -> Sent:
        command = _command(wire.SendText, to=_jid(to.address), text=body, quoted=_quoted(quoted))
        return read_sent(await self._http.send("/send", key=key.key, body=_json(command)))

    @override
    async def send_file(self, to: Conversation, file: File, *, key: SendKey, quoted: Quoted | None) -> Sent:
        command = _command(
            wire.SendMedia,
            to=_jid(to.address),
            kind=file.kind,
            mimetype=file.mimetype,
            filename=file.name,
            caption=file.caption or None,
            seconds=file.seconds,
            quoted=_quoted(quoted),
        )
        with open_stored(self._files, file) as stored:
            part = (file.name or "file", stored, file.mimetype)
            response = await self._http.upload("/send-media", key=key.key, fields=_form(command), file=part)
        return read_sent(response)

    @override
    async def react(
        self, to: Conversation, reaction: Reaction, *, key: SendKey, author: Address | None
    ) -> Sent:
        command = _command(
            wire.React,
            to=_jid(to.address),
            message_id=reaction.to,
            emoji=reaction.emoji,
            from_me=reaction.on_own,
            sender_id=_jid(author) if author else None,
        )
        response = await self._http.send("/react", key=key.key, body=_json(command))
        if response.is_unknown_path:
            return Degraded(message_id=None, how="This bridge has no reactions.")
        return read_sent(response)

    @override
    async def typing(self, to: Conversation, on: bool) -> None:
        if not self._shows_typing:
            return
        try:
            command = _command(wire.Typing, to=_jid(to.address), state="composing" if on else "paused")
            response = await self._http.ask("POST", "/typing", _json(command))
        except (httpx2.HTTPError, SendRejected):
            return
        self._shows_typing = not response.is_unknown_path

    @override
    async def fetch(self, file: File) -> AsyncIterator[bytes]:
        if file.url is None:
            raise FetchError("The message named no place to fetch its file from.")
        url = self._http.origin.media(file.url)
        try:
            async with self._http.download(url) as response:
                _check(response)
                async for chunk in read_capped(response, self._file_max_bytes):
                    yield chunk
        except httpx2.HTTPError as error:
            raise FetchError(
                f"The bridge broke off while the file was fetched ({type(error).__name__})."
            ) from error

    @override
    async def health(self) -> Health:
        try:
            return read_health(await self._http.ask("GET", "/health"))
        except NotTheBridge as error:
            return Health(state="down", code="not_the_bridge", message=str(error))
        except httpx2.HTTPError as error:
            said = (
                f"The bridge at {self._http.origin} does not answer ({type(error).__name__}). "
                "Is it running, and is WHATSAPP_BRIDGE_URL its address?"
            )
            return Health(state="down", code="unreachable", message=said)

    @override
    async def number(self) -> str | None:
        try:
            return read_number(await self._http.ask("GET", "/health"))
        except httpx2.HTTPError:
            return None

    @override
    async def close(self) -> None:
        await self._http.close()


def _check(response: httpx2.Response) -> None:
    if response.status_code != 200:
        raise FetchError(f"The bridge does not give the file (it answered {response.status_code}).")
    if response.headers.get("Content-Encoding", "identity") != "identity":
        raise FetchError("The bridge packed the file, although it was asked not to.")


def _command(body: type[W], **fields: object) -> W:
    try:
        return body.model_validate(fields)
    except ValidationError as error:
        wrong = ", ".join(str(detail["loc"][0]) for detail in error.errors(include_input=False))
        raise SendRejected(f"The message does not fit what a bridge can send: {wrong}.") from error


def _jid(to: Address) -> str:
    try:
        return write_jid(to)
    except ValueError as error:
        raise SendRejected(str(error)) from error


def _quoted(quoted: Quoted | None) -> wire.Quoted | None:
    if quoted is None:
        return None
    sender = _jid(quoted.sender) if quoted.sender else None
    return _command(wire.Quoted, message_id=quoted.id, sender_id=sender, text=quoted.text)


def _json(command: wire.Wire) -> bytes:
    return command.model_dump_json(by_alias=True, exclude_none=True).encode()


def _form(command: wire.SendMedia) -> dict[str, str]:
    fields: dict[str, object] = command.model_dump(mode="json", by_alias=True, exclude_none=True)
    return {name: value if isinstance(value, str) else json.dumps(value) for name, value in fields.items()}
