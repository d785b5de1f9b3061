"""Webhook events, and the body that carries them."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import cast

from cloud_simulator.entities.business import Business
from cloud_simulator.faults import Fault, Subject

Json = Mapping[str, object]
ARRAYS = {"smb_message_echoes": "message_echoes"}
"""The array for messages by field, where it is not `messages`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookEvent:
    """A message or a status for a business: `element` stands in the list `array` of the value of a change.

    Events of a number with the same `order_key` are delivered one after the other.
    """

    number: str
    order_key: str
    field: str
    array: str
    element: object
    contacts: Sequence[Json] = ()
    subject: Subject
    extra_elements: Sequence[object] = ()
    """Elements before it in the same list."""

    @property
    def label(self) -> str:
        """What the event log calls it: `message:wamid`, `delivered:wamid`, …"""
        element = self.element
        id = cast("Json", element).get("id", "") if isinstance(element, Mapping) else ""
        return f"{self.subject.status or 'message'}:{id}"


def build_body(events: Sequence[WebhookEvent], businesses: Mapping[str, Business]) -> dict[str, object]:
    """Return one body: an entry for each account, in it a change for each number and field."""
    changes: dict[tuple[str, str, str], dict[str, object]] = {}
    for event in events:
        business = businesses[event.number]
        key = (business.waba_id, event.number, event.field)
        value = changes.setdefault(key, {"messaging_product": "whatsapp", "metadata": business.metadata})
        contacts = cast("list[Json]", value.setdefault("contacts", []))
        contacts.extend(one for one in event.contacts if one not in contacts)
        elements = cast("list[object]", value.setdefault(event.array, []))
        elements.extend([*event.extra_elements, event.element])
        if not contacts:
            del value["contacts"]
    entries: dict[str, list[object]] = {}
    for (waba, _, field), value in changes.items():
        entries.setdefault(waba, []).append({"value": value, "field": field})
    return {
        "object": "whatsapp_business_account",
        "entry": [{"id": waba, "changes": found} for waba, found in entries.items()],
    }


def encode(body: object, *, spaced: bool = False) -> bytes:
    """Return JSON as Meta writes it, in ASCII; `spaced`: the same JSON in other bytes."""
    return json.dumps(body, separators=None if spaced else (",", ":")).encode()


def apply_faults(event: WebhookEvent, faults: Mapping[str, Fault]) -> WebhookEvent:
    """Return the event as the faults `field`, `strip`, `skew` and `poison` change it."""
    if fault := faults.get("field"):
        event = replace(event, field=fault.field, array=ARRAYS.get(fault.field, event.array))
    if fault := faults.get("strip"):
        contacts = () if "contacts" in fault.keys else event.contacts
        event = replace(event, element=_without_keys(event.element, fault.keys), contacts=contacts)
    if fault := faults.get("skew"):
        event = replace(event, element=_with_later_timestamp(event.element, fault.seconds))
    if fault := faults.get("poison"):
        event = replace(event, extra_elements=[*event.extra_elements, fault.element])
    return event


def _without_keys(element: object, keys: Sequence[str]) -> object:
    if not isinstance(element, Mapping):
        return element
    return {key: value for key, value in cast("Json", element).items() if key not in keys}


def _with_later_timestamp(element: object, seconds: float) -> object:
    if not isinstance(element, Mapping):
        return element
    known = cast("Json", element)
    return {**known, "timestamp": str(int(float(str(known.get("timestamp", 0))) + seconds))}
