"""`CLEO_FAIL` ends, breaks or delays a process at a seam of the line."""

import subprocess
import sys
import time
from collections.abc import Generator

import pytest

from cleo.app.failpoints import FailpointError, arm_failpoints
from cleo.domain.errors import ConfigError
from cleo.domain.failpoint import SEAMS, arm, failpoint


@pytest.fixture(autouse=True)
def disarmed() -> Generator[None]:
    yield
    for seam in SEAMS:
        arm(seam, None)


def test_kill_ends_the_process_as_a_power_cut_would() -> None:
    program = (
        "from cleo.app.failpoints import arm_failpoints\n"
        "from cleo.domain.failpoint import failpoint\n"
        "arm_failpoints(('model.after:kill@2',))\n"
        "failpoint('model.after'); print('one', flush=True)\n"
        "failpoint('model.before'); print('other', flush=True)\n"
        "try:\n    failpoint('model.after')\nfinally:\n    print('never', flush=True)\n"
    )
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stdout.split()) == (-9, ["one", "other"])


def test_raise_strikes_at_every_passage_or_at_the_wanted_one() -> None:
    arm_failpoints(("model.before:raise", "model.after:raise@2"))
    failpoint("model.after")
    for seam in ("model.before", "model.before", "model.after"):
        with pytest.raises(FailpointError, match=seam):
            failpoint(seam)
    failpoint("model.after")


def test_sleep_delays() -> None:
    arm_failpoints(("claim.after_commit:sleep=0.05",))
    start = time.monotonic()
    failpoint("claim.after_commit")
    assert time.monotonic() - start >= 0.05


@pytest.mark.parametrize(
    "order", ["nowhere:kill", "model.after", "model.after:sleep", "model.after:kill@0", ""]
)
def test_an_order_that_cannot_be_read_is_refused_with_an_example(order: str) -> None:
    with pytest.raises(
        ConfigError, match=r"(?s)CLEO_FAIL.*deliver\.after_send:kill@3.*receive\.before_commit"
    ):
        arm_failpoints((order,))
