"""A bridge over real HTTP, written from the first specification alone; a switch makes it as rich as ours.

It parses, routes and answers on real sockets, so that what a client sees of trouble is what a network shows.
"""

import asyncio
import hmac
import json
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from email import message_from_bytes
from email.policy import HTTP
from types import TracebackType
from typing import Literal, Self

import h11

from cleo.channels.whatsapp.backend import SECRET_HEADER
from cleo.channels.whatsapp.bridge.contract import KEY_HEADER, message_id_for
from cleo.channels.whatsapp.bridge.proof import CHALLENGE_HEADER


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """What happens to one request instead of the usual.

    `status` answers so, and sends nothing. `then` says what becomes of the connection: `close` and `reset` end it
    without an answer before anything was sent, `lost` after it was sent, `stall` sends and never answers.
    """

    status: int = 0
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    body: bytes = b""
    then: Literal["answer", "close", "reset", "lost", "stall"] = "answer"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One request as it arrived."""

    method: str
    path: str
    headers: Mapping[str, str]
    fields: Mapping[str, object]
    """The JSON body, or the text parts of a form."""
    file: bytes | None = None
    file_name: str | None = None
    file_type: str = ""

    @property
    def key(self) -> str:
        return self.headers.get(KEY_HEADER.lower(), "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Bubble:
    """A message that a phone shows."""

    id: str
    key: str
    asked: Asked


@dataclass(frozen=True, slots=True, kw_only=True)
class Media:
    """A file that the bridge offers."""

    body: bytes
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict[str, str])


Reply = tuple[int, Mapping[str, str], bytes]


class FakeBridge:
    """`async with FakeBridge() as bridge:` listens on `bridge.url`.

    With `ours` it knows keys, derives ids from them, and has `/react`, `/typing` and `/read`.
    """

    def __init__(self, *, ours: bool = False, secret: str | None = None, answer: bytes | None = None) -> None:
        self.ours = ours
        self.secret = secret
        self.answer = answer
        """What a send is answered with, instead of `{"messageId": …}`."""
        self.health: bytes = b'{"state": "connected", "message": "Connected to WhatsApp."}' if ours else b"{}"
        self.health_status = 200
        self.troubles: deque[Trouble] = deque()
        self.media: dict[str, Media] = {}
        self.asked: list[Asked] = []
        self.challenges: list[str] = []
        self.proves: str | None = None
        """With which secret it proves itself; None: it knows no such thing."""
        self.proof_lost = False
        """Whether it hangs up when it is asked for a proof."""
        self.bubbles: list[Bubble] = []
        self.repeats = 0
        self.connections = 0
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def start(self, port: int = 0) -> None:
        """Listen; on the same port again after `stop`."""
        self._server = await asyncio.start_server(self._connection, "127.0.0.1", port)
        self.port: int = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Stop listening and break every connection."""
        if self._server:
            self._server.close()
            for connection in self._open:
                connection.cancel()
            await asyncio.gather(*self._open, return_exceptions=True)
            await self._server.wait_closed()
            self._server = None
            self._open.clear()

    def sent_to(self, jid: str) -> list[str]:
        """The texts in one chat, in order."""
        return [str(b.asked.fields.get("text")) for b in self.bubbles if b.asked.fields.get("to") == jid]

    async def _connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        task = asyncio.current_task()
        assert task
        self._open.add(task)
        http = h11.Connection(h11.SERVER)
        try:
            while (asked := await _read(http, reader)) is not None:
                challenge = asked.headers.get(CHALLENGE_HEADER.lower())
                if challenge is None:
                    self.asked.append(asked)
                else:
                    self.challenges.append(challenge)
                reply = await self._reply(asked, writer)
                if reply is None:
                    return
                writer.write(_bytes(http, reply, asked.method))
                await writer.drain()
                if http.our_state is not h11.DONE or http.their_state is not h11.DONE:
                    return
                http.start_next_cycle()
        except (ConnectionError, h11.RemoteProtocolError):
            return
        finally:
            self._open.discard(task)
            writer.close()

    def _proof(self, challenge: str) -> bytes:
        if self.proves is None:
            return b"{}"
        message = f"cleo-bridge-health:{challenge}".encode()
        proof = hmac.new(self.proves.encode(), message, "sha256").hexdigest()
        return json.dumps({"state": "connected", "message": "", "proof": proof}).encode()

    async def _reply(self, asked: Asked, writer: asyncio.StreamWriter) -> Reply | None:
        """Answer, or break the connection and tell None."""
        if challenge := asked.headers.get(CHALLENGE_HEADER.lower()):
            self.connections -= 1
            if self.proof_lost:
                return None
            return 200, {}, self._proof(challenge)
        if self.secret is not None and asked.headers.get(SECRET_HEADER.lower()) != self.secret:
            return 403, {}, b""
        sends = asked.method == "POST" and asked.path in {"/send", "/send-media"}
        trouble = self.troubles.popleft() if self.troubles and asked.method == "POST" else Trouble()
        if trouble.then == "reset":
            writer.transport.abort()
        if trouble.then in {"close", "reset"}:
            return None
        if trouble.status:
            return trouble.status, trouble.headers, trouble.body
        reply = self._send(asked) if sends else self._other(asked)
        if trouble.then == "stall":
            await asyncio.Event().wait()
        return None if trouble.then == "lost" else reply

    def _send(self, asked: Asked) -> Reply:
        known = next((b for b in self.bubbles if self.ours and asked.key and b.key == asked.key), None)
        if known:
            self.repeats += 1
        else:
            chosen = message_id_for(asked.key) if self.ours else f"3EB0FAKE{len(self.bubbles):04}"
            known = Bubble(id=chosen, key=asked.key, asked=asked)
            self.bubbles.append(known)
        return 200, {}, json.dumps({"messageId": known.id}).encode() if self.answer is None else self.answer

    def _other(self, asked: Asked) -> Reply:
        if asked.method == "GET" and asked.path == "/health":
            return self.health_status, {}, self.health
        if asked.method == "GET" and asked.path in self.media:
            media = self.media[asked.path]
            return media.status, media.headers, media.body
        if self.ours and asked.method == "POST" and asked.path in {"/react", "/typing", "/read"}:
            return 200, {}, json.dumps({"messageId": message_id_for(asked.key)}).encode()
        return 404, {"Content-Type": "text/html"}, b"<pre>Cannot POST</pre>"


