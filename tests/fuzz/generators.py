"""Whole webhooks by chance: every kind of thing that Meta tells, in any company, and broken in any place."""

import copy
import itertools
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, cast

from hypothesis import strategies as st
from tests.support.agent_harness import FRIEND, OWNER
from tests.support.cloud_payloads import NOW, NUMBER

SALT = "SALT"
"""Stands in every id, and is another word each time, so that no example meets the ids of another one."""
HUGE, DEEP, TWICE = "@huge@", "@deep@", "@twice@"
"""Stand for what no Python object can be: see `write`."""

_ODD = {
    f'"{HUGE}"': "9" * 5000,
    f'"{DEEP}"': "[" * 3000 + "]" * 3000,
    f'"{TWICE}"': '{"same":1,"same":{"id":2}}',
}


@dataclass(frozen=True)
class Leaf:
    """One thing that is told; `lands`: it is whole, and must be in the inbox afterwards."""

    field: str
    array: str
    content: Any
    lands: bool = False
    number: str | None = NUMBER

    @property
    def id(self) -> str:
        return self.content["id"]

    @property
    def place(self) -> tuple[str, str | None]:
        return self.field, self.number


@dataclass(frozen=True)
class Webhook:
    """Leaves with contacts around them, and broken places between."""

    leaves: tuple[Leaf, ...]
    contacts: tuple[Any, ...]
    broken_changes: tuple[Any, ...]
    broken_entries: tuple[Any, ...]
    one_change: bool
    """Leaves of the same field and number travel together."""

    def __len__(self) -> int:
        return len(self.leaves) + len(self.broken_changes) + len(self.broken_entries)

    def body(self) -> dict[str, Any]:
        parts = _together(self.leaves) if self.one_change else [[leaf] for leaf in self.leaves]
        changes = [self._change(part) for part in parts]
        entries = [{"id": "WABA", "changes": [*changes, *self.broken_changes]}, *self.broken_entries]
        return {"object": "whatsapp_business_account", "entry": entries}

    def apart(self) -> "Webhook":
        """The same things in other company and order, without their contacts."""
        return replace(self, leaves=self.leaves[::-1], contacts=(), one_change=not self.one_change)

    def _change(self, leaves: Sequence[Leaf]) -> dict[str, Any]:
        first = leaves[0]
        if not first.array:
            return {"field": first.field, "value": first.content}
        value: dict[str, Any] = {"messaging_product": "whatsapp"}
        if first.number:
            value["metadata"] = {"display_phone_number": "15550001", "phone_number_id": first.number}
        if self.contacts:
            value["contacts"] = list(self.contacts)
        for leaf in leaves:
            value.setdefault(leaf.array, []).append(leaf.content)
        return {"field": first.field, "value": value}


def write(body: object, salt: str, *, loose: bool = False) -> bytes:
    """Write it in ASCII, as Meta does; `loose` in other bytes and another order."""
    text = json.dumps(body, separators=None if loose else (",", ":"), sort_keys=loose).replace(SALT, salt)
    for token, odd in _ODD.items():
        text = text.replace(token, odd)
    return text.encode()


def _together(leaves: Sequence[Leaf]) -> Iterator[list[Leaf]]:
    whole = [leaf for leaf in leaves if leaf.array]
    for place in dict.fromkeys(leaf.place for leaf in whole):
        yield [leaf for leaf in whole if leaf.place == place]
    yield from ([leaf] for leaf in leaves if not leaf.array)


# ── what people say ────────────────────────────────────────────────────────────────────────────────────

Anything = st.SearchStrategy[Any]


def _object(required: dict[str, Anything], optional: dict[str, Anything] | None = None) -> Anything:
    return st.fixed_dictionaries(required, optional=optional or {})


