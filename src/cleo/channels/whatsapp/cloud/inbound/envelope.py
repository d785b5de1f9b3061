"""The change entries of a webhook's body: each member of each array of each change, on its own.

entry[]{id, time, changes[]{field, value{metadata, contacts[], messages[], statuses[], …}}}
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from cleo.channels.http.strict_json import Json
from cleo.channels.whatsapp.cloud import wire
from cleo.channels.whatsapp.cloud.identities import ContactIndex, index_contacts

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
class ChangeEntry:
    """One entry of a change: a message, a status and so on.

    `kind` is one of `ARRAYS`, or `account`, or `unreadable`; `problem` says why it could not be read.
    """

    kind: str
    content: Json
    field_name: str = ""
    """The field of the change: Meta's name for the kind of event."""
    number_id: str = ""
    """The `phone_number_id` that it is for; empty: it does not say."""
    contacts: ContactIndex = field(default_factory=ContactIndex)
    problem: str = ""


def read_change_entries(body: dict[str, Json]) -> Iterator[ChangeEntry]:
    """Yield every entry of a webhook's body, in order."""
    entries = body.get("entry")
    if not isinstance(entries, list):
        yield ChangeEntry(kind="unreadable", content=body, problem="the body has no entries")
        return
    for entry in entries:
        changes = entry.get("changes") if isinstance(entry, dict) else None
        if not isinstance(entry, dict) or not isinstance(changes, list):
            yield ChangeEntry(kind="unreadable", content=entry, problem="the entry has no changes")
            continue
        for change in changes:
            yield from _entries_of(entry, change)


def _entries_of(entry: dict[str, Json], change: Json) -> Iterator[ChangeEntry]:
    value = change.get("value") if isinstance(change, dict) else None
    if not isinstance(change, dict) or not isinstance(value, dict):
        yield ChangeEntry(kind="unreadable", content=change, problem="the change has no value")
        return
    field = change.get("field")
    named = field if isinstance(field, str) else ""
    found = {name: part for name in ARRAYS if (part := value.get(name)) not in (None, [])}
    if not found:
        whole: dict[str, Json] = {"entry": entry.get("id"), "time": entry.get("time"), "value": value}
        yield ChangeEntry(kind="account", content=whole, field_name=named, number_id=_number_id(value))
        return
    contacts = _contacts(value)
    for name, part in found.items():
        problem = "" if isinstance(part, list) else f"its {name} are not a list"
        for content in part if isinstance(part, list) else [part]:
            yield ChangeEntry(
                kind=ARRAYS[name],
                content=content,
                field_name=named,
                number_id=_number_id(value),
                contacts=contacts,
                problem=problem,
            )


def _number_id(value: dict[str, Json]) -> str:
    metadata = value.get("metadata")
    read = wire.Metadata.model_validate(metadata) if isinstance(metadata, dict) else wire.Metadata()
    return read.phone_number_id or ""


def _contacts(value: dict[str, Json]) -> ContactIndex:
    return index_contacts(
        [wire.Contact.model_validate(each) for each in _objects(value.get("contacts"))],
        [wire.Sender.model_validate(each) for each in _objects(value.get("messages"))],
        are_only_messages=not value.get("statuses"),
    )


def _objects(part: Json) -> Sequence[dict[str, Json]]:
    return [each for each in part if isinstance(each, dict)] if isinstance(part, list) else []
