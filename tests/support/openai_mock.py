"""An OpenAI-compatible server for tests: real HTTP, scripted answers, failures on demand, strict as the real one.

It refuses histories that the real API refuses: calls of the assistant that nobody answered, and results without a
call. So a test that passes here did not send nonsense.
"""

import json
import sys
import threading
import time
import traceback
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

Body = dict[str, Any]


@dataclass(frozen=True)
class Says:
    """Answers with words."""

    text: str


@dataclass(frozen=True)
class Calls:
    """Answers with calls of tools: name and arguments each. `text` beside them is rare, but legal."""

    calls: tuple[tuple[str, Body], ...]
    text: str | None = None
    ids: tuple[str, ...] = ()
    """Call ids; some servers number `call_0` in every response."""


@dataclass(frozen=True)
class Fails:
    """Answers with an error."""

    status: int
    message: str = "scripted failure"
    retry_after: str | None = None


@dataclass(frozen=True)
class Hangs:
    """Answers too late."""

    seconds: float


@dataclass(frozen=True)
class Garbage:
    """Answers 200 with something that is no answer."""

    body: bytes = b"<html>Bad gateway</html>"


@dataclass(frozen=True)
class Breaks:
    """Closes the connection in the middle of the answer."""


@dataclass(frozen=True)
class BreaksOff:
    """Streams some words, and ends without a reason."""

    text: str


Answer = Says | Calls | Fails | Hangs | Garbage | Breaks | BreaksOff


@dataclass
class OpenAIMock:
    """Serves `script` in order, then `Says("ok")`; keeps every request it got."""

    script: list[Answer] = field(default_factory=list[Answer])
    requests: list[Body] = field(default_factory=list[Body])
    refused: list[str] = field(default_factory=list[str])
    """Why histories were refused."""

    def __enter__(self) -> Self:
        mock = self

        class Handler(_Handler):
            server_mock = mock

        self._lock = threading.Lock()
        self._server = _Server(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(5)

    @property
    def base_url(self) -> str:
        """What OPENAI_BASE_URL is set to."""
        return f"http://127.0.0.1:{self._server.server_address[1]}/v1"

    def answer_to(self, body: Body) -> Answer:
        with self._lock:
            self.requests.append(body)
            if wrong := wrong_history(body.get("messages", [])):
                self.refused.append(wrong)
                return Fails(400, wrong)
            return self.script.pop(0) if self.script else Says("ok")


def wrong_history(messages: list[Body]) -> str:
    """Why the real API would refuse these messages; empty when it would not."""
    open_calls: list[str] = []
    for message in messages:
        if message.get("role") == "tool":
            if message.get("tool_call_id") not in open_calls:
                return "messages with role 'tool' must be a response to a preceding message with 'tool_calls'"
            open_calls.remove(message["tool_call_id"])
        elif open_calls:
            break
        elif wrong := _wrong_message(message):
            return wrong
        else:
            open_calls = _call_ids(message)
    unanswered = (
        f"tool_call_ids did not have response messages: {', '.join(open_calls)}" if open_calls else ""
    )
    return unanswered or ("" if messages else "messages must not be empty")


def _wrong_message(message: Body) -> str:
    if message.get("role") not in ("system", "developer", "user", "assistant"):
        return f"unknown role {message.get('role')!r}"
    ids = _call_ids(message)
    if message["role"] == "assistant" and not ids and not message.get("content"):
        return "an assistant message needs content or tool_calls"
    return "duplicate tool_call ids in one message" if len(set(ids)) != len(ids) else ""


def _call_ids(message: Body) -> list[str]:
    calls: list[Body] = message.get("tool_calls") or []
    return [call["id"] for call in calls]


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """Clients that are killed are no news."""
        if not isinstance(sys.exception(), ConnectionError):
            traceback.print_exc()


class _Handler(BaseHTTPRequestHandler):
    server_mock: OpenAIMock
    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: object) -> None:
        """Stay quiet."""

    def do_POST(self) -> None:
        raw = self.rfile.read(length := int(self.headers.get("Content-Length", 0)))
        if len(raw) < length:  # the client was killed in the middle
            self.close_connection = True
            return
        body: Body = json.loads(raw)
        if not self.path.endswith("/chat/completions"):
            self._send(404, {"error": {"message": f"no such path {self.path}"}})
            return
        if not self.headers.get("Authorization", "").startswith("Bearer "):
            self._send(401, {"error": {"message": "no key", "type": "invalid_request_error"}})
            return
        try:
            self._answer(self.server_mock.answer_to(body), body)
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True

    def _answer(self, answer: Answer, body: Body) -> None:
        match answer:
            case Fails(status, message, retry_after):
                extra = {"Retry-After": retry_after} if retry_after else {}
                self._send(status, {"error": {"message": message, "type": "mock"}}, extra)
            case Hangs(seconds):
                time.sleep(seconds)
                self._send(200, _completion(Says("too late"), body))
            case Garbage(raw):
                self._raw(200, raw, "text/html")
            case Breaks():
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", "1000")
                self.end_headers()
                self.wfile.write(b'{"id": "half')
                self.wfile.flush()
                self.close_connection = True
            case BreaksOff(text):
                self._stream(Says(text), body, whole=False)
            case Says() | Calls():
                if body.get("stream"):
                    self._stream(answer, body)
                else:
                    self._send(200, _completion(answer, body))

    def _stream(self, answer: Says | Calls, body: Body, *, whole: bool = True) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Connection", "close")
        self.end_headers()
        chunks = list(_chunks(answer, body))
        for chunk in chunks if whole else chunks[:-2]:
            self.wfile.write(f"data: {json.dumps(chunk)}\n\n".encode())
            self.wfile.flush()
        if whole:
            self.wfile.write(b"data: [DONE]\n\n")
        self.close_connection = True

    def _send(self, status: int, body: Body, extra: dict[str, str] | None = None) -> None:
        self._raw(status, json.dumps(body).encode(), "application/json", extra)

    def _raw(self, status: int, body: bytes, kind: str, extra: dict[str, str] | None = None) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        for name, value in (extra or {}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)


