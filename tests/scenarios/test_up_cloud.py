"""`cleo up` on the Cloud API: from nothing to the first answer, and what is said when something is missing."""

import re
import signal
from pathlib import Path

import pytest
from tests.scenarios.conftest import MakeCloud
from tests.support.cloud_system import TOKEN, VERIFY
from tests.support.graph_world import GraphWorld
from tests.support.program import Part
from tests.support.system import CLEO, SECRET

from cleo.app.settings import passed_on

pytestmark = pytest.mark.only("cloud", reason="There is no bridge and no QR code; test_up tells of those.")


async def test_what_is_missing_is_named_all_at_once(tmp_path: Path) -> None:
    part = Part("up", [CLEO, "up"], tmp_path)
    given = {"WHATSAPP_BACKEND": "cloud", "WHATSAPP_CLOUD_TOKEN": TOKEN, "CLEO_DATA": str(tmp_path / "data")}
    await part.start({**passed_on(), "CLEO_PORT": "0", **given})
    assert part.process
    assert await part.process.wait() != 0
    for name in ("PHONE_NUMBER_ID", "APP_SECRET", "VERIFY_TOKEN"):
        assert re.search(rf"needs [^.]*WHATSAPP_CLOUD_{name}\b", part.logged)
    assert "docs/howto/cloud.md" in part.logged
    assert TOKEN not in part.logged + part.said


async def test_from_an_empty_directory_to_an_owner_who_is_answered(make_cloud: MakeCloud) -> None:
    system = await make_cloud(owners=0)
    me = await system.phone("Me")
    await me.say(await system.claim())
    await me.hears("You are my owner now")
    await me.say("what is 6 * 7?")
    await me.hears("42")
    assert "✓ whatsapp: " in await system.command("status")
    assert "Ask Cleo in the chat" in await system.command("send", f"+{me.number}", "Good morning")
    await system.quiet()
    for private in (me.number, me.user_id, "6 * 7", SECRET, TOKEN, VERIFY):
        assert private not in system.agent.logged


async def test_it_stops_cleanly_and_goes_on_where_it_stopped(make_cloud: MakeCloud) -> None:
    system = await make_cloud()
    (ann,) = system.phones
    for count, by in enumerate((signal.SIGINT, signal.SIGTERM), 1):
        assert await system.agent.stop(by, seconds=5) == 0
        assert not (system.folder / "data" / "running.json").exists()
        await ann.say("what is 6 * 7?")
        await system.start_agent()
        await ann.hears("42")
        await system.quiet()
        assert len(await ann.bubbles()) == count


async def test_meta_is_let_in_only_with_the_verify_token_and_its_signature(make_cloud: MakeCloud) -> None:
    system = await make_cloud()
    (ann,) = system.phones
    with pytest.raises(AssertionError, match="did not answer the handshake \\(403\\)"):
        await system.register(verify_token="another")
    await system.register()
    message = {"id": "wamid.X", "from": ann.number, "type": "text", "text": {"body": "what is 6 * 7?"}}
    value = {"messages": [message]}
    for signature, status in (("missing", 403), ("wrong", 403), ("sha1", 403), ("upper", 403), ("good", 200)):
        assert await posted(system.graph, system.cleo, signature, value) == status
        await system.quiet()
        assert bool(system.rows("select * from inbox")) is (status == 200)


async def posted(graph: GraphWorld, account: str, signature: str, value: object) -> int:
    """Post to Cleo's webhook as Meta would, or as somebody else; tells the status."""
    body = {"number": account, "field": "messages", "value": value, "signature": signature}
    found = re.search(rb'"status":\s*(\d+)', await graph.ask("POST", "/webhook", body))
    assert found
    return int(found[1])
