"""What reaches the database."""

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from sqlalchemy import Engine, event

from cleo.store.session import Session


@dataclass(frozen=True)
class Executed:
    """One statement; parameters by name, of the first row where it was executed for several."""

    text: str
    parameters: dict[str, Any]


@contextmanager
def executed() -> Generator[list[Executed]]:
    """Hear every statement meanwhile, those that begin a transaction among them."""
    heard: list[Executed] = []
    real = Session._on_cursor  # pyright: ignore[reportPrivateUsage]  # the one way to the driver

    def on_cursor(self: Session, plan: Any, parameters: dict[str, Any] | list[dict[str, Any]]) -> object:
        heard.append(Executed(plan.text, parameters[0] if isinstance(parameters, list) else parameters))
        return real(self, plan, parameters)

    def begin(_: object, __: object, text: str, *___: object) -> None:
        heard.append(Executed(text, {}))

    event.listen(Engine, "before_cursor_execute", begin)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Session, "_on_cursor", on_cursor)
        yield heard
    event.remove(Engine, "before_cursor_execute", begin)
