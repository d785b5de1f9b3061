"""The runfile in the data directory: it tells other commands where the running Cleo and its bridge are."""

import json
import os
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from cleo.domain.errors import CleoError

_NAME = "running.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoints:
    """Base URLs of a running Cleo and of its bridge, and the code that makes an owner, if nobody is one."""

    url: str
    bridge: str
    claim_code: str | None = None


@contextmanager
def keep_runfile(
    data: Path, *, url: str, bridge: str, claim_code: str | None = None
) -> Generator[Callable[[], None]]:
    """Keep the runfile there while the block is open; yield what takes the claim code out of it."""
    endpoints = Endpoints(url=url, bridge=bridge, claim_code=claim_code)
    _write(data / _NAME, endpoints)
    try:
        yield lambda: _write(data / _NAME, replace(endpoints, claim_code=None))
    finally:
        (data / _NAME).unlink(missing_ok=True)


def _write(runfile: Path, endpoints: Endpoints) -> None:
    written = runfile.with_suffix(".new")
    written.unlink(missing_ok=True)
    written.touch(mode=0o600)
    written.write_text(json.dumps({**asdict(endpoints), "pid": os.getpid()}))
    written.replace(runfile)  # whoever reads meanwhile finds all of it, or nothing


def find_running(data: Path) -> Endpoints:
    """Read the runfile; raises `CleoError` when there is none. After a kill it may be left of a Cleo that is gone."""
    try:
        runfile = json.loads((data / _NAME).read_text(encoding="utf-8"))
        claim_code = runfile.get("claim_code")
        return Endpoints(
            url=str(runfile["url"]),
            bridge=str(runfile["bridge"]),
            claim_code=str(claim_code) if claim_code else None,
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        raise CleoError(
            f"No Cleo runs on the data directory {data}. Start it with: cleo up. If it runs in another directory, "
            "name that: CLEO_DATA=/srv/cleo"
        ) from None
