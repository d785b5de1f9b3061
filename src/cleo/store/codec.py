"""Domain objects as the JSON that is stored, and back."""

import json
from typing import TypeVar

from pydantic import TypeAdapter, ValidationError
from pydantic_core import PydanticSerializationError

from cleo.domain.content import Content
from cleo.domain.errors import StoreError
from cleo.domain.message import Inbound, Quoted, Receipt

T = TypeVar("T")

INBOUND: TypeAdapter[Inbound] = TypeAdapter(Inbound)
OUTBOUND: TypeAdapter[tuple[Content, Quoted | None]] = TypeAdapter(tuple[Content, Quoted | None])

RECEIPT: TypeAdapter[Receipt] = TypeAdapter(Receipt)


def encode(adapter: TypeAdapter[T], value: T) -> str:
    """Write a value as JSON. Halves of surrogate pairs, which no UTF-8 can hold, become question marks."""
    try:
        return adapter.dump_json(value).decode()
    except PydanticSerializationError:
        loose = json.dumps(adapter.dump_python(value), ensure_ascii=False, default=list)
        return clean(loose)


def decode(adapter: TypeAdapter[T], body: str) -> T:
    """Read it back; raises `StoreError` when it is not what was written."""
    try:
        return adapter.validate_json(body)
    except ValidationError as error:
        raise StoreError(
            "A stored message cannot be read: a disk fault or another program changed the database. "
            "Restore it from a backup."
        ) from error


def clean(text: str) -> str:
    """Make text that every database can hold: no NUL, no halves of surrogate pairs."""
    return text.encode(errors="replace").decode().replace("\0", "\N{REPLACEMENT CHARACTER}")
