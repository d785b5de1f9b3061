"""What lies in a webhook's body: every entry, change and array is walked, and each leaf stands for itself.

entry[]{id, time, changes[]{field, value{metadata, contacts[], messages[], statuses[], …}}}
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from cleo.channels.http.strict_json import Json
from cleo.channels.whatsapp.cloud import wire
from cleo.channels.whatsapp.cloud.identities import Company, company

ARRAYS = {
    "messages": "message",
    "message_echoes": "echo",
    "statuses": "status",
    "calls": "call",
    "groups": "group",
    "user_preferences": "preference",
    "history": "history",
    "state_sync": "state",
    "errors": "error",
}
"""The arrays of a value, and what is in them. A value with none of them is one event of the account."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaf:
    """One thing in a webhook.

    `what` it is stands in `ARRAYS`, or is `account`, or `unreadable`; `problem`: why it cannot be told.
    """

    what: str
    content: Json
    told_as: str = ""
    """The field of the change: what Meta calls the kind of news."""
    number: str = ""
    """The `phone_number_id` that it was for; empty: it does not say."""
    company: Company = field(default_factory=Company)
    problem: str = ""


def leaves(body: dict[str, Json]) -> Iterator[Leaf]:
    """Tell everything that is in it."""
    entries = body.get("entry")
    if not isinstance(entries, list):
        yield Leaf(what="unreadable", content=body, problem="the body has no entries")
        return
    for entry in entries:
        changes = entry.get("changes") if isinstance(entry, dict) else None
        if not isinstance(entry, dict) or not isinstance(changes, list):
            yield Leaf(what="unreadable", content=entry, problem="the entry has no changes")
            continue
        for change in changes:
            yield from _of_change(entry, change)


def _of_change(entry: dict[str, Json], change: Json) -> Iterator[Leaf]:
    value = change.get("value") if isinstance(change, dict) else None
    if not isinstance(change, dict) or not isinstance(value, dict):
        yield Leaf(what="unreadable", content=change, problem="the change has no value")
        return
    field = change.get("field")
    named = field if isinstance(field, str) else ""
    found = {name: part for name in ARRAYS if (part := value.get(name)) not in (None, [])}
    if not found:
        whole: dict[str, Json] = {"entry": entry.get("id"), "time": entry.get("time"), "value": value}
        yield Leaf(what="account", content=whole, told_as=named, number=_number(value))
        return
    others = _company(value)
    for name, part in found.items():
        problem = "" if isinstance(part, list) else f"its {name} are not a list"
        for content in part if isinstance(part, list) else [part]:
            yield Leaf(
                what=ARRAYS[name],
                content=content,
                told_as=named,
                number=_number(value),
                company=others,
                problem=problem,
            )


def _number(value: dict[str, Json]) -> str:
    metadata = value.get("metadata")
    read = wire.Metadata.model_validate(metadata) if isinstance(metadata, dict) else wire.Metadata()
    return read.phone_number_id or ""


def _company(value: dict[str, Json]) -> Company:
    return company(
        [wire.Contact.model_validate(each) for each in _objects(value.get("contacts"))],
        [wire.Sender.model_validate(each) for each in _objects(value.get("messages"))],
        alone=not value.get("statuses"),
    )


def _objects(part: Json) -> Sequence[dict[str, Json]]:
    return [each for each in part if isinstance(each, dict)] if isinstance(part, list) else []
