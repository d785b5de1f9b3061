import asyncio
import os
import sys
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from cleo.app.supervise import MAX_CONFIG_ERRORS, Child
from cleo.channels.whatsapp.backend_spec import ProcessEvent, Program
from cleo.domain.errors import ConfigError


def program(code: str, **env: str) -> Program:
    return Program(name="child", command=(sys.executable, "-c", code), env=env)


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not true():  # noqa: ASYNC110 - what is waited for happens in another process
            await asyncio.sleep(0.01)


@asynccontextmanager
async def kept(child: Child) -> AsyncGenerator[None]:
    task = asyncio.create_task(child.run())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


TELLS_AND_STAYS = """
import json, sys
print(json.dumps({"event": "listening", "url": "http://x"}), flush=True)
print("no json", flush=True)
print("[1, 2]", flush=True)
print(json.dumps({"event": "state"}), flush=True)
sys.stdin.read()
"""


async def test_news_come_as_objects_and_what_is_none_is_left_out() -> None:
    events: list[ProcessEvent] = []
    async with kept(Child(program=program(TELLS_AND_STAYS), on_event=events.append)):
        await until(lambda: len(events) == 2)
    assert [event["event"] for event in events] == ["listening", "state"]


async def test_it_gets_the_environment_that_was_given_and_nothing_else() -> None:
    os.environ["CANARY_OF_THE_PARENT"] = "1"
    events: list[ProcessEvent] = []
    code = "import json, os, sys; print(json.dumps(dict(os.environ)), flush=True); sys.stdin.read()"
    try:
        async with kept(Child(program=program(code, ONLY="this"), on_event=events.append)):
            await until(lambda: bool(events))
    finally:
        del os.environ["CANARY_OF_THE_PARENT"]
    assert events[0]["ONLY"] == "this"
    assert "CANARY_OF_THE_PARENT" not in events[0]


async def test_it_is_started_again_later_each_time_and_says_why_it_ended() -> None:
    waits: list[float] = []
    reasons: list[str] = []

    async def sleep(seconds: float) -> None:
        waits.append(seconds)
        await asyncio.sleep(0)

    code = "import sys; sys.stderr.write('Something broke.\\n'); sys.exit(3)"
    child = Child(program=program(code), on_event=lambda _: None, on_end=reasons.append, sleep=sleep)
    async with kept(child):
        await until(lambda: len(waits) >= 3)
    assert reasons[0] == "child ended (exit code 3). Something broke."
    assert all(0 < wait <= 60 for wait in waits)


async def test_it_is_given_up_when_it_says_again_and_again_that_a_start_cannot_help() -> None:
    reasons: list[str] = []

    async def at_once(_: float) -> None:
        await asyncio.sleep(0)

    code = "import sys; sys.stderr.write('WHATSAPP_PHONE is wrong.\\n'); sys.exit(78)"
    child = Child(program=program(code), on_event=lambda _: None, on_end=reasons.append, sleep=at_once)
    with pytest.raises(ConfigError, match="WHATSAPP_PHONE is wrong"):
        await child.run()
    assert len(reasons) == MAX_CONFIG_ERRORS - 1


async def test_it_is_started_again_after_a_kill() -> None:
    events: list[ProcessEvent] = []
    code = "import json, os, sys; print(json.dumps({'pid': os.getpid()}), flush=True); sys.stdin.read()"

    async def at_once(_: float) -> None:
        await asyncio.sleep(0)

    async with kept(Child(program=program(code), on_event=events.append, sleep=at_once)):
        await until(lambda: len(events) == 1)
        os.kill(int(str(events[0]["pid"])), 9)
        await until(lambda: len(events) == 2)
    assert events[0]["pid"] != events[1]["pid"]


async def test_it_stops_with_us_at_once_when_it_listens_and_within_seconds_when_it_does_not() -> None:
    stubborn = """
import json, os, signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print(json.dumps({"pid": os.getpid()}), flush=True)
time.sleep(60)
"""
    for code, longest in ((TELLS_AND_STAYS, 2.0), (stubborn, 5.0)):
        events: list[ProcessEvent] = []
        child = Child(program=program(code), on_event=events.append)
        async with kept(child):
            await until(lambda: bool(events))  # noqa: B023
            pid = child.pid
            began = time.monotonic()
        assert time.monotonic() - began < longest
        assert pid is not None
        assert not alive(pid)


async def test_it_dies_with_a_parent_that_was_killed(tmp_path: Path) -> None:
    parent = f"""
import asyncio, sys
from cleo.app.supervise import Child
from cleo.channels.whatsapp.backend_spec import Program
code = "import os, sys; open({str(tmp_path / "pid")!r}, 'w').write(str(os.getpid())); sys.stdin.read()"
program = Program(name="child", command=(sys.executable, "-c", code), env={{}})
asyncio.run(Child(program=program, on_event=lambda _: None).run())
"""
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", parent)
    note = tmp_path / "pid"
    await until(lambda: note.exists() and note.read_text() != "")
    pid = int(note.read_text())
    process.kill()
    await process.wait()
    await until(lambda: not alive(pid))


async def test_a_line_without_end_does_not_stop_the_news() -> None:
    events: list[ProcessEvent] = []
    code = """
import json, sys
sys.stdout.write("x" * 5_000_000 + "\\n")
print(json.dumps({"event": "after"}), flush=True)
sys.stdin.read()
"""
    async with kept(Child(program=program(code), on_event=events.append)):
        await until(lambda: bool(events))
    assert events[0]["event"] == "after"
