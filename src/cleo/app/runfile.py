"""A note in the data directory while Cleo runs, for the commands that talk to it: where it and its bridge are."""

import json
import os
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from cleo.domain.errors import CleoError

_NAME = "running.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Base URLs of a running Cleo and of its bridge."""

    url: str
    bridge: str


@contextmanager
def noted(data: Path, *, url: str, bridge: str) -> Generator[None]:
    """Leave the note while the block is open."""
    note = data / _NAME
    note.write_text(json.dumps({"url": url, "bridge": bridge, "pid": os.getpid()}))
    try:
        yield
    finally:
        note.unlink(missing_ok=True)


def find_running(data: Path) -> Place:
    """Read the note; raises `CleoError` when there is none. After a kill it may tell of a Cleo that is gone."""
    try:
        note = json.loads((data / _NAME).read_text(encoding="utf-8"))
        return Place(url=str(note["url"]), bridge=str(note["bridge"]))
    except (OSError, ValueError, KeyError, TypeError):
        raise CleoError(
            f"No Cleo runs on the data directory {data}. Start it with: cleo up. If it runs in another directory, "
            "name that: CLEO_DATA=/srv/cleo"
        ) from None
