"""A third backend is a folder and a line in `BACKENDS`: every command takes it up, and nothing else changes."""

import asyncio
import subprocess
import sys
from pathlib import Path

from tests.support.memory_backend import MemoryPhone, sent
from tests.support.program import Part, until
from tests.support.system import ROOT

from cleo.app.settings import passed_on
from cleo.channels.whatsapp.demo.host import ME

CLEO = (sys.executable, "-m", "tests.support.memory_backend")


def environment(data: Path, **more: str) -> dict[str, str]:
    mine = {"CLEO_DATA": str(data), "CLEO_MODEL": "builtin:basic", "CLEO_PORT": "0", "CLEO_OWNERS": f"+{ME}"}
    return {**passed_on(), "PYTHONPATH": str(ROOT), "WHATSAPP_BACKEND": "memory", **mine, **more}


def cleo(folder: Path, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    env = environment(folder / "data", **more)
    return subprocess.run(
        [*CLEO, *arguments], cwd=folder, env=env, capture_output=True, text=True, timeout=90, check=False
    )


async def test_it_answers_under_cleo_up(tmp_path: Path) -> None:
    data = tmp_path / "data"
    part = Part("up", (*CLEO, "up"), tmp_path)
    await part.start(environment(data))
    try:
        url = (await part.says(r"✓ Cleo listens on (\S+)"))[1]
        await part.says("· WhatsApp in memory")
        await MemoryPhone(url, data / "sent").say("what is 6 * 7?")

        async def answered() -> bool:
            return any("42" in text for _, text in sent(data / "sent"))

        await until("an answer", answered)
        status = await asyncio.to_thread(cleo, tmp_path, "status")
        assert "✓ whatsapp: It is in memory." in status.stdout
    finally:
        await part.kill()


def test_the_doctor_makes_its_checks_and_knows_its_settings(tmp_path: Path) -> None:
    said = cleo(tmp_path, "doctor", WHATSAPP_MEMORY_NUMBER="4711", WHATSAPP_MEMORY_NAME="x").stdout
    assert "✓ The number in memory is 4711" in said
    assert "WHATSAPP_MEMORY_NAME is set, but Cleo knows no such setting" in said
    assert "WHATSAPP_MEMORY_NUMBER is set" not in said
    assert "bridge" not in said


def test_it_has_a_demo(tmp_path: Path) -> None:
    script = tmp_path / "demo.script"
    script.write_text("> what is 6 * 7?\nwait 42\n")
    ran = cleo(tmp_path, "demo", "--backend", "memory", "--script", str(script))
    assert ran.returncode == 0, ran.stderr
    assert "42" in ran.stdout


def test_a_wrong_name_is_said_with_it_among_those_that_there_are(tmp_path: Path) -> None:
    ran = cleo(tmp_path, "up", WHATSAPP_BACKEND="telegram")
    assert "there is no 'telegram'. It can be: baileys, cloud, memory." in ran.stderr
