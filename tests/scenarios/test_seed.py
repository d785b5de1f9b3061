"""Programs that somebody wrote from the first specification alone work with ours, on either side of the wire."""

import random
import time

import httpx2
import pytest
from tests.scenarios.conftest import MakeBridge
from tests.support.bridge_system import BridgeSystem
from tests.support.fake_bridge import Bubble, FakeBridge, Media
from tests.support.phone import Phone
from tests.support.program import until
from tests.support.seed_agent import Json, SeedAgent
from tests.support.system import SECRET, System

pytestmark = pytest.mark.only("baileys", reason="It is about the bridge's first specification.")


def jid(phone: Phone) -> str:
    return f"{phone.number}@s.whatsapp.net"


class SeedBridge:
    """Posts events with the specification's fields, and reads what Cleo sends back."""

    def __init__(self, bridge: FakeBridge, system: BridgeSystem) -> None:
        self.bridge = bridge
        self.system = system
        self.jid = jid(system.owners[0])
        self.read = 0
        self.count = 0

    async def post(self, secret: str | None = SECRET, **event: object) -> int:
        """Tell Cleo of a message of its owner; tells the status."""
        self.count += 1
        fields = {"from": self.jid, "messageId": f"3A{self.count:06}", "timestamp": int(time.time() * 1000)}
        headers = {"X-Webhook-Secret": secret} if secret else {}
        async with httpx2.AsyncClient(trust_env=False) as http:
            url = f"{self.system.agent_url}/api/whatsapp/webhook"
            return (await http.post(url, json=fields | event, headers=headers)).status_code

    async def hears(self, words: str) -> Bubble:
        """Wait for the next text with these words, or the next file if there are none."""

        async def look() -> Bubble | None:
            for place in range(self.read, len(self.bridge.bubbles)):
                bubble = self.bridge.bubbles[place]
                if words in str(bubble.asked.fields.get("text", "")) and bool(words) is not _is_file(bubble):
                    self.read = place + 1
                    return bubble
            return None

        return await until(repr(words), look)


async def knows(system: System, question: Bubble) -> bool:
    """Tell whether the agent has written down under which id such a bridge has sent this."""
    return system.rows("select count(*) from outbox where message_id = ?", question.id) == [(1,)]


def _is_file(bubble: Bubble) -> bool:
    return bubble.asked.path == "/send-media"


async def test_a_bridge_that_knows_only_the_specification(make_bridge: MakeBridge) -> None:
    async with FakeBridge(secret=SECRET) as bridge:
        system = await make_bridge(bridge_url=bridge.url)
        seed = SeedBridge(bridge, system)

        assert await seed.post(text="hello", secret=None) == 403
        assert await seed.post(text="hello", secret="wrong") == 403
        assert await seed.post(text="what is 6 * 7?") == 200
        answer = await seed.hears("42")
        assert (answer.asked.path, answer.asked.fields["to"]) == ("/send", seed.jid)

        as_number = f"+{system.owners[0].number}"
        assert await seed.post(text="what is 6 * 8?", **{"from": as_number, "senderId": as_number}) == 200
        await seed.hears("48")

        data = random.Random(4).randbytes(50_000)
        bridge.media["/files/1"] = Media(body=data)
        media = {
            "url": f"{bridge.url}/files/1",
            "mimetype": "image/png",
            "filename": "a.png",
            "size": len(data),
        }
        assert await seed.post(text="look", media=media) == 200
        await seed.hears("a.png")
        assert await seed.post(text="send me file a.png") == 200
        assert (await seed.hears("")).asked.file == data

        assert await seed.post(text="/press red") == 200
        question = await seed.hears("Confirm: press a button")
        await until("the agent to know the question's id", lambda: knows(system, question))
        await system.restart_agent()
        assert await seed.post(reaction="👍", reactsToMessageId=question.id) == 200
        await seed.hears("Pressed red")

        bridge.answer = b"queued"  # from now on it tells no ids
        assert await seed.post(text="/press blue") == 200
        await seed.hears("Confirm: press a button")
        assert await seed.post(text="yes") == 200
        await seed.hears("Pressed blue")
        assert system.pressed == ["red", "blue"]
        assert [bubble for bubble in bridge.bubbles if bubble.asked.fields["to"] != seed.jid] == []


async def test_an_agent_that_knows_only_the_specification(make_bridge: MakeBridge) -> None:
    with SeedAgent(SECRET) as agent:
        system = await make_bridge(agent_url=agent.url)
        agent.bridge_url = system.bridge_url
        ann = system.owners[0]

        asked = await ann.say("hello")
        answer = await ann.hears("^echo: hello$")

        async def answered() -> Json | None:
            return agent.answers[0] if agent.answers else None

        assert (await until("the bridge's answer", answered))["messageId"] == answer.id
        event = agent.first("text")
        assert (event["from"], event["messageId"], event["text"]) == (jid(ann), asked, "hello")
        assert abs(event["timestamp"] - time.time() * 1000) < 60_000

        data = random.Random(5).randbytes(50_000)
        await ann.send_file("image", data, "image/png")
        picture = await ann.hears(kind="image")
        assert await ann.download(picture) == data
        assert agent.first("media")["media"]["size"] == len(data)

        await ann.react(answer.id, "👍")

        async def reaction() -> Json | None:
            return agent.first("reaction") or None

        event = await until("the reaction", reaction)
        assert (event["from"], event["reaction"], event["reactsToMessageId"]) == (jid(ann), "👍", answer.id)
