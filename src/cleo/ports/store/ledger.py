"""Which tool calls started."""

from dataclasses import dataclass
from typing import Literal, Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerEntry:
    """One execution of a tool. `started` without an end means: nobody knows what it did."""

    key: str
    tool: str
    state: Literal["started", "succeeded", "failed", "unknown"]
    value: str = ""


class Ledger(Protocol):
    """Which tool calls started, so that none runs twice."""

    def claim(self, key: str, tool: str, at: float) -> LedgerEntry | None:
        """Write `started`; None: it is ours. Otherwise tells what is known of the earlier start."""
        ...

    def finish(
        self, key: str, state: Literal["succeeded", "failed", "unknown"], value: str, at: float
    ) -> None:
        """Write how it ended."""
        ...
