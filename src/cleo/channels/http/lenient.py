"""Field types for input that may be wrong: a value that does not fit becomes None."""

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
"""The value, or None when it does not fit."""
Many = Annotated[tuple[Maybe[T], ...], WrapValidator(_or_empty)]
"""The list, with None for each value that does not fit; empty when it is no list."""
