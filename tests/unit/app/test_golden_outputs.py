"""What Cleo says to people and programs, byte for byte: help, the doctor's findings, refusals, its HTTP API.

`make golden` writes the files anew. Paths, versions, ports and sizes of a machine are left out.
"""

import asyncio
import difflib
import io
import json
import logging
import os
import re
import sys
from collections.abc import AsyncGenerator, Callable, Coroutine, Iterator, Mapping
from contextlib import asynccontextmanager, redirect_stderr, redirect_stdout
from pathlib import Path

import httpx2
import pytest
import typer
from tests.unit.app.wrong_settings import ANYTHING_GOES, WRONG_COMMANDS, WRONG_VALUES

from cleo.app.build import build
from cleo.app.cli import app, main
from cleo.app.http import http_app
from cleo.app.settings import Settings, load
from cloud_harness import NUMBER, SECRET, TOKEN, running_harness

GOLDEN = Path(__file__).parent / "golden"
REWRITE = "REWRITE_GOLDEN" in os.environ

CLOUD = {
    "WHATSAPP_BACKEND": "cloud",
    "WHATSAPP_CLOUD_PHONE_NUMBER_ID": NUMBER,
    "WHATSAPP_CLOUD_TOKEN": TOKEN,
    "WHATSAPP_CLOUD_APP_SECRET": SECRET,
    "WHATSAPP_CLOUD_VERIFY_TOKEN": "the-verify-token",
    "WHATSAPP_CLOUD_BASE_URL": "http://127.0.0.1:1",
}
"""Nobody answers on port 1."""
BRIDGE = {"WHATSAPP_BRIDGE_URL": "http://127.0.0.1:1"}
SOMEBODY = {"CLEO_OWNERS": "+4915112345678"}
COMMANDS = [*typer.main.get_group(app).commands]


