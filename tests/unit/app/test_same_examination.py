"""What `cleo up` refuses, `cleo doctor` finds, in the same words."""

import re
import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from tests.unit.app.wrong_settings import WRONG_VALUES

from cleo.app.doctor.context import Examination
from cleo.app.doctor.examine import examine
from cleo.app.doctor.starting import port
from cleo.app.settings import load
from cleo.ports.finding import Finding, run_checks
from cleo.store import lock_data_dir

GOLDEN = (Path(__file__).parent / "golden" / "wrong-values.txt").read_text(encoding="utf-8")
BRIDGE = {"WHATSAPP_BRIDGE_URL": "http://127.0.0.1:1", "CLEO_PORT": "0", "OLLAMA_HOST": "127.0.0.1:1"}


def refused(variables: str) -> list[str]:
    """Return the sentences of `cleo up` with these variables, as the golden file has them."""
    said = re.search(re.escape(f"{variables} cleo up\n") + r"(.*?)exit code 1", GOLDEN, re.DOTALL)
    assert said, variables
    return said[1].partition("✗ ")[2].strip().splitlines()


def bad(findings: Iterator[Finding]) -> list[str]:
    return [f"{finding.what} {finding.fix}".strip() for finding in findings if finding.grade == "bad"]


@pytest.mark.parametrize("name", [name for name, _, _ in WRONG_VALUES])
def test_what_up_refuses_doctor_finds_in_the_same_words(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a-file").touch()
    (texts, besides) = next((texts, besides) for each, texts, besides in WRONG_VALUES if each == name)
    for variable, text in {**BRIDGE, **besides}.items():
        monkeypatch.setenv(variable, text)
    for text in texts:
        monkeypatch.setenv(name, text)
        given = {"WHATSAPP_BRIDGE_URL": "http://127.0.0.1:1", "CLEO_PORT": "0", **besides, name: text}
        sentences = refused(" ".join(f"{variable}={value}" for variable, value in given.items()))
        found = bad(examine(offline=True))
        assert [said for said in sentences if said not in found] == [], found


def test_a_port_in_use_is_found_in_the_words_of_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        monkeypatch.setenv("CLEO_PORT", str(taken.getsockname()[1]))
        (said,) = [said for said in bad(examine(offline=True)) if "cannot listen" in said]
    assert "Address already in use. Does another Cleo run?" in said


def test_a_port_that_cleo_itself_has_is_none_in_use(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from cleo.app.runfile import keep_runfile

    with socket.create_server(("127.0.0.1", 0)) as taken, lock_data_dir(tmp_path / ".cleo"):
        port = taken.getsockname()[1]
        monkeypatch.setenv("CLEO_PORT", str(port))
        with keep_runfile(tmp_path / ".cleo", url=f"http://127.0.0.1:{port}", bridge="http://127.0.0.1:1"):
            found = list(examine(offline=True))
    assert f"Cleo listens on 127.0.0.1:{port}" in [finding.what for finding in found]
    assert not [finding for finding in found if "cannot listen" in finding.what]


@pytest.mark.parametrize(("database", "bad"), [("postgresql://x@127.0.0.1:1/x", False), ("", True)])
def test_a_port_of_another_process_is_in_order_where_they_share_a_database(
    database: str, bad: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Alive(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b'{"state":"ok","code":"alive"}')

        def log_message(self, format: str, *args: object) -> None: ...

    with HTTPServer(("127.0.0.1", 0), Alive) as server:
        serving = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        serving.start()
        monkeypatch.setenv("CLEO_PORT", str(server.server_port))
        monkeypatch.setenv("DATABASE_URL", database)
        found = [finding.grade for finding in run_checks([port], Examination(settings=load()))]
        server.shutdown()
        serving.join()
    assert found == (["bad"] if bad else ["good"])


def test_a_damaged_database_is_found_in_the_words_of_up(tmp_path: Path) -> None:
    (tmp_path / ".cleo").mkdir()
    (tmp_path / ".cleo" / "cleo.db").write_text("nothing of the kind" * 100)
    assert any("no SQLite database" in said for said in bad(examine(offline=True)))


def test_a_look_makes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = sorted(tmp_path.iterdir())
    list(examine(offline=True))
    assert sorted(tmp_path.iterdir()) == before
