"""Health: how a part is doing, for programs (`state`, `code`) and for people (`message`)."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """`ok` works · `degraded` works in part or will soon · `down` needs somebody."""

    state: Literal["ok", "degraded", "down"]
    code: str
    """A stable word for programs, such as `connected`, `linking`, `unreachable`."""
    message: str
