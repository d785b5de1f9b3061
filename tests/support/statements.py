"""What reaches the database."""

from collections.abc import Generator
from contextlib import contextmanager

from sqlalchemy import Engine, event


@contextmanager
def counted() -> Generator[list[str]]:
    """Every statement that is executed meanwhile."""
    said: list[str] = []

    def statement(_: object, __: object, text: str, *___: object) -> None:
        said.append(text)

    event.listen(Engine, "before_cursor_execute", statement)
    yield said
    event.remove(Engine, "before_cursor_execute", statement)
