"""Each kind of message on each backend: the model is told of it alike, or the table says why it cannot be.

A cell is what a backend posts, or the reason why there is none.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pytest
from tests.support.cloud_payloads import message_payload, parse_inbound

from cleo.agent.run.prompt import prompt
from cleo.channels.whatsapp.bridge.contract import InboundEvent
from cleo.channels.whatsapp.bridge.events import read_event
from cleo.domain.content import Edit, Reaction, Revoke
from cleo.domain.conversation import ConversationId
from cleo.domain.identity import PersonId
from cleo.domain.message import Inbound, InboxItem

Cell = Mapping[str, Any] | str

BROKEN = [{"code": 131051, "title": "Message type unknown"}]
ONLY_META = "WhatsApp has it only with businesses"
MEDIA = {"url": "http://localhost:3001/media/1", "mimetype": "image/png"}
CARD = {"name": {"formatted_name": "Ada"}, "phones": [{"phone": "+49 30 1"}]}
BEN = {"name": {"formatted_name": "Ben"}}


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One kind: what each backend posts of it, and what the model must be told with either."""

    bridge: Cell
    cloud: Cell
    told: tuple[str, ...]


def media(kind: str, **more: Any) -> dict[str, Any]:
    return {"kind": kind, "media": MEDIA} | more


def part(type: str, body: Any, **more: Any) -> dict[str, Any]:
    return {"type": type, type: body} | more


def unsupported(type: str) -> dict[str, Any]:
    return part("unsupported", {"type": type}, errors=BROKEN)


def file(kind: str, **more: Any) -> dict[str, Any]:
    return part(kind, {"id": "77"} | more)


KINDS = {
    "text": Kind(bridge={"text": "hi *you*"}, cloud=part("text", {"body": "hi *you*"}), told=("hi *you*",)),
    "image": Kind(
        bridge=media("image", text="look"), cloud=file("image", caption="look"), told=("⟦image", "look")
    ),
    "video": Kind(
        bridge=media("video", text="look"), cloud=file("video", caption="look"), told=("⟦video", "look")
    ),
    "audio": Kind(bridge=media("audio"), cloud=file("audio"), told=("⟦audio",)),
    "voice note": Kind(bridge=media("voice"), cloud=file("audio", voice=True), told=("⟦voice",)),
    "document": Kind(
        bridge={"kind": "document", "text": "plan", "media": MEDIA | {"filename": "a.pdf"}},
        cloud=file("document", caption="plan", filename="a.pdf"),
        told=("⟦document a.pdf", "plan"),
    ),
    "sticker": Kind(bridge=media("sticker"), cloud=file("sticker"), told=("⟦sticker",)),
    "location": Kind(
        bridge={
            "kind": "location",
            "location": {"latitude": 52.5, "longitude": 13.4, "name": "HQ", "address": "Here 1"},
            "text": "https://hq.example",
        },
        cloud=part(
            "location",
            {
                "latitude": 52.5,
                "longitude": 13.4,
                "name": "HQ",
                "address": "Here 1",
                "url": "https://hq.example",
            },
        ),
        told=("location 52.5, 13.4", "HQ", "Here 1", "https://hq.example"),
    ),
    "live location": Kind(
        bridge={
            "kind": "live_location",
            "location": {"latitude": 52.5, "longitude": 13.4},
            "text": "on my way",
        },
        cloud=unsupported("live_location"),
        told=("live",),
    ),
    "contact": Kind(
        bridge={"kind": "contact", "text": "Ada, +49 30 1"},
        cloud=part("contacts", [CARD]),
        told=("⟦contact⟧ Ada, +49 30 1",),
    ),
    "contacts": Kind(
        bridge={"kind": "contacts", "text": "Ada, +49 30 1\nBen"},
        cloud=part("contacts", [CARD, BEN]),
        told=("⟦contacts⟧ Ada, +49 30 1\nBen",),
    ),
    "poll": Kind(
        bridge={"kind": "poll", "text": "Lunch?\n- yes"}, cloud=unsupported("poll_creation"), told=("⟦poll⟧",)
    ),
    "vote": Kind(
        bridge={"kind": "poll_vote", "text": "Soup"}, cloud=unsupported("poll_vote"), told=("⟦poll_vote⟧",)
    ),
    "event": Kind(bridge={"kind": "event", "text": "Party"}, cloud=unsupported("event"), told=("⟦event⟧",)),
    "invitation to a group": Kind(
        bridge={"kind": "group_invite", "text": "Chess"},
        cloud=unsupported("group_invite"),
        told=("⟦group_invite⟧",),
    ),
    "view once": Kind(bridge={"kind": "view_once"}, cloud=unsupported("view_once"), told=("⟦view_once⟧",)),
    "a kind of tomorrow": Kind(
        bridge={"kind": "hologram", "text": "wow"},
        cloud=part("hologram", {"body": "wow"}),
        told=("⟦hologram⟧ wow",),
    ),
    "order": Kind(
        bridge={"kind": "order", "text": "Please\n2 items, 7 EUR"},
        cloud=part("order", {"text": "Please", "product_items": [{"product_retailer_id": "tea"}]}),
        told=("⟦order⟧ Please",),
    ),
    "question about a product": Kind(
        bridge={"kind": "product", "text": "Tea"},
        cloud=part(
            "text", {"body": "Is it green?"}, context={"referred_product": {"product_retailer_id": "Tea"}}
        ),
        told=("product", "Tea"),
    ),
    "button": Kind(
        bridge={"text": "Small", "chosenId": "b1"},
        cloud=part("interactive", {"type": "button_reply", "button_reply": {"id": "b1", "title": "Small"}}),
        told=("Small",),
    ),
    "row of a list": Kind(
        bridge={"text": "Small\nfor one", "chosenId": "r1"},
        cloud=part(
            "interactive",
            {"type": "list_reply", "list_reply": {"id": "r1", "title": "Small", "description": "for one"}},
        ),
        told=("Small", "for one"),
    ),
    "form of a flow": Kind(
        bridge=ONLY_META,
        cloud=part("interactive", {"type": "nfm_reply", "nfm_reply": {"response_json": '{"day":"Mon"}'}}),
        told=("⟦flow⟧", "Mon"),
    ),
    "advertisement": Kind(
        bridge={"text": "hi", "referral": "Sofa\nHalf price"},
        cloud=part("text", {"body": "hi"}, referral={"headline": "Sofa", "body": "Half price"}),
        told=("written after a tap on", "Sofa", "Half price", "hi"),
    ),
    "forwarded": Kind(
        bridge={"text": "hi", "forwarded": True},
        cloud=part("text", {"body": "hi"}, context={"forwarded": True}),
        told=("⟦forwarded⟧ hi",),
    ),
    "reply": Kind(
        bridge={"text": "this", "quoted": {"messageId": "3A"}},
        cloud=part("text", {"body": "this"}, context={"id": "3A", "from": "4915100000001"}),
        told=("⟦in reply to: ", "this"),
    ),
    "mention": Kind(
        bridge={"text": "@1", "mentions": ["4915187654321@s.whatsapp.net"]},
        cloud="Meta does not tell who is named; the text holds the number",
        told=("it names +4915187654321",),
    ),
    "edit": Kind(
        bridge={"kind": "edit", "edits": "3A", "text": "dogs"},
        cloud=part(
            "edit", {"original_message_id": "3A", "message": {"type": "text", "text": {"body": "dogs"}}}
        ),
        told=("edited an earlier message", "dogs"),
    ),
    "deletion": Kind(
        bridge={"kind": "revoke", "revokes": "3A"},
        cloud=part("revoke", {"original_message_id": "3A"}),
        told=("deleted an earlier message",),
    ),
    "change of a group": Kind(
        bridge={"kind": "group_participant_add", "text": "+49 151 1"},
        cloud="Meta posts changes of groups as news about the account",
        told=("⟦group_participant_add⟧ +49 151 1",),
    ),
    "chat that was opened": Kind(
        bridge=ONLY_META, cloud={"type": "request_welcome"}, told=("⟦request_welcome⟧",)
    ),
}
CELLS = {
    f"{name} on the {backend}": (backend, cell, kind.told)
    for name, kind in KINDS.items()
    for backend, cell in (("bridge", kind.bridge), ("cloud", kind.cloud))
    if not isinstance(cell, str)
}


