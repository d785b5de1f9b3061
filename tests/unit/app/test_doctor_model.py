"""`cleo doctor` on the model and the network."""

import socket
import threading
from collections.abc import Generator
from contextlib import contextmanager
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from pydantic_ai.messages import ModelRequest, UserPromptPart
from tests.support.openai_mock import Fails, OpenAIMock, Says

from cleo.agent.model.exchange import Exchange
from cleo.agent.model.limits import Spent
from cleo.app.build import build
from cleo.app.doctor.context import Examination
from cleo.app.doctor.examine import examine
from cleo.app.doctor.machine import proxy
from cleo.app.doctor.model import model
from cleo.app.doctor.network import clock_skew, inbound
from cleo.app.runfile import keep_runfile
from cleo.app.settings import load
from cleo.domain.errors import ModelRefused
from cleo.ports.finding import Finding
from cleo.store import lock_data_dir


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Generator[OpenAIMock]:
    with OpenAIMock() as server:
        monkeypatch.setenv("OPENAI_BASE_URL", server.base_url)
        monkeypatch.setenv("OPENAI_API_KEY", "sk-hunter22")
        monkeypatch.setenv("CLEO_MODEL", "openai-chat:tiny")
        monkeypatch.setenv("WHATSAPP_BRIDGE_URL", "http://127.0.0.1:1")  # no other server is asked then
        yield server


def found(*, offline: bool = False) -> list[tuple[str, str]]:
    findings = model(Examination(settings=load(), offline=offline))
    return [(finding.grade, finding.what) for finding in findings]


def test_a_model_that_refuses_the_key_is_bad(server: OpenAIMock) -> None:
    server.script = [Fails(401, "no sk-hunter22 here")]
    assert found()[-1][0] == "bad"
    server.script = [Fails(401, "no sk-hunter22 here")]
    told: list[Finding] = [each for each in examine() if "refuses the key" in each.what]
    assert "401: no *** here" in told[0].what


def test_offline_nobody_is_asked(server: OpenAIMock) -> None:
    assert found(offline=True) == [("good", "Model: openai-chat:tiny (named by CLEO_MODEL)")]
    assert server.requests == []


def test_a_good_answer_is_remembered_and_a_bad_one_is_not(
    server: OpenAIMock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".cleo").mkdir()
    server.script = [Fails(503), Says("OK")]
    assert [found()[-1][0] for _ in range(3)] == ["bad", "good", "good"]
    assert len(server.requests) == 2
    kept = tmp_path / ".cleo" / "model-check.json"
    assert kept.stat().st_mode & 0o077 == 0
    assert "sk-hunter22" not in kept.read_text()
    monkeypatch.setenv("OPENAI_API_KEY", "sk-another")
    found()
    assert len(server.requests) == 3


def test_the_second_model_is_asked_too(server: OpenAIMock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLEO_MODEL_FALLBACK", "openai-chat:small")
    server.script = [Says("OK"), Fails(404)]
    assert [grade for grade, _ in found()] == ["good", "good", "good", "bad"]


@pytest.mark.parametrize(
    ("seconds", "grade"), [(0, "good"), (-90, "note"), (90, "note"), (4000, "bad"), (-4000, "bad")]
)
def test_a_clock_that_is_off_is_told(seconds: float, grade: str) -> None:
    (finding,) = clock_skew(formatdate(1_790_000_000 - seconds, usegmt=True), 1_790_000_000)
    assert finding.grade == grade
    if grade != "good":
        assert f"{abs(seconds)} seconds {'ahead' if seconds > 0 else 'behind'}" in finding.what


@pytest.mark.parametrize("date", ["", "yesterday", "Thu, 99 Jan 2026 00:00:00 GMT"])
def test_a_server_that_tells_no_time_is_no_trouble(date: str) -> None:
    assert list(clock_skew(date, 1_790_000_000)) == []


def test_a_proxy_is_asked_and_its_password_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        monkeypatch.setenv("HTTPS_PROXY", f"http://me:pa55word@127.0.0.1:{port}")
        (answers,) = proxy(Examination(settings=load()))
    (silent,) = proxy(Examination(settings=load()))
    assert (answers.grade, silent.grade) == ("good", "bad")
    assert "pa55word" not in answers.what + silent.what
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy:port")
    (none,) = proxy(Examination(settings=load()))
    assert none.grade == "bad"


@contextmanager
def front(status: int, body: bytes) -> Generator[str]:
    """Something that stands where others reach Cleo."""

    class Front(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None: ...

    with HTTPServer(("127.0.0.1", 0), Front) as server:
        serving = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        serving.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        serving.join()


@pytest.mark.parametrize(
    ("status", "body", "grade"),
    [(200, b'{"code":"alive"}', "good"), (403, b"forbidden", "bad"), (200, b"<html>", "bad")],
)
def test_the_way_in_is_tried_while_cleo_runs(
    status: int, body: bytes, grade: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with front(status, body) as url:
        monkeypatch.setenv("CLEO_API_URL", url)
        assert list(inbound(Examination(settings=load()))) == []
        data = tmp_path / ".cleo"
        with lock_data_dir(data), keep_runfile(data, url=url, bridge=""):
            (finding,) = inbound(Examination(settings=load()))
    assert finding.grade == grade


async def test_ready_tells_the_last_outcome_without_a_key_that_the_server_repeats(
    server: OpenAIMock, tmp_path: Path
) -> None:
    cleo = await build(load(cleo_data=tmp_path), bridge_url="http://127.0.0.1:1", secret=None)
    try:
        server.script = [Fails(401, "no sk-hunter22 here")]
        loop = cleo._worker.loop._requester  # pyright: ignore[reportPrivateUsage]
        with pytest.raises(ModelRefused):
            await loop.ask(Exchange(messages=[ModelRequest(parts=[UserPromptPart("hello")])]), "", Spent())
        _, parts = await cleo.readiness.check()
    finally:
        await cleo.close()
    assert parts["model"].state == "degraded"
    assert "refuses the key (401: no *** here)" in parts["model"].message
