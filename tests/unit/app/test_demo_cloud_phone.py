"""The demo's phone on the simulated Cloud API."""

import asyncio
from pathlib import Path

import pytest

from cleo.channels.whatsapp.cloud.demo.phone import CloudPhone
from cleo.channels.whatsapp.demo.phone import Arrival, DemoError
from cleo.channels.whatsapp.demo.simulator import Simulator
from cloud_harness import running_harness


async def test_a_cloud_phone_is_a_phone_of_the_demo(tmp_path: Path) -> None:
    async with running_harness() as harness:
        simulator = Simulator(harness.simulator.control)
        phone = CloudPhone(simulator, "p1")
        arrivals, signs = phone.arrivals(), phone.typing()

        async def arrival() -> Arrival:
            return await asyncio.wait_for(anext(arrivals), 5)

        said = await phone.say("hello")
        typing = {"to": None, "status": "read", "message_id": said, "typing_indicator": {"type": "text"}}
        await harness.send(typing)
        assert await asyncio.wait_for(anext(signs), 5) is True
        choices = [{"type": "reply", "reply": {"id": title, "title": title}} for title in ("Yes", "No")]
        question = {"type": "button", "body": {"text": "Go?"}, "action": {"buttons": choices}}
        await harness.send({"type": "interactive", "interactive": question})
        asked = await arrival()
        assert (asked.kind, asked.text) == ("interactive", "Go?\n[Yes] [No]")
        assert await asyncio.wait_for(anext(signs), 5) is False
        await harness.send({"type": "reaction", "reaction": {"message_id": said, "emoji": "👍"}})
        liked = await arrival()
        assert (liked.kind, liked.text, liked.to) == ("reaction", "👍", said)

        await phone.press("Yes", asked.id)
        await phone.react(asked.id, "👍", own=False)
        await phone.say("because", quote=asked.id)
        (tmp_path / "x.txt").write_text("x")
        await phone.send_file(tmp_path / "x.txt", "a file")
        kinds = [leaf["type"] for leaf in (await harness.settled()).elements("messages")]
        assert kinds == ["text", "interactive", "reaction", "text", "document"]
        with pytest.raises(DemoError, match="offers 'Maybe'"):
            await phone.press("Maybe")
        await simulator.close()
