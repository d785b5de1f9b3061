"""A disk that became read-only, as a worn-out one does at its next mount."""

import shutil
import subprocess
from pathlib import Path

import pytest
from tests.support.system import CLEO

from cleo.app.settings import passed_on

_ON_A_READ_ONLY_DISK = (
    'mount --bind "$CLEO_DATA" "$CLEO_DATA" && mount -o remount,bind,ro "$CLEO_DATA" && exec "$0" "$@"'
)


def run(folder: Path, *before: str, command: str) -> subprocess.CompletedProcess[str]:
    env = {**passed_on(), "CLEO_DATA": str(folder / "data"), "CLEO_MODEL": "builtin:basic"}
    return subprocess.run(
        [*before, CLEO, *command.split()],
        env=env,
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def namespace() -> list[str]:
    """Begins a command in a world of mounts of its own, which needs no rights."""
    unshare = shutil.which("unshare")
    if not unshare or subprocess.run([unshare, "-rm", "true"], capture_output=True, check=False).returncode:
        pytest.skip("needs user namespaces")
    return [unshare, "-rm", "sh", "-c", _ON_A_READ_ONLY_DISK]


def test_a_start_on_a_read_only_disk_is_refused_with_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    before = namespace()
    told = run(tmp_path, *before, command="up")
    assert told.returncode == 1, told.stderr
    assert "Read-only file system" in told.stderr and "CLEO_DATA=" in told.stderr
    assert "Traceback" not in told.stderr
    looked = run(tmp_path, *before, command="doctor --offline")
    assert "Read-only file system" in looked.stdout + looked.stderr
    assert list((tmp_path / "data").iterdir()) == []
