"""Groups: Cleo answers only where it was told to."""

import pytest
from tests.scenarios.conftest import MakeBridge, MakeCloud

LISTED = "120363400000000001@g.us"
HIDING = "120363400000000002@g.us"
OTHER = "120363400000000003@g.us"


@pytest.mark.only(
    "baileys", reason="The fake Graph server has no groups; the story below tells what goes out."
)
async def test_listed_groups_are_answered_with_a_quote_and_others_are_not(make_bridge: MakeBridge) -> None:
    system = await make_bridge(users=1, agent={"CLEO_ALLOWED_GROUPS": f"{LISTED}, {HIDING}"})
    ann, bob, eve = system.owners[0], system.users[0], await system.stranger()
    members = [phone.number for phone in (ann, bob, eve)] + [system.cleo]
    for group, hiding in ((LISTED, False), (HIDING, True), (OTHER, False)):
        about = {"id": group, "subject": "Us", "members": members, "lid": hiding}
        await system.world.ask("POST", "/groups", about)
    await eve.say("what is 1 + 1?", group=LISTED)
    await ann.say("what is 2 + 2?", group=OTHER)
    asked = await bob.say("what is 6 * 7?", group=LISTED)
    open_answer = await ann.hears("42")
    assert open_answer.quote and open_answer.quote.id == asked
    asked = await bob.say("what is 6 * 8?", group=HIDING)
    hidden_answer = await ann.hears("48")
    assert hidden_answer.quote and hidden_answer.quote.id == asked
    await system.quiet()
    for phone in (ann, bob, eve):
        shown = [(bubble.chat, bubble.text) for bubble in await phone.bubbles()]
        assert shown == [(LISTED, open_answer.text), (HIDING, hidden_answer.text)]


@pytest.mark.only("cloud", reason="Meta allows groups to few businesses, and the fake Graph server to none.")
async def test_where_meta_allows_no_groups_that_is_said_and_the_person_is_not_written_to_instead(
    make_cloud: MakeCloud,
) -> None:
    system = await make_cloud(agent={"CLEO_ALLOWED_GROUPS": "group:Y2FwaV9ncm91cDox"})
    (ann,) = system.phones
    said = {"type": "text", "text": {"body": "what is 6 * 7?"}}
    await ann.send({"raw": {**said, "group_id": "Y2FwaV9ncm91cDoy"}})
    await ann.send({"raw": {**said, "group_id": "Y2FwaV9ncm91cDox"}})
    await system.quiet()
    (refused,) = await system.graph.log("refused", system.cleo)
    assert "Groups are not available" in refused.note
    assert "WhatsApp does not do this in groups of this number" in await system.command("outbox")
    assert await ann.bubbles() == []
