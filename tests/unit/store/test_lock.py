"""One Cleo a data directory."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from cleo.domain.errors import StoreError
from cleo.store import lock_data_dir

HOLD = """
import sys, time
from pathlib import Path
from cleo.store import lock_data_dir
with lock_data_dir(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(60)
"""


def test_a_second_owner_is_refused_until_the_first_is_gone(tmp_path: Path) -> None:
    data = tmp_path / "data"
    first = subprocess.Popen([sys.executable, "-c", HOLD, str(data)], stdout=subprocess.PIPE, text=True)
    assert first.stdout
    with first.stdout as lines:
        assert lines.readline() == "held\n"
        with (
            pytest.raises(StoreError, match=r"Another Cleo.*data directory.*CLEO_DATA="),
            lock_data_dir(data),
        ):
            raise AssertionError("two owners")
        first.send_signal(signal.SIGKILL)
        first.wait()
    with lock_data_dir(data):
        pass


def test_a_second_owner_in_the_same_process_is_refused(tmp_path: Path) -> None:
    with lock_data_dir(tmp_path), pytest.raises(StoreError, match="Another Cleo"), lock_data_dir(tmp_path):
        raise AssertionError("two owners")
    with lock_data_dir(tmp_path):
        pass


def test_the_lock_goes_when_the_block_raises(tmp_path: Path) -> None:
    with pytest.raises(KeyError), lock_data_dir(tmp_path):
        raise KeyError
    with lock_data_dir(tmp_path):
        pass


@pytest.mark.skipif(os.name == "nt", reason="POSIX file modes")
@pytest.mark.parametrize("there", [True, False])
def test_the_directory_is_closed_to_others(tmp_path: Path, there: bool) -> None:
    data = tmp_path / "data"
    before = os.umask(0)
    try:
        if there:
            data.mkdir(mode=0o777)
        with lock_data_dir(data):
            assert data.stat().st_mode & 0o777 == 0o700
            assert {file.stat().st_mode & 0o777 for file in data.iterdir()} == {0o600}
    finally:
        os.umask(before)


def test_a_place_that_cannot_be_a_directory_is_explained(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="CLEO_DATA"), lock_data_dir(tmp_path / "file"):
        pass