_words = st.one_of(
    st.text(min_size=1, max_size=20).map(lambda text: f"a{text}"), st.just("half \ud800 \x00 of it")
)
_ids = st.integers(1, 3).map(lambda number: f"wamid.{SALT}.other{number}")
_numbers = st.sampled_from(
    [OWNER[7:], FRIEND[7:], "4915100000009", "5511987654321", "551187654321", "5215512345678", "525512345678"]
)
_users = st.integers(1, 4).map(lambda number: f"DE.{number}")
_times = st.one_of(
    st.integers(NOW - 10 * 86400, NOW).map(str), st.integers(NOW - 99, NOW + 9999), st.just(str(NOW * 1000))
)
_files = _object(
    {"id": st.integers(1, 10**15).map(str)},
    optional={
        "mime_type": st.sampled_from(["image/jpeg", "audio/ogg; codecs=opus", "", "x"]),
        "sha256": st.sampled_from(["ab" * 32, "a+b/c="]),
        "caption": _words,
        "filename": _words,
        "voice": st.booleans(),
        "url": st.just("https://lookaside.fbsbx.com/x"),
    },
)
_errors: Anything = st.lists(
    _object(
        {"code": st.sampled_from([131047, 131026, 131051, 131056, 1, 999999, "131047"])},
        optional={"title": _words, "error_data": _object({"details": _words})},
    ),
    min_size=1,
    max_size=2,
)
_reply = _object({"id": _words, "title": _words})
_kinds: dict[str, Anything] = {
    "text": _object({"body": _words}),
    **dict.fromkeys(("image", "video", "audio", "voice", "document", "sticker"), _files),
    "location": _object(
        {"latitude": st.floats(-90, 90), "longitude": st.floats(-180, 180)}, optional={"name": _words}
    ),
    "contacts": st.lists(
        _object({"name": _object({"formatted_name": _words})}),
        min_size=1,
        max_size=2,
    ),
    "reaction": _object({"message_id": _ids}, optional={"emoji": st.sampled_from(["👍", "", "x"])}),
    "button": _object({"text": _words}, optional={"payload": _words}),
    "interactive": st.one_of(
        _object({"type": st.just("button_reply"), "button_reply": _reply}),
        _object({"type": st.just("list_reply"), "list_reply": _reply}),
        _object({"type": st.just("nfm_reply"), "nfm_reply": _object({"response_json": _words})}),
    ),
    "order": _object({"product_items": st.just([{"product_retailer_id": "tea", "quantity": 2}])}),
    "unsupported": _object({"type": st.sampled_from(["poll_creation", "gif", "edit"])}),
    "edit": _object(
        {
            "original_message_id": _ids,
            "message": _object({"type": st.just("text"), "text": _object({"body": _words})}),
        }
    ),
    "revoke": _object({"original_message_id": _ids}),
    "request_welcome": st.none(),
    "hologram": _object({"size": st.integers(1, 9)}),
}
_senders = st.one_of(
    _object({"from": _numbers}, optional={"from_user_id": _users}),
    _object({"from_user_id": _users}, optional={"from_parent_user_id": st.just("DE.ENT.1")}),
)
_beside = _object(
    {},
    optional={
        "context": _object({"id": _ids}, optional={"from": _numbers, "forwarded": st.booleans()}),
        "referral": st.just({"source_id": "1", "headline": "Ad"}),
        "group_id": st.just("Y2FwaV9ncm91cA=="),
        "errors": _errors,
    },
)


@st.composite
def _message(draw: st.DrawFn, **more: Anything) -> dict[str, Any]:
    kind = draw(st.sampled_from(list(_kinds)))
    part = draw(_kinds[kind])
    content = {} if part is None else {kind: part}
    return (
        {"timestamp": draw(_times), "type": kind}
        | content
        | draw(_senders)
        | draw(_beside)
        | draw(_object(more))
    )


_ROTATIONS = ("user_changed_number", "user_changed_user_id", "customer_changed_number")
_addresses: dict[str, Anything] = {"wa_id": _numbers, "user_id": _users}
_system = _object(
    {
        "type": st.just("system"),
        "from": _numbers,
        "timestamp": _times,
        "system": _object(
            {"type": st.sampled_from([*_ROTATIONS, "customer_identity_changed"])},
            optional=_addresses | {"previous_user_id": _users, "new_wa_id": _numbers},
        ),
    }
)
_status = _object(
    {
        "status": st.sampled_from(["sent", "delivered", "read", "played", "failed", "deleted", "warning"]),
        "timestamp": _times,
        "recipient_id": _numbers,
    },
    optional={
        "recipient_user_id": _users,
        "recipient_type": st.sampled_from(["individual", "group"]),
        "recipient_participant_id": _numbers,
        "biz_opaque_callback_data": _words,
        "errors": _errors,
        "pricing": st.just({"billable": True}),
    },
)
_contact = _object(
    {},
    optional=_addresses | {"profile": _object({}, optional={"name": _words, "username": _words})},
)
_whole = st.one_of(
    _message().map(lambda content: Leaf("messages", "messages", content, lands=True)),
    _message().map(lambda content: Leaf("messages", "messages", content, lands=True)),
    _message().map(lambda content: Leaf("standby", "messages", content, lands=True)),
    _message(to=_numbers).map(
        lambda content: Leaf("smb_message_echoes", "message_echoes", content, lands=True)
    ),
    _message().map(lambda content: Leaf("messages", "messages", content, number="2002")),
    _message().map(lambda content: Leaf("messages", "messages", content, number=None)),
    _message().map(lambda content: Leaf("messages_of_tomorrow", "messages", content)),
    _system.map(lambda content: Leaf("messages", "messages", content)),
    _status.map(lambda content: Leaf("messages", "statuses", content)),
    _errors.map(lambda errors: Leaf("messages", "errors", errors[0])),
    st.sampled_from(
        [
            Leaf("calls", "calls", {"event": "connect"}),
            Leaf("group_lifecycle_update", "groups", {"type": "group_create"}),
            Leaf("user_preferences", "user_preferences", {"value": "stop"}),
            Leaf("history", "history", {"threads": []}),
            Leaf("smb_app_state_sync", "state_sync", {"type": "contact"}),
            Leaf("account_update", "", {"event": "DISABLED_UPDATE"}),
            Leaf("message_template_status_update", "", {"event": "PAUSED", "message_template_id": 7}),
        ]
    ),
)

