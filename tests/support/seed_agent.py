"""An agent written from the first specification alone, over real HTTP: it knows that page's names and no others."""

import json
import threading
import urllib.request
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

Json = dict[str, Any]

FIELDS = frozenset(
    {"from", "messageId", "text", "media", "timestamp", "senderId", "reaction", "reactsToMessageId"}
)


@dataclass
class SeedAgent:
    """Answers `echo: TEXT` to each text, and each file with the same file."""

    secret: str
    bridge_url: str = ""
    heard: list[Json] = field(default_factory=list[Json])
    """What it knows of every event."""
    answers: list[Json] = field(default_factory=list[Json])
    """What the bridge answered to its sends."""
    files: dict[str, bytes] = field(default_factory=dict[str, bytes])

    def __enter__(self) -> Self:
        agent = self

        class Handler(_Handler):
            seed_agent = agent

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(5)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def hear(self, event: Json) -> None:
        known = {name: value for name, value in event.items() if name in FIELDS}
        self.heard.append(known)
        if media := known.get("media"):
            path = f"/files/{len(self.files)}"
            self.files[path] = self._fetch(media["url"])
            self._send("/send-media", {"to": known["from"], "url": self.url + path, **_about(media)})
        elif text := known.get("text"):
            self._send("/send", {"to": known["from"], "text": f"echo: {text}"})

    def first(self, name: str) -> Json:
        """The first event that has this field; empty when there is none yet."""
        return next((event for event in self.heard if event.get(name)), Json())

    def _send(self, path: str, body: Json) -> None:
        headers = {"Content-Type": "application/json", "X-Webhook-Secret": self.secret}
        data = json.dumps(body).encode()
        asked = urllib.request.Request(self.bridge_url + path, data, headers)
        with urllib.request.urlopen(asked, timeout=30) as answer:
            self.answers.append(json.loads(answer.read()))

    def _fetch(self, url: str) -> bytes:
        asked = urllib.request.Request(url, headers={"X-Webhook-Secret": self.secret})
        with urllib.request.urlopen(asked, timeout=30) as answer:
            return answer.read()


def _about(media: Json) -> Json:
    return {name: media[name] for name in ("mimetype", "filename") if media.get(name)}


class _Handler(BaseHTTPRequestHandler):
    seed_agent: SeedAgent
    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: object) -> None:
        """Stay quiet."""

    def do_GET(self) -> None:
        file = self.seed_agent.files.get(self.path)
        self._answer(404 if file is None else 200, file or b"")

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.path != "/api/whatsapp/webhook":
            self._answer(404, b"")
        elif self.headers["X-Webhook-Secret"] != self.seed_agent.secret:
            self._answer(403, b"")
        else:
            self.seed_agent.hear(json.loads(body))  # answered afterwards, as a simple program does
            self._answer(200, b"")

    def _answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
        self.wfile.flush()
