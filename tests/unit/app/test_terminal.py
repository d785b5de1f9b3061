"""What the person who runs Cleo sees: codes on terminals only, in letters that the terminal has."""

import asyncio
import io
import os
import stat
import subprocess
import sys
from pathlib import Path
from typing import cast

import pytest

from cleo.app.runfile import find_running, keep_runfile
from cleo.app.terminal.codes import draw_qr, said_of_claim, said_of_pairing
from cleo.app.terminal.letters import say_in_its_letters
from cleo.app.terminal.link_screen import LinkScreen
from cleo.channels.whatsapp.backend_spec import Link

QR = Link(qr="2@qr-secret", message="Scan it.")
CODE = Link(code="ABCD1234", message="Type it.")


class Screen(io.TextIOWrapper):
    """Keeps what is written, as a terminal or as a file."""

    def __init__(self, *, terminal: bool, encoding: str = "utf-8") -> None:
        super().__init__(io.BytesIO(), encoding=encoding, write_through=True)
        self._terminal = terminal

    def isatty(self) -> bool:
        return self._terminal

    @property
    def said(self) -> str:
        return cast("io.BytesIO", self.buffer).getvalue().decode(self.encoding)


def state(name: str, message: str) -> dict[str, object]:
    return {"event": "state", "state": name, "message": message}


async def test_a_log_learns_where_the_codes_are_and_not_the_codes() -> None:
    to = Screen(terminal=False)
    screen = LinkScreen(to)
    for link in (QR, CODE, QR):
        screen.link(link)
    screen.linked("+4915112345678")
    screen.claim("claim K7Q4-9XWM", "+4915112345678")
    assert to.said.splitlines() == [
        "● WhatsApp waits for a phone to be linked. A terminal shows the code, in this directory: cleo link",
        "● Nobody owns this Cleo yet. A terminal shows how to become its owner, in this directory: cleo claim",
    ]


async def test_a_terminal_shows_codes_that_cannot_be_taken_for_one_another() -> None:
    to = Screen(terminal=True)
    screen = LinkScreen(to)
    screen.link(CODE)
    screen.linked("+4915112345678")
    screen.claim("claim K7Q4-9XWM", "+4915112345678")
    assert "● Pairing code, for the phone whose number Cleo shall have: ABCD-1234\n  Type it." in to.said
    assert "✓ Cleo's number is +4915112345678" in to.said
    assert "send it this message on WhatsApp, from your own phone, to +4915112345678:" in to.said
    assert "https://wa.me/4915112345678?text=claim%20K7Q4-9XWM" in to.said


async def test_a_number_that_nobody_tells_is_left_out() -> None:
    assert "wa.me" not in said_of_claim("claim K7Q4-9XWM", "")
    assert said_of_claim("claim K7Q4-9XWM", "").endswith("    claim K7Q4-9XWM")


async def test_a_start_without_network_is_one_line_however_often_it_is_tried() -> None:
    to = Screen(terminal=False)
    screen = LinkScreen(to)
    for _ in range(5):
        screen.event(state("connecting", "Connecting to WhatsApp."))
        screen.event(state("waiting", "WhatsApp cannot be reached. Trying again."))
        screen.ended("whatsapp-bridge ended (exit code 1).")
    assert len(to.said.splitlines()) == 3
    screen.event(state("connected", "Connected."))
    assert screen.connected.is_set()
    screen.event(state("waiting", "WhatsApp cannot be reached. Trying again."))
    assert len(to.said.splitlines()) == 5


@pytest.mark.parametrize("encoding", ["latin-1", "ascii", "koi8-r"])
@pytest.mark.parametrize("terminal", [True, False])
async def test_a_terminal_without_our_letters_gets_others(encoding: str, terminal: bool) -> None:
    to = Screen(terminal=terminal, encoding=encoding)
    say_in_its_letters(to)
    screen = LinkScreen(to)
    for text in ("✓ Cleo is starting …", "● 👍 “schön” → 日本 ✗"):
        screen.line(text)
    screen.link(QR)
    screen.link(CODE)
    assert "+ Cleo is starting ..." in to.said
    assert "?" not in to.said.replace("-> ??", "")


def test_a_qr_code_without_blocks_is_drawn_in_colours() -> None:
    drawn = draw_qr("2@qr", Screen(terminal=True, encoding="latin-1"))
    assert drawn.isascii()
    assert "\x1b[" in drawn
    assert "█" in draw_qr("2@qr", Screen(terminal=True))


def test_the_pairing_code_is_named_as_what_it_is_for() -> None:
    assert said_of_pairing("ABCD1234", "Type it.").startswith("● Pairing code, for the phone whose number")


@pytest.mark.parametrize(
    ("command", "encoding"),
    [(["--help"], "ascii"), (["doctor", "--offline"], "latin-1"), (["up", "--phone", "me"], "latin-1")],
)
def test_every_command_speaks_to_any_terminal(command: list[str], encoding: str, tmp_path: Path) -> None:
    env = {**os.environ, "PYTHONIOENCODING": encoding, "PYTHONUTF8": "0", "OLLAMA_HOST": "127.0.0.1:1"}
    ran = subprocess.run(
        [sys.executable, "-c", "from cleo.app.cli import main; main()", *command],
        env=env,
        cwd=tmp_path,
        capture_output=True,
        check=False,
    )
    said = (ran.stdout + ran.stderr).decode(encoding)
    assert "Traceback" not in said
    assert said.strip()


async def test_the_runfile_is_its_users_alone_and_forgets_the_claim(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        with keep_runfile(tmp_path, url="http://x", bridge="", claim_code="claim K7Q4-9XWM") as forget:
            assert find_running(tmp_path).claim_code == "claim K7Q4-9XWM"
            assert stat.S_IMODE((tmp_path / "running.json").stat().st_mode) == 0o600
            forget()
            assert find_running(tmp_path).claim_code is None
            assert "K7Q4" not in (tmp_path / "running.json").read_text()
    finally:
        os.umask(before)
    assert not await asyncio.to_thread((tmp_path / "running.json").exists)


def test_whatever_a_command_makes_belongs_to_its_user_alone(tmp_path: Path) -> None:
    code = (
        "import asyncio, os, sys\n"
        "from cleo.app.cli import app, main\n"
        "os.umask(0)\n"
        "sys.argv = ['cleo', 'status']\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        "from cleo.app.build import build\n"
        "from cleo.app.settings import load\n"
        "async def go():\n"
        "    cleo = await build(load(), bridge_url='http://127.0.0.1:1', secret=None)\n"
        "    await cleo.close()\n"
        "asyncio.run(go())\n"
    )
    env = {**os.environ, "CLEO_DATA": str(tmp_path / "data"), "OLLAMA_HOST": "127.0.0.1:1"}
    subprocess.run([sys.executable, "-c", code], env=env, cwd=tmp_path, check=True, capture_output=True)
    made = [tmp_path / "data", *(tmp_path / "data").rglob("*")]
    assert len(made) > 3
    open_to_others = {str(path): oct(path.stat().st_mode) for path in made if path.stat().st_mode & 0o077}
    assert open_to_others == {}