@pytest.fixture(autouse=True)
def same_machine(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The same terminal, time zone and neighbours everywhere; and the log as it was."""
    same = {"COLUMNS": "100", "NO_COLOR": "1", "TZ": "UTC", "OLLAMA_HOST": "127.0.0.1:1", "CLEO_PORT": "0"}
    for name, text in same.items():
        monkeypatch.setenv(name, text)
    monkeypatch.delenv("OPENAI_BASE_URL", raising=False)
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)


def cleo(*arguments: str, **variables: str) -> str:
    """Run a command in this process; tells what it wrote, and its exit code."""
    said, code = io.StringIO(), None
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(said), redirect_stderr(said):
        patch.setattr(sys, "argv", ["cleo", *arguments])
        for name, text in variables.items():
            patch.setenv(name, text)
        try:
            main()
        except SystemExit as end:
            code = end.code
    given = [f"{name}={text}" for name, text in variables.items()]
    return f"$ {' '.join([*given, 'cleo', *arguments])}\n{said.getvalue()}exit code {code}\n"


def helps() -> str:
    return "\n".join([cleo("--help"), *(cleo(command, "--help") for command in COMMANDS)])


def doctors_of_the_bridge() -> str:
    Path("my_tools.py").write_text("", encoding="utf-8")
    Path("a-file").touch()
    return "\n".join(
        [
            cleo("doctor", "--offline"),
            cleo(
                "doctor", "--offline", **SOMEBODY, **BRIDGE, CLEO_TIMEZONE="Europe/Berlin", CLEO_MODEL="basic"
            ),
            cleo("doctor", "--offline", CLEO_OWNER="+4915112345678", WHATSAPP_PORT="3001"),
            cleo("doctor", "--offline", CLEO_TOOLS="my_tools", CLEO_MODEL="openai:gpt"),
            cleo("doctor", "--offline", CLEO_DATA="a-file", OPENAI_API_KEY="sk-none"),
            cleo("doctor", "--offline", DATABASE_URL="postgresql://cleo@127.0.0.1:1/cleo"),
            cleo("doctor", "--offline", "--json", CLEO_PORT="x", CLEO_LOG="loud"),
            cleo("doctor", "--offline", CLEO_PORT="x", CLEO_LOG="loud"),
        ]
    )


def doctors_of_the_cloud_api_without_meta() -> str:
    return "\n".join(
        [
            cleo("doctor", "--offline", WHATSAPP_BACKEND="cloud"),
            cleo("doctor", "--offline", **CLOUD),
            cleo("doctor", **{**CLOUD, "WHATSAPP_CLOUD_PHONE_NUMBER_ID": "+4915112345678"}),
            cleo("doctor", **CLOUD, **SOMEBODY),
            cleo("doctor", "--message", "wamid.A", **CLOUD),
        ]
    )


async def doctors_of_the_cloud_api() -> str:
    async with running_harness() as rig:
        given = {**CLOUD, **SOMEBODY, "WHATSAPP_CLOUD_BASE_URL": rig.simulator.base_url}
        full = {"WHATSAPP_CLOUD_WABA_ID": "9001", "WHATSAPP_CLOUD_FALLBACK_TEMPLATE": "hello_world:en_US"}
        said = [
            await asyncio.to_thread(cleo, "doctor", **given),
            await asyncio.to_thread(cleo, "doctor", **given, **full),
        ]
        await rig.register_number(quality_rating="RED", callback=None, verify=False, subscribed=False)
        said.append(await asyncio.to_thread(cleo, "doctor", **given, **full))
        ports = {re.findall(r":(\d+)", url)[0] for url in (rig.simulator.base_url, rig.callback)}
    return re.sub(rf"127\.0\.0\.1:({'|'.join(ports)})", "127.0.0.1:<port>", "\n".join(said))


def wrong_values() -> str:
    """Each wrong value alone; what the settings themselves let through is refused at the start."""
    Path("a-file").touch()
    return "\n".join(
        cleo("up", **{**BRIDGE, "CLEO_PORT": "0", **besides, name: text})
        for name, texts, besides in WRONG_VALUES
        for text in texts
    )


def wrong_env_file() -> str:
    """The first wrong value of each setting, all in one `.env`."""
    lines = [f"{name}='{texts[0]}'" for name, texts, _ in WRONG_VALUES]
    Path(".env").write_text("\n".join(lines), encoding="utf-8")
    return "\n".join([cleo("status"), cleo("doctor", "--offline")])


def wrong_commands() -> str:
    return "\n".join(cleo(*arguments, **variables) for arguments, variables in WRONG_COMMANDS)


async def api_of_the_bridge() -> str:
    return await _api(BRIDGE)


async def api_of_the_cloud_api() -> str:
    return await _api(CLOUD)


async def _api(variables: Mapping[str, str]) -> str:
    with pytest.MonkeyPatch.context() as patch:
        for name, text in variables.items():
            patch.setenv(name, text)
        cleo = await build(load(), bridge_url=variables.get("WHATSAPP_BRIDGE_URL"), secret="hunter22")

    @asynccontextmanager
    async def idle() -> AsyncGenerator[None]:
        yield

    app = http_app(readiness=cleo.readiness, webhooks=cleo.webhooks, working=idle)
    try:
        transport = httpx2.ASGITransport(app)
        async with httpx2.AsyncClient(transport=transport, base_url="http://localhost") as http:
            return json.dumps((await http.get("/openapi.json")).json(), indent=2, ensure_ascii=False) + "\n"
    finally:
        await cleo.close()


OUTPUTS: Mapping[str, Callable[[], str | Coroutine[None, None, str]]] = {
    "help.txt": helps,
    "doctor-bridge.txt": doctors_of_the_bridge,
    "doctor-cloud.txt": doctors_of_the_cloud_api,
    "doctor-cloud-without-meta.txt": doctors_of_the_cloud_api_without_meta,
    "wrong-values.txt": wrong_values,
    "wrong-env-file.txt": wrong_env_file,
    "wrong-commands.txt": wrong_commands,
    "openapi-bridge.json": api_of_the_bridge,
    "openapi-cloud.json": api_of_the_cloud_api,
}


def normalised(text: str, here: Path) -> str:
    """Leave out what differs between machines and days."""
    text = text.replace(str(here), "<here>")
    for pattern, name in (
        (r"\x1b\[[\d;]*m", ""),
        (r"(?<=Cleo )\d+\.\d+\.\d+ on Python \S+", "<version> on Python <version>"),
        (r"Node\.js \S+ \(.*?\)", "Node.js <version> (<path>)"),
        (r"\d+\.\d GiB free", "<n> GiB free"),
        (r'(?<="title": "Cleo",)(.*?"version": )"[^"]+"', r'\1"<version>"'),
        (r"[ \t]+(?=\n)", ""),
    ):
        text = re.sub(pattern, name, text, flags=re.DOTALL)
    return text


@pytest.mark.timeout(30)
@pytest.mark.parametrize("name", OUTPUTS)
def test_an_output_is_the_same_as_before(name: str, tmp_path: Path) -> None:
    made = OUTPUTS[name]()
    now = normalised(made if isinstance(made, str) else asyncio.run(made), tmp_path)
    kept = GOLDEN / name
    if REWRITE:
        GOLDEN.mkdir(exist_ok=True)
        kept.write_text(now, encoding="utf-8")
    before = kept.read_text(encoding="utf-8") if kept.exists() else ""
    changes = "".join(
        difflib.unified_diff(before.splitlines(True), now.splitlines(True), "before", "now", n=2)
    )
    assert not changes, (
        f"golden/{name} differs. If that is meant, run `make golden` and commit it.\n{changes}"
    )


def test_there_is_no_golden_file_that_nothing_is_compared_with() -> None:
    assert {path.name for path in GOLDEN.iterdir()} == set(OUTPUTS)


def test_every_setting_has_wrong_values_or_takes_anything() -> None:
    listed = [name for name, _, _ in WRONG_VALUES]
    known = {name.upper() for name in Settings.model_fields}
    assert {*listed, *ANYTHING_GOES} == known
    assert not {*listed} & {*ANYTHING_GOES}