_USAGE = {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15}


def _calls(answer: Calls) -> list[Body]:
    unique = time.monotonic_ns()
    return [
        {
            "id": answer.ids[place] if place < len(answer.ids) else f"call_{unique}_{place}",
            "type": "function",
            "function": {"name": name, "arguments": json.dumps(arguments)},
        }
        for place, (name, arguments) in enumerate(answer.calls)
    ]


def _completion(answer: Says | Calls, body: Body) -> Body:
    message: Body = {"role": "assistant", "content": answer.text}
    if isinstance(answer, Calls):
        message["tool_calls"] = _calls(answer)
    finish = "tool_calls" if isinstance(answer, Calls) else "stop"
    return {
        "id": "chatcmpl-mock",
        "object": "chat.completion",
        "created": 1_800_000_000,
        "model": body.get("model", "mock"),
        "choices": [{"index": 0, "message": message, "finish_reason": finish}],
        "usage": _USAGE,
    }


def _chunks(answer: Says | Calls, body: Body) -> Iterator[Body]:
    frame: Body = {
        "id": "chatcmpl-mock",
        "object": "chat.completion.chunk",
        "created": 1_800_000_000,
        "model": body.get("model", "mock"),
    }

    def chunk(delta: Body, finish: str | None = None) -> Body:
        return {**frame, "choices": [{"index": 0, "delta": delta, "finish_reason": finish}]}

    yield chunk({"role": "assistant", "content": ""})
    for word in (answer.text or "").split(" ") if answer.text else []:
        yield chunk({"content": f"{word} "})
    if isinstance(answer, Calls):
        for place, call in enumerate(_calls(answer)):
            arguments = call["function"]["arguments"]
            half = len(arguments) // 2
            start = {**call, "index": place, "function": {**call["function"], "arguments": arguments[:half]}}
            yield chunk({"tool_calls": [start]})
            yield chunk({"tool_calls": [{"index": place, "function": {"arguments": arguments[half:]}}]})
    yield chunk({}, "tool_calls" if isinstance(answer, Calls) else "stop")
    yield {**frame, "choices": [], "usage": _USAGE}
