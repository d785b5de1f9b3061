"""Single facts about this installation."""

from typing import Protocol


class Installation(Protocol):
    """Single facts about this installation, by name."""

    def get(self, name: str) -> str:
        """Read one; empty if it was never set."""
        ...

    def set(self, name: str, text: str) -> None:
        """Write one."""
        ...
