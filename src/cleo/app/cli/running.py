"""Where the Cleo of this data directory runs, for the commands that talk to it."""

import json
from dataclasses import dataclass

from cleo.app.serve import RUNNING_NOTE
from cleo.app.settings import Settings
from cleo.domain.errors import CleoError


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Base URLs of a running Cleo and of its bridge."""

    url: str
    bridge: str


def find_running(settings: Settings) -> Place:
    """Read what `cleo up` left in the data directory; raises `CleoError` when none runs."""
    try:
        note = json.loads((settings.cleo_data / RUNNING_NOTE).read_text(encoding="utf-8"))
        return Place(url=str(note["url"]), bridge=str(note["bridge"]))
    except (OSError, ValueError, KeyError, TypeError):
        raise CleoError(
            f"No Cleo runs on the data directory {settings.cleo_data}. Start it with: cleo up. If it runs in another "
            "directory, name that: CLEO_DATA=/srv/cleo"
        ) from None
