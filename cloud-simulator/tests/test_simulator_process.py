"""The simulator as a process of its own."""

import asyncio
import json
import os
import signal
import sys
from pathlib import Path

import httpx2
import pytest

SOURCE = Path(__file__).parents[1] / "src"


async def start(*flags: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-P", "-m", "cloud_simulator", *flags),
        env={**os.environ, "PYTHONPATH": str(SOURCE)},
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )


async def ready(process: asyncio.subprocess.Process) -> dict[str, str]:
    """Return the first line of its output."""
    assert process.stdout
    return json.loads(await asyncio.wait_for(process.stdout.readline(), 30))


@pytest.mark.parametrize("flags", [(), ("--supervised",)])
async def test_it_says_where_it_listens_and_a_signal_ends_it(flags: tuple[str, ...]) -> None:
    process = await start(*flags)
    line = await ready(process)
    assert line == {
        "ready": True,
        "base_url": line["base_url"],
        "control": line["base_url"] + "/control",
        "env": {"WHATSAPP_CLOUD_BASE_URL": line["base_url"]},
    }
    async with httpx2.AsyncClient(trust_env=False) as http:
        assert (await http.get(line["control"] + "/numbers")).json() == []
    process.send_signal(signal.SIGTERM)
    assert await asyncio.wait_for(process.wait(), 10) == 0


async def test_only_when_supervised_it_ends_with_its_input() -> None:
    supervised, alone = await start("--supervised"), await start()
    for process in (supervised, alone):
        await ready(process)
        assert process.stdin
        process.stdin.close()
    assert await asyncio.wait_for(supervised.wait(), 10) == 0
    assert alone.returncode is None
    alone.kill()
    await alone.wait()
