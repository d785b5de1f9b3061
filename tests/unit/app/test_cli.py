import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from cleo.channels.whatsapp import BACKENDS

CLEO = (sys.executable, "-c", "from cleo.app.cli import main; main()")


def cleo(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, **variables}
    return subprocess.run(
        [*CLEO, *arguments], env=env, capture_output=True, text=True, timeout=60, check=False
    )


def test_help_is_quick_and_names_every_command() -> None:
    began = time.monotonic()
    said = cleo("--help").stdout
    assert time.monotonic() - began < 5  # half a second on a machine that has nothing else to do
    for command in ("up", "api", "worker", "migrate", "demo", "status", "doctor", "send"):
        assert command in said


def test_help_loads_nothing_that_only_a_running_cleo_needs() -> None:
    code = "import sys, cleo.app.cli; print({'pydantic', 'fastapi', 'httpx2', 'sqlalchemy'} & {*sys.modules})"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "set()"


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_backend_that_is_not_chosen_is_not_loaded(backend: str, tmp_path: Path) -> None:
    code = (
        "import asyncio, json, sys\n"
        "from cleo.app.build import build\n"
        "from cleo.app.settings import load\n"
        "asyncio.run(build(load(), bridge_url='http://127.0.0.1:1', secret=None))\n"
        "print(json.dumps([name for name in sys.modules if name.startswith('cleo.channels.whatsapp.')]))"
    )
    cloud = {
        f"WHATSAPP_CLOUD_{name}": "1001"
        for name in ("PHONE_NUMBER_ID", "TOKEN", "APP_SECRET", "VERIFY_TOKEN")
    }
    env = {**os.environ, **cloud, "WHATSAPP_BACKEND": backend, "CLEO_DATA": str(tmp_path)}
    ran = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, check=True)
    folders = {"baileys": "bridge", "cloud": "cloud"}
    loaded = {name.split(".")[3] for name in json.loads(ran.stdout) if name.endswith(".client")}
    assert loaded == {folders[backend]}


@pytest.mark.parametrize(
    ("arguments", "variables", "said"),
    [
        (["status"], {}, "cleo up"),
        (["status"], {"CLEO_PORT": "x"}, "CLEO_PORT: should be a valid integer"),
        (["up"], {"CLEO_OWNERS": "me"}, "CLEO_OWNERS: 'me' is not a phone number"),
        (
            ["up"],
            {"WHATSAPP_BACKEND": "pigeon"},
            "WHATSAPP_BACKEND: there is no 'pigeon'. It can be: baileys",
        ),
        (
            ["up"],
            {"CLEO_HOST": "0.0.0.0", "WHATSAPP_BRIDGE_URL": "http://x:1"},
            "WHATSAPP_WEBHOOK_SECRET must be set",
        ),
        (["api"], {}, "DATABASE_URL=postgresql://"),
        (["worker"], {"DATABASE_URL": "sqlite:///x.db"}, "DATABASE_URL=postgresql://"),
        (["migrate", "--to", "sqlite:///x.db"], {}, "Data is moved from an SQLite file to Postgres"),
        (["migrate", "--to", "postgresql://x/y"], {}, "There is nothing to move"),
        (["worker"], {"DATABASE_URL": "postgresql://x"}, "WHATSAPP_BRIDGE_URL must say where the bridge is"),
        (["up"], {"CLEO_ENGINE": "procrastinate"}, "CLEO_ENGINE=procrastinate needs Postgres"),
        (["up"], {"CLEO_ENGINE": "steam"}, "there is no 'steam'. It can be: inprocess, procrastinate"),
        (
            ["api"],
            {"DATABASE_URL": "postgresql://cleo@127.0.0.1:1/x", "CLEO_PORT": "0"},
            "The database of DATABASE_URL cannot be used",
        ),
        (["up", "--phone", "me"], {}, "For example: --phone +4915112345678"),
        (["send", "0151", "hi"], {}, "cleo send +4915112345678"),
        (["send", "+4915112345678", "hi"], {"WHATSAPP_BACKEND": "cloud"}, "goes through the bridge"),
        (["doctor", "--message", "wamid.A"], {}, "WHATSAPP_BACKEND=cloud"),
        (
            ["doctor", "--message", "wamid.A"],
            {"WHATSAPP_BACKEND": "cloud"},
            "needs WHATSAPP_CLOUD_PHONE_NUMBER_ID, WHATSAPP_CLOUD_TOKEN",
        ),
        (["demo", "--script", "nowhere.script"], {}, "nowhere.script cannot be read"),
    ],
)
def test_what_goes_wrong_is_said_in_a_sentence_without_a_traceback(
    arguments: list[str], variables: dict[str, str], said: str
) -> None:
    ran = cleo(*arguments, **variables)
    assert ran.returncode == 1
    sentence = ran.stderr[ran.stderr.index("✗ ") :]
    assert said in sentence
    assert "Traceback" not in ran.stderr


HOLDER = """
import sys
from pathlib import Path
from cleo.store import lock_data_dir
with lock_data_dir(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_a_second_cleo_on_the_same_data_is_refused(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(tmp_path / "data")], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as holder:
        assert holder.stdout is not None
        holder.stdout.readline()
        ran = cleo("up", CLEO_DATA=str(tmp_path / "data"))
        holder.communicate()
    assert (ran.returncode, "Another Cleo already uses" in ran.stderr) == (1, True)


def test_a_port_in_use_is_said_at_once(tmp_path: Path) -> None:
    import socket

    with socket.create_server(("127.0.0.1", 0)) as taken:
        ran = cleo("up", CLEO_PORT=str(taken.getsockname()[1]))
    assert ran.returncode == 1
    assert "Does another Cleo run?" in ran.stderr
    assert "CLEO_PORT=" in ran.stderr


def test_doctor_finds_what_is_wrong_and_says_how_to_mend_it() -> None:
    ran = cleo("doctor", CLEO_PORT="x", CLEO_LOG="loud")
    assert ran.returncode == 1
    assert "✗ CLEO_PORT: should be" in ran.stdout
    assert "→ For example: CLEO_PORT=8000" in ran.stdout
    assert "2 to mend." in ran.stdout
