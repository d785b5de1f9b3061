"""One webhook item: a message or a status on its way to a business."""

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import cast

from cloud_simulator.entities.business import Business
from cloud_simulator.faults import Case, Fault, Signature

Json = Mapping[str, object]
ARRAYS = {"smb_message_echoes": "message_echoes"}
"""The name of the array of messages, where it is another."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """`array` is its place in the value, `leaf` what stands there; `lane` keeps the order of one person."""

    number: str
    lane: str
    field: str
    array: str
    leaf: object
    contacts: Sequence[Json] = ()
    case: Case
    beside: Sequence[object] = ()
    """Leaves that travel in the same array, before it."""

    @property
    def name(self) -> str:
        """Says in the ledger what was carried."""
        return f"{self.case.status or 'message'}:{_id(self.leaf)}"


def envelope(items: Sequence[Item], businesses: Mapping[str, Business]) -> dict[str, object]:
    """Put items into one body: an entry for each account, a change for each number and field."""
    changes: dict[tuple[str, str, str], dict[str, object]] = {}
    for item in items:
        business = businesses[item.number]
        key = (business.waba_id, item.number, item.field)
        value = changes.setdefault(key, {"messaging_product": "whatsapp", "metadata": business.metadata})
        contacts = cast("list[Json]", value.setdefault("contacts", []))
        contacts.extend(one for one in item.contacts if one not in contacts)
        cast("list[object]", value.setdefault(item.array, [])).extend([*item.beside, item.leaf])
        if not contacts:
            del value["contacts"]
    entries: dict[str, list[object]] = {}
    for (waba, _, field), value in changes.items():
        entries.setdefault(waba, []).append({"value": value, "field": field})
    return {
        "object": "whatsapp_business_account",
        "entry": [{"id": waba, "changes": found} for waba, found in entries.items()],
    }


def written(body: object, *, loose: bool = False) -> bytes:
    """Write JSON as Meta does, escaped; `loose` in other bytes than usual."""
    return json.dumps(body, separators=None if loose else (",", ":")).encode()


def signature(secret: str, body: bytes) -> str:
    """Sign a body."""
    return "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def forged(kind: Signature, secret: str, body: bytes) -> bytes | None:
    """Sign a body badly; None: no header at all."""
    good = signature(secret, body)
    if kind == "missing":
        return None
    if kind == "upper":
        return b"sha256=" + good.removeprefix("sha256=").upper().encode()
    if kind == "sha1":
        return b"sha1=" + hmac.new(secret.encode(), body, hashlib.sha1).hexdigest().encode()
    if kind == "non-ascii":
        return "sha256=é".encode()
    return b"sha256=" + base64.b16encode(hashlib.sha256(body).digest()).lower()


def altered(item: Item, struck: Mapping[str, Fault]) -> Item:
    """Change an item as faults say."""
    if fault := struck.get("field"):
        array = ARRAYS.get(fault.field, item.array)
        item = replace(item, field=fault.field, array=array)
    if fault := struck.get("strip"):
        leaf = _without(item.leaf, fault.keys)
        item = replace(item, leaf=leaf, contacts=() if "contacts" in fault.keys else item.contacts)
    if fault := struck.get("skew"):
        item = replace(item, leaf=_later(item.leaf, fault.seconds))
    if fault := struck.get("poison"):
        item = replace(item, beside=[*item.beside, fault.leaf])
    return item


def _without(leaf: object, keys: Sequence[str]) -> object:
    if not isinstance(leaf, Mapping):
        return leaf
    return {key: part for key, part in cast("Json", leaf).items() if key not in keys}


def _later(leaf: object, seconds: float) -> object:
    if not isinstance(leaf, Mapping):
        return leaf
    known = cast("Json", leaf)
    return {**known, "timestamp": str(int(float(str(known.get("timestamp", 0))) + seconds))}


def _id(leaf: object) -> str:
    return str(cast("Json", leaf).get("id", "")) if isinstance(leaf, Mapping) else ""
