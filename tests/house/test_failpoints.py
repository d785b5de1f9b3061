"""Every seam that the crash tests know is in the code, and every failpoint in the code is a known seam."""

import re
from pathlib import Path

from cleo.domain.failpoint import SEAMS

SOURCE = Path(__file__).parents[2] / "src" / "cleo"
STEPS = ("receive", "claim", "fetch", "model", "checkpoint", "tool", "answer", "deliver", "remind")


def test_every_seam_has_a_failpoint_and_every_failpoint_a_seam() -> None:
    used = [
        name
        for file in SOURCE.rglob("*.py")
        for name in re.findall(r'failpoint\("([\w.]+)"\)', file.read_text(encoding="utf-8"))
    ]
    assert sorted(set(used)) == sorted(SEAMS)
    assert len(used) == len(set(used)), "one name stands for one place"


def test_every_step_of_the_line_has_a_seam() -> None:
    assert {seam.partition(".")[0] for seam in SEAMS} == set(STEPS)
