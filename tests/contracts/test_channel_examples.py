"""Every golden body in `contract/examples` is read by both languages; the file's name tells the model."""

import json
from pathlib import Path

import jsonschema
import pytest

from cleo.channels.whatsapp.bridge import contract as wire
from cleo.channels.whatsapp.bridge.contract import InboundEvent
from cleo.channels.whatsapp.bridge.events import read_event
from cleo.domain.content import Edit, File, Location, Other, Reaction, Revoke, Text
from cleo.domain.message import Inbound, Receipt

CONTRACT = Path(__file__).parents[2] / "contract"
EXAMPLES = sorted((CONTRACT / "examples").glob("*.json"))
TIDY = [path for path in EXAMPLES if path.stem not in {"inbound-seed-phone", "send-text", "link-by-code"}]
"""Without the phone numbers in human spelling, which are tidied before the schema's pattern is asked."""
MODELS: dict[str, type[wire.Wire]] = {
    "inbound": wire.InboundEvent,
    "webhook-answer": wire.WebhookAnswer,
    "send-answer": wire.SendAnswer,
    "send-text": wire.SendText,
    "send-media": wire.SendMedia,
    "react": wire.React,
    "typing": wire.Typing,
    "read": wire.Read,
    "bridge-error": wire.BridgeError,
    "health": wire.HealthAnswer,
    "link-by-code": wire.LinkByCode,
    "link": wire.LinkAnswer,
    "dead-letters": wire.DeadLetters,
}
MEANT = {
    "inbound-advertisement": Text,
    "inbound-choice": Text,
    "inbound-edit": Edit,
    "inbound-group-change": Other,
    "inbound-group-reply": Text,
    "inbound-location": Location,
    "inbound-poll-vote": Other,
    "inbound-reaction-removed": Reaction,
    "inbound-revoke": Revoke,
    "inbound-seed-media": File,
    "inbound-seed-phone": Text,
    "inbound-seed-reaction": Reaction,
    "inbound-seed-text": Text,
    "inbound-unknown-kind": Other,
    "inbound-voice": File,
}


def model_of(example: Path) -> type[wire.Wire]:
    prefix = max((name for name in MODELS if example.stem.startswith(name)), key=len)
    return MODELS[prefix]


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_every_golden_body_is_read_and_keeps_its_fields(example: Path) -> None:
    body = json.loads(example.read_text())
    read = model_of(example).model_validate(body, by_alias=True, by_name=False)
    assert set(body) <= set(read.model_dump(by_alias=True, exclude_unset=True))


@pytest.mark.parametrize("example", TIDY, ids=lambda path: path.stem)
def test_every_golden_body_keeps_the_published_schema(example: Path) -> None:
    schema = json.loads((CONTRACT / "bridge.schema.json").read_text())
    jsonschema.validate({model_of(example).__name__: json.loads(example.read_text())}, schema)


def test_there_is_an_example_of_every_body_that_crosses_the_wire() -> None:
    assert {model_of(example) for example in EXAMPLES} == set(wire.BODIES)


@pytest.mark.parametrize("name", MEANT)
def test_every_golden_event_means_what_it_says(name: str) -> None:
    event = InboundEvent.model_validate_json((CONTRACT / "examples" / f"{name}.json").read_text())
    meant = read_event(event)
    assert isinstance(meant, Inbound)
    assert isinstance(meant.content, MEANT[name])
    assert meant.at == 1785000000000


def test_a_golden_receipt_is_a_receipt() -> None:
    event = InboundEvent.model_validate_json((CONTRACT / "examples" / "inbound-receipt.json").read_text())
    meant = read_event(event)
    assert isinstance(meant, Receipt)
    assert (meant.of, meant.state) == (("3EB0AA",), "delivered")


def test_every_golden_event_is_named_here() -> None:
    events = {example.stem for example in EXAMPLES if example.stem.startswith("inbound-")}
    assert events - set(MEANT) == {"inbound-receipt"}
