"""The events of a webhook's body: one for each change entry. Its key does not depend on what it came with."""

import hashlib
from dataclasses import dataclass, replace

from cleo.channels.http.strict_json import Json, NotJson
from cleo.channels.whatsapp.backend import CHANNEL
from cleo.channels.whatsapp.cloud import wire
from cleo.channels.whatsapp.cloud.identities import read_id
from cleo.channels.whatsapp.cloud.inbound.account_events import read_account_event
from cleo.channels.whatsapp.cloud.inbound.contents import read_name
from cleo.channels.whatsapp.cloud.inbound.envelope import ChangeEntry, read_change_entries
from cleo.channels.whatsapp.cloud.inbound.lenient_json import read_object, write_json
from cleo.channels.whatsapp.cloud.inbound.messages import ParsedEvent, message_kind, read_echo, read_message
from cleo.channels.whatsapp.cloud.inbound.statuses import read_status
from cleo.domain.content import Template
from cleo.domain.webhook_batch import WebhookBatch, WebhookEvent

FAULT = "Cleo could not read it"
"""Begins the problem of an entry that made Cleo's own parser fail."""

_ROUTES = {"messages": "message", "standby": "standby", "smb_message_echoes": "echo"}
"""What a message is, by the field of its change. In any other field it is kept and not acted upon."""


def read_batch(
    raw: bytes, *, phone_number_id: str, reopen_template: Template | None, now: float
) -> WebhookBatch:
    """Parse a signed body; never raises. `now`, in Unix seconds, decides what is late.

    `reopen_template` is passed on with a status that says that a message must wait until the person writes.
    """
    parser = _Parser(number_id=phone_number_id, reopen_template=reopen_template, now=now)
    try:
        events = tuple(parser.parse(entry) for entry in read_change_entries(read_object(raw)))
    except NotJson as error:
        key = f"{phone_number_id}/unreadable/{_digest(raw)}"
        events = (WebhookEvent(key=key, kind="unreadable", body="null", problem=str(error)),)
    return WebhookBatch(channel=CHANNEL, raw=raw, events=events)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Parser:
    number_id: str
    reopen_template: Template | None
    now: float

    def parse(self, entry: ChangeEntry) -> WebhookEvent:
        try:
            return self._read(entry)
        except Exception as error:  # one bad entry must not lose the others, nor be sent again for a week
            return _inert_event(entry, "unreadable", f"{FAULT} ({type(error).__name__})")

    def _read(self, entry: ChangeEntry) -> WebhookEvent:
        if entry.problem or entry.kind not in {"message", "echo", "status"}:
            problem = entry.problem or self._other_number(entry, must_name_one=False)
            return _account_event(entry) if not problem else _inert_event(entry, _name(entry), problem)
        if not isinstance(entry.content, dict):
            return _inert_event(entry, entry.kind, f"the {entry.kind} is not an object")
        if entry.kind == "status":
            return self._status(entry, entry.content)
        return self._message(entry, entry.content)

    def _status(self, entry: ChangeEntry, content: dict[str, Json]) -> WebhookEvent:
        status = wire.Status.model_validate(content)
        problem = self._other_number(entry)
        parsed = (
            ParsedEvent(problem=problem)
            if problem
            else read_status(
                status, number_id=self.number_id, reopen_template=self.reopen_template, now=self.now
            )
        )
        id = read_id(status.id)
        names = (id, read_name(status.status), status.recipient_participant_id or "") if id else None
        return _event(entry, "status", f"status/{read_name(status.status)}", names, parsed=parsed)

    def _message(self, entry: ChangeEntry, content: dict[str, Json]) -> WebhookEvent:
        message = wire.Message.model_validate(content)
        route = _route(entry)
        contact = entry.contacts.contact_of(message)
        if problem := self._other_number(entry):
            parsed = ParsedEvent(problem=problem)
        elif route == "echo" or (route == "standby" and message.to):
            parsed = read_echo(message, content, number_id=self.number_id, now=self.now)
        elif entry.field_name in _ROUTES:
            parsed = read_message(message, content, contact, number_id=self.number_id, now=self.now)
        else:
            parsed = ParsedEvent()
        id = read_id(message.id)
        kind = f"{route}/{message_kind(message)}"
        return _event(entry, route, kind, (id,) if id else None, parsed=parsed, contact=contact)

    def _other_number(self, entry: ChangeEntry, *, must_name_one: bool = True) -> str:
        if entry.number_id:
            return "" if entry.number_id == self.number_id else "it is for another number"
        return "it does not say for which number it is" if must_name_one else ""


def _route(entry: ChangeEntry) -> str:
    if entry.kind == "echo":
        return "echo"
    return _ROUTES.get(entry.field_name, f"{read_name(entry.field_name)}/message")


def _event(
    entry: ChangeEntry,
    route: str,
    kind: str,
    names: tuple[str, ...] | None,
    *,
    parsed: ParsedEvent,
    contact: wire.Contact | None = None,
) -> WebhookEvent:
    is_live = route == "message"
    return WebhookEvent(
        key=_key(entry, route, names),
        kind=kind,
        body=_body(entry, contact),
        meaning=parsed.event,
        problem=parsed.problem,
        starts=is_live and parsed.starts,
        opens_window=is_live and parsed.opens_window,
    )


def _inert_event(entry: ChangeEntry, kind: str, problem: str) -> WebhookEvent:
    return WebhookEvent(key=_key(entry, entry.kind, None), kind=kind, body=_body(entry), problem=problem)


def _account_event(entry: ChangeEntry) -> WebhookEvent:
    event = _inert_event(entry, _name(entry), "")
    value = entry.content.get("value") if isinstance(entry.content, dict) else None
    return (
        replace(event, meaning=read_account_event(entry.field_name, value))
        if entry.kind == "account"
        else event
    )


def _name(entry: ChangeEntry) -> str:
    """Return the kind of an entry that is not acted upon, as precisely as it says itself."""
    if entry.kind == "account":
        return f"account/{read_name(entry.field_name)}"
    if not isinstance(entry.content, dict) or entry.kind == "unreadable":
        return entry.kind
    named = next((entry.content[name] for name in ("type", "event", "code") if name in entry.content), None)
    if isinstance(named, int):
        return f"{entry.kind}/{named}"
    return f"{entry.kind}/{read_name(named)}" if isinstance(named, str) else entry.kind


def _key(entry: ChangeEntry, route: str, names: tuple[str, ...] | None) -> str:
    """Return the key: made of the ids that Meta gives, or of a hash of the content where there are none."""
    number = read_id(entry.number_id) or "-"
    if names is None:
        names = (_digest(write_json([entry.field_name, entry.content]).encode()),)
    named = [part if read_id(part) else _digest(part.encode()) for part in names if part]
    return "/".join([number, route, *named])


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:40]


def _body(entry: ChangeEntry, contact: wire.Contact | None = None) -> str:
    known: dict[str, Json] = {
        "field": entry.field_name,
        "phone_number_id": entry.number_id,
        entry.kind: entry.content,
    }
    if contact:
        known["contact"] = contact.model_dump(exclude_none=True)
    return write_json(known)
