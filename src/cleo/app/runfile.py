"""The runfile in the data directory: it tells other commands where the running Cleo and its bridge are."""

import json
import os
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from cleo.domain.errors import CleoError

_NAME = "running.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoints:
    """Base URLs of a running Cleo and of its bridge."""

    url: str
    bridge: str


@contextmanager
def keep_runfile(data: Path, *, url: str, bridge: str) -> Generator[None]:
    """Keep the runfile there while the block is open."""
    runfile = data / _NAME
    written = runfile.with_suffix(".new")
    written.write_text(json.dumps({"url": url, "bridge": bridge, "pid": os.getpid()}))
    written.replace(runfile)  # whoever reads meanwhile finds all of it, or nothing
    try:
        yield
    finally:
        runfile.unlink(missing_ok=True)


def find_running(data: Path) -> Endpoints:
    """Read the runfile; raises `CleoError` when there is none. After a kill it may be left of a Cleo that is gone."""
    try:
        runfile = json.loads((data / _NAME).read_text(encoding="utf-8"))
        return Endpoints(url=str(runfile["url"]), bridge=str(runfile["bridge"]))
    except (OSError, ValueError, KeyError, TypeError):
        raise CleoError(
            f"No Cleo runs on the data directory {data}. Start it with: cleo up. If it runs in another directory, "
            "name that: CLEO_DATA=/srv/cleo"
        ) from None
