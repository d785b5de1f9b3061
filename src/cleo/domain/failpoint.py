"""Failpoints: named seams of the line where a test may end the process.

In production nothing is armed, and a failpoint costs one look at an empty dictionary. `CLEO_FAIL` arms them for
the crash tests (`cleo.app.failpoints`).
"""

from collections.abc import Callable

SEAMS: tuple[str, ...] = (
    "receive.before_commit",
    "receive.after_commit",
    "claim.after_commit",
    "fetch.after_keep",
    "model.before",
    "model.after",
    "checkpoint.after_commit",
    "tool.before_effect",
    "tool.after_effect",
    "answer.before_commit",
    "answer.after_commit",
    "deliver.before_send",
    "deliver.after_send",
    "deliver.after_commit",
    "remind.after_commit",
)
"""Every seam of the agent: between two of them, at most one thing is made durable or visible."""

_armed: dict[str, Callable[[], None]] = {}


def failpoint(name: str) -> None:
    """Do what was armed here; nothing, otherwise."""
    if _armed and (act := _armed.get(name)):
        act()


def arm(name: str, act: Callable[[], None] | None) -> None:
    """Set what happens at a seam, or clear it with None; raises `ValueError` for a seam that there is not."""
    if name not in SEAMS:
        raise ValueError(f"there is no failpoint {name!r}; there are: {', '.join(SEAMS)}")
    _armed.pop(name, None)
    if act:
        _armed[name] = act
