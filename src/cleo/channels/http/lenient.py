"""Fields of models that take from strangers what fits, and nothing in place of what does not."""

from typing import Annotated, TypeVar

from pydantic import ValidationError, ValidatorFunctionWrapHandler, WrapValidator

T = TypeVar("T")


def _or_none(value: object, read: ValidatorFunctionWrapHandler) -> object:
    try:
        return read(value)
    except ValidationError:
        return None


def _or_empty(value: object, read: ValidatorFunctionWrapHandler) -> object:
    found = _or_none(value, read)
    return () if found is None else found


Maybe = Annotated[T | None, WrapValidator(_or_none)]
"""None for what cannot be read."""
Many = Annotated[tuple[Maybe[T], ...], WrapValidator(_or_empty)]
"""None for each that cannot be read; empty when it is no list at all."""