def read(backend: str, cell: Mapping[str, Any]) -> Inbound:
    if backend == "cloud":
        return parse_inbound(message_payload(**cell))
    head = {"from": "4915112345678@s.whatsapp.net", "messageId": "3B", "timestamp": 1785000000000}
    inbound = read_event(InboundEvent.model_validate(head | dict(cell), by_alias=True, by_name=False))
    assert isinstance(inbound, Inbound)
    return inbound


def told(inbound: Inbound, *, named: bool = False) -> str:
    item = InboxItem(
        seq=1, conversation=ConversationId("c"), person=PersonId("p"), message=inbound, received_at=0.0
    )
    pieces = prompt([item], files={}, named=named)
    return "\n".join(piece if isinstance(piece, str) else getattr(piece, "content", "") for piece in pieces)


@pytest.mark.parametrize(("backend", "cell", "words"), CELLS.values(), ids=CELLS)
def test_the_model_is_told_of_every_kind_by_every_backend(
    backend: str, cell: Mapping[str, Any], words: tuple[str, ...]
) -> None:
    said = told(read(backend, cell))
    assert [each for each in words if each not in said] == [], said


@pytest.mark.parametrize("emoji", ["👍", ""])
def test_a_reaction_is_the_same_on_both_and_answers_questions_only(emoji: str) -> None:
    bridge = read("bridge", {"kind": "reaction", "reaction": emoji, "reactsToMessageId": "3A"})
    cloud = read("cloud", part("reaction", {"message_id": "3A", "emoji": emoji}))
    assert bridge.content == cloud.content and isinstance(bridge.content, Reaction)
    assert told(bridge) == ""


@pytest.mark.parametrize("name", ["edit", "deletion"])
def test_changes_are_the_same_on_both(name: str) -> None:
    kind = KINDS[name]
    assert not isinstance(kind.bridge, str) and not isinstance(kind.cloud, str)
    bridge, cloud = read("bridge", kind.bridge), read("cloud", kind.cloud)
    assert bridge.content == cloud.content and isinstance(bridge.content, Edit | Revoke)


def test_a_group_tells_who_wrote_on_both() -> None:
    bridge = read(
        "bridge",
        {
            "from": "120363000000000001@g.us",
            "senderId": "4915112345678@s.whatsapp.net",
            "senderName": "Ann",
            "text": "hi",
        },
    )
    assert told(bridge, named=True) == "⟦member Ann …p⟧ hi"
    cloud = parse_inbound(
        message_payload(group_id="120363000000000001"),
        {"wa_id": "4915100000001", "profile": {"name": "Ann"}},
    )
    assert cloud.is_group and told(cloud, named=True) == "⟦member Ann …p⟧ hi from wamid.A"


def test_every_empty_cell_says_why() -> None:
    reasons = [cell for kind in KINDS.values() for cell in (kind.bridge, kind.cloud) if isinstance(cell, str)]
    assert all(len(reason) > 20 for reason in reasons)
    assert not any(isinstance(kind.bridge, str) and isinstance(kind.cloud, str) for kind in KINDS.values())