async def _read(http: h11.Connection, reader: asyncio.StreamReader) -> Asked | None:
    request: h11.Request | None = None
    body = b""
    while True:
        event = http.next_event()
        if event is h11.NEED_DATA:
            http.receive_data(await reader.read(65536))
        elif isinstance(event, h11.Request):
            request = event
        elif isinstance(event, h11.Data):
            body += bytes(event.data)
        elif isinstance(event, h11.EndOfMessage) and request:
            return _asked(request, body)
        else:
            return None


def _asked(request: h11.Request, body: bytes) -> Asked:
    headers = {name.decode(): value.decode() for name, value in request.headers}
    kind = headers.get("content-type", "")
    method, path = request.method.decode(), request.target.decode()
    if not kind.startswith("multipart/"):
        return Asked(method=method, path=path, headers=headers, fields=json.loads(body) if body else {})
    form = message_from_bytes(f"Content-Type: {kind}\r\n\r\n".encode() + body, policy=HTTP)
    fields: dict[str, object] = {}
    file: bytes | None = None
    file_name: str | None = None
    file_type = ""
    for part in form.iter_parts():
        name = part.get_param("name", header="content-disposition")
        content = part.get_payload(decode=True)
        assert isinstance(content, bytes)
        if name == "file":
            file, file_name, file_type = content, part.get_filename(), part.get_content_type()
        else:
            fields[str(name)] = content.decode()
    return Asked(
        method=method,
        path=path,
        headers=headers,
        fields=fields,
        file=file,
        file_name=file_name,
        file_type=file_type,
    )


def _bytes(http: h11.Connection, reply: Reply, method: str) -> bytes:
    status, headers, body = reply
    named = {"Content-Length": str(len(body)), "Content-Type": "application/json", **headers}
    answer = http.send(h11.Response(status_code=status, headers=list(named.items()))) or b""
    if method != "HEAD" and body and int(named["Content-Length"]) == len(body):
        answer += http.send(h11.Data(data=body)) or b""
    elif body:
        return answer + body  # a length that lies: h11 would refuse to write it
    return answer + (http.send(h11.EndOfMessage()) or b"")