# ── what is broken ─────────────────────────────────────────────────────────────────────────────────────

_junk: Anything = st.one_of(
    st.sampled_from(
        [
            None,
            True,
            0,
            -1,
            7,
            1.5,
            float("nan"),
            float("inf"),
            10**30,
            "",
            " ",
            "x",
            "\ud800",
            "\x00",
            [],
            {},
        ]
    ),
    st.sampled_from([HUGE, DEEP, TWICE, "x" * 100_000, [[]], [None], {"id": None}, {"\ud800": "\udfff"}]),
    st.text(max_size=8),
)


def _parts(value: Any) -> Iterator[tuple[Any, Any]]:
    if isinstance(value, dict):
        yield from cast("dict[str, Any]", value).items()
    elif isinstance(value, list):
        yield from enumerate(cast("list[Any]", value))


def _paths(value: Any) -> Iterator[tuple[Any, ...]]:
    for step, part in _parts(value):
        yield (step,)
        yield from ((step, *path) for path in _paths(part))


@st.composite
def _broken(draw: st.DrawFn, leaf: Leaf) -> Leaf:
    """Take something out of a leaf, or put something else in its place."""
    content = copy.deepcopy(leaf.content)
    for _ in range(draw(st.integers(1, 3))):
        paths = list(_paths(content))
        if not paths:
            break
        *way, last = draw(st.sampled_from(paths))
        place = content
        for step in way:
            place = place[step]
        if draw(st.booleans()):
            place[last] = copy.deepcopy(draw(_junk))
        else:
            del place[last]
    return replace(leaf, content=content, lands=False)


def _numbered(leaves: list[Leaf]) -> list[Leaf]:
    """Give each an id of its own, where it is an object."""
    counted = zip(leaves, itertools.count(), strict=False)
    return [
        replace(leaf, content=leaf.content | {"id": f"wamid.{SALT}.{number}"}) for leaf, number in counted
    ]


@st.composite
def _leaves(draw: st.DrawFn) -> tuple[Leaf, ...]:
    found: list[Leaf] = []
    for leaf in _numbered(draw(st.lists(_whole, min_size=1, max_size=6))):
        match draw(st.sampled_from(["whole", "whole", "twice", "broken", "junk"])):
            case "whole":
                found.append(leaf)
            case "twice":
                found += [leaf, leaf] if leaf.array else [leaf]
            case "broken":
                found.append(draw(_broken(leaf)) if leaf.array else leaf)
            case _:
                found.append(replace(leaf, content=draw(_junk), lands=False) if leaf.array else leaf)
    return tuple(found)


_BROKEN_CHANGES: list[Any] = [None, 7, {}, {"field": "messages"}, {"field": "messages", "value": []}]
_BROKEN_ENTRIES: list[Any] = [None, "x", {}, {"changes": {}}]


def _some(elements: Anything, most: int) -> Anything:
    return st.lists(elements, max_size=most).map(tuple)


webhooks = st.builds(
    Webhook,
    leaves=_leaves(),
    contacts=_some(_contact | _junk, 3),
    broken_changes=_some(st.sampled_from(_BROKEN_CHANGES), 1),
    broken_entries=_some(st.sampled_from(_BROKEN_ENTRIES), 1),
    one_change=st.booleans(),
)
"""Webhooks of up to a dozen things."""


def _mangled(raw: bytes, place: int, put: bytes, length: int) -> bytes:
    at = place % (len(raw) + 1)
    return raw[:at] + put + raw[at + length :]


ruins = st.builds(
    _mangled,
    webhooks.map(lambda webhook: write(webhook.body(), "ruin")),
    st.integers(0, 10**6),
    st.binary(max_size=4),
    st.integers(0, 10**6) | st.integers(0, 9),
)
"""The bytes of a webhook, with some of them put in, taken out or cut off."""
