"""The fake Graph server in a process of its own, and the demo's chat on one of its phones."""

import asyncio
import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from tests.support.graph_rig import rigged

from cleo.channels.whatsapp.cloud.demo.phone import GraphPhone
from cleo.channels.whatsapp.demo.phone import Arrival, DemoError
from cleo.channels.whatsapp.demo.simulator import Simulator


@pytest.mark.parametrize("end", ["input", "signal"])
async def test_it_says_where_it_is_and_ends_with_its_input_or_by_a_signal(end: str) -> None:
    command = (sys.executable, "-m", "cleo.app.demo.graph")
    process = await asyncio.create_subprocess_exec(*command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdin
    assert process.stdout
    said = json.loads(await process.stdout.readline())
    assert said["ready"] is True
    graph = Simulator(said["control"])
    assert await graph.get("/numbers") == []
    await graph.close()
    if end == "input":
        process.stdin.close()
    else:
        process.send_signal(signal.SIGTERM)
    assert await asyncio.wait_for(process.wait(), 10) == 0


async def test_a_graph_phone_is_a_phone_of_the_demo(tmp_path: Path) -> None:
    async with rigged() as rig:
        simulator = Simulator(rig.graph.control)
        phone = GraphPhone(simulator, "p1")
        arrivals, signs = phone.arrivals(), phone.typing()

        async def arrival() -> Arrival:
            return await asyncio.wait_for(anext(arrivals), 5)

        said = await phone.say("hello")
        typing = {"to": None, "status": "read", "message_id": said, "typing_indicator": {"type": "text"}}
        await rig.send(typing)
        assert await asyncio.wait_for(anext(signs), 5) is True
        choices = [{"type": "reply", "reply": {"id": title, "title": title}} for title in ("Yes", "No")]
        question = {"type": "button", "body": {"text": "Go?"}, "action": {"buttons": choices}}
        await rig.send({"type": "interactive", "interactive": question})
        asked = await arrival()
        assert (asked.kind, asked.text) == ("interactive", "Go?\n[Yes] [No]")
        assert await asyncio.wait_for(anext(signs), 5) is False
        await rig.send({"type": "reaction", "reaction": {"message_id": said, "emoji": "👍"}})
        liked = await arrival()
        assert (liked.kind, liked.text, liked.to) == ("reaction", "👍", said)

        await phone.press("Yes", asked.id)
        await phone.react(asked.id, "👍", own=False)
        await phone.say("because", quote=asked.id)
        (tmp_path / "x.txt").write_text("x")
        await phone.send_file(tmp_path / "x.txt", "a file")
        kinds = [leaf["type"] for leaf in (await rig.settled()).leaves("messages")]
        assert kinds == ["text", "interactive", "reaction", "text", "document"]
        with pytest.raises(DemoError, match="offers 'Maybe'"):
            await phone.press("Maybe")
        await simulator.close()
