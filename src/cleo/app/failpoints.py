"""`CLEO_FAIL`: kill, break or delay this process at named failpoints. For crash tests only."""

import os
import re
import signal
import time
from collections.abc import Callable
from itertools import count

from cleo.domain.errors import ConfigError
from cleo.domain.failpoint import SEAMS, arm

_ORDER = re.compile(
    r"\A(?P<seam>[\w.]+):(?P<act>kill|raise|sleep=(?P<seconds>\d+(\.\d+)?))(@(?P<passage>[1-9]\d*))?"
)


class FailpointError(Exception):
    """The unexpected error that `raise` raises."""


def arm_failpoints(orders: tuple[str, ...]) -> None:
    """Arm failpoints: `seam:kill`, `seam:raise` or `seam:sleep=2`, each perhaps with `@n`.

    With `@n` only the n-th passage counts; without, `kill` strikes at the first and the others at every one.
    Raises `ConfigError`.
    """
    for found in read_failpoints(orders):
        arm(found["seam"], _on_passage(_action(found["act"], found["seam"]), found["passage"]))


def read_failpoints(orders: tuple[str, ...]) -> list[re.Match[str]]:
    """Read orders for failpoints without arming any; raises `ConfigError`."""
    read = [_ORDER.fullmatch(order) for order in orders]
    for order, found in zip(orders, read, strict=True):
        if found is None or found["seam"] not in SEAMS:
            raise ConfigError(
                f"CLEO_FAIL: {order!r} is no order for a failpoint. For example: "
                f"CLEO_FAIL=deliver.after_send:kill@3. The seams are: {', '.join(SEAMS)}"
            )
    return [found for found in read if found]


def _on_passage(act: Callable[[], None], passage: str | None) -> Callable[[], None]:
    """Run the action only at the wanted passage."""
    if passage is None:
        return act
    wanted, passages = int(passage), count(1)

    def fire() -> None:
        if next(passages) == wanted:
            act()

    return fire


def _action(act: str, seam: str) -> Callable[[], None]:
    name, _, seconds = act.partition("=")
    actions: dict[str, Callable[[], None]] = {
        "kill": lambda: os.kill(os.getpid(), signal.SIGKILL),
        "raise": lambda: _raise(seam),
        "sleep": lambda: time.sleep(float(seconds)),
    }
    return actions[name]


def _raise(seam: str) -> None:
    raise FailpointError(seam)
