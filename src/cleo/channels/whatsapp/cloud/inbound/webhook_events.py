"""A webhook's body as items: one for each leaf, each under a key that it has in any company."""

import hashlib
from dataclasses import dataclass

from cleo.channels.http.strict_json import Json, NotJson
from cleo.channels.whatsapp.backend import CHANNEL
from cleo.channels.whatsapp.cloud import wire
from cleo.channels.whatsapp.cloud.identities import read_id
from cleo.channels.whatsapp.cloud.inbound.contents import read_name
from cleo.channels.whatsapp.cloud.inbound.envelope import Leaf, leaves
from cleo.channels.whatsapp.cloud.inbound.lenient_json import read_object, write_json
from cleo.channels.whatsapp.cloud.inbound.messages import Meaning, message_kind, read_echo, read_message
from cleo.channels.whatsapp.cloud.inbound.statuses import read_status
from cleo.domain.content import Template
from cleo.domain.webhook_batch import WebhookBatch, WebhookEvent

FAULT = "Cleo could not read it"
"""Begins the problem of a leaf at which Cleo itself failed."""

_ROUTES = {"messages": "message", "standby": "standby", "smb_message_echoes": "echo"}
"""What messages are, by the field of their change: in any other field they are only kept."""


def read_batch(
    raw: bytes, *, phone_number_id: str, reopen_template: Template | None, now: float
) -> WebhookBatch:
    """Read a signed body; never raises. `now` is in Unix seconds: it tells what comes late.

    `reopen_template` goes with the news that a message waits until the person writes.
    """
    desk = _Desk(number=phone_number_id, reopen_template=reopen_template, now=now)
    try:
        items = tuple(desk.item(leaf) for leaf in leaves(read_object(raw)))
    except NotJson as error:
        key = f"{phone_number_id}/unreadable/{_digest(raw)}"
        items = (WebhookEvent(key=key, kind="unreadable", body="null", problem=str(error)),)
    return WebhookBatch(channel=CHANNEL, raw=raw, events=items)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Desk:
    number: str
    reopen_template: Template | None
    now: float

    def item(self, leaf: Leaf) -> WebhookEvent:
        try:
            return self._read(leaf)
        except Exception as error:  # one leaf must not cost its siblings, nor be sent again for a week
            return _kept(leaf, "unreadable", f"{FAULT} ({type(error).__name__})")

    def _read(self, leaf: Leaf) -> WebhookEvent:
        if leaf.problem or leaf.what not in {"message", "echo", "status"}:
            return _kept(leaf, _name(leaf), leaf.problem or self._foreign(leaf, must_say=False))
        if not isinstance(leaf.content, dict):
            return _kept(leaf, leaf.what, f"the {leaf.what} is not an object")
        if leaf.what == "status":
            return self._status(leaf, leaf.content)
        return self._message(leaf, leaf.content)

    def _status(self, leaf: Leaf, content: dict[str, Json]) -> WebhookEvent:
        status = wire.Status.model_validate(content)
        problem = self._foreign(leaf)
        meaning = (
            Meaning(problem=problem)
            if problem
            else read_status(
                status, number_id=self.number, reopen_template=self.reopen_template, now=self.now
            )
        )
        id = read_id(status.id)
        names = (id, read_name(status.status), status.recipient_participant_id or "") if id else None
        return _item(leaf, "status", f"status/{read_name(status.status)}", names, meaning=meaning)

    def _message(self, leaf: Leaf, content: dict[str, Json]) -> WebhookEvent:
        message = wire.Message.model_validate(content)
        route = _route(leaf)
        contact = leaf.company.contact_of(message)
        if problem := self._foreign(leaf):
            meaning = Meaning(problem=problem)
        elif route == "echo" or (route == "standby" and message.to):
            meaning = read_echo(message, content, number_id=self.number, now=self.now)
        elif leaf.told_as in _ROUTES:
            meaning = read_message(message, content, contact, number_id=self.number, now=self.now)
        else:
            meaning = Meaning()
        id = read_id(message.id)
        kind = f"{route}/{message_kind(message)}"
        return _item(leaf, route, kind, (id,) if id else None, meaning=meaning, contact=contact)

    def _foreign(self, leaf: Leaf, *, must_say: bool = True) -> str:
        if leaf.number:
            return "" if leaf.number == self.number else "it is for another number"
        return "it does not say for which number it is" if must_say else ""


def _route(leaf: Leaf) -> str:
    if leaf.what == "echo":
        return "echo"
    return _ROUTES.get(leaf.told_as, f"{read_name(leaf.told_as)}/message")


def _item(
    leaf: Leaf,
    route: str,
    kind: str,
    names: tuple[str, ...] | None,
    *,
    meaning: Meaning,
    contact: wire.Contact | None = None,
) -> WebhookEvent:
    is_live = route == "message"
    return WebhookEvent(
        key=_key(leaf, route, names),
        kind=kind,
        body=_body(leaf, contact),
        meaning=meaning.event,
        problem=meaning.problem,
        starts=is_live and meaning.starts,
        opens_window=is_live and meaning.opens_window,
    )


def _kept(leaf: Leaf, kind: str, problem: str) -> WebhookEvent:
    return WebhookEvent(key=_key(leaf, leaf.what, None), kind=kind, body=_body(leaf), problem=problem)


def _name(leaf: Leaf) -> str:
    """Name what is only kept, as closely as it names itself."""
    if leaf.what == "account":
        return f"account/{read_name(leaf.told_as)}"
    if not isinstance(leaf.content, dict) or leaf.what == "unreadable":
        return leaf.what
    named = next((leaf.content[name] for name in ("type", "event", "code") if name in leaf.content), None)
    if isinstance(named, int):
        return f"{leaf.what}/{named}"
    return f"{leaf.what}/{read_name(named)}" if isinstance(named, str) else leaf.what


def _key(leaf: Leaf, route: str, names: tuple[str, ...] | None) -> str:
    """Name it by what Meta names it by; by its content, where that is nothing."""
    number = read_id(leaf.number) or "-"
    if names is None:
        names = (_digest(write_json([leaf.told_as, leaf.content]).encode()),)
    named = [part if read_id(part) else _digest(part.encode()) for part in names if part]
    return "/".join([number, route, *named])


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:40]


def _body(leaf: Leaf, contact: wire.Contact | None = None) -> str:
    known: dict[str, Json] = {"field": leaf.told_as, "phone_number_id": leaf.number, leaf.what: leaf.content}
    if contact:
        known["contact"] = contact.model_dump(exclude_none=True)
    return write_json(known)
