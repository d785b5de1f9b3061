"""Time goes on, whatever the system clock does."""

import time
from pathlib import Path

import pytest

from cleo.ports import Clock
from cleo.store import SystemClock


class Times:
    """The two clocks of the system, moved by hand."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.wall, self.ticks = 1_800_000_000.0, 50.0
        monkeypatch.setattr(time, "time", lambda: self.wall)
        monkeypatch.setattr(time, "monotonic", lambda: self.ticks)

    def pass_(self, seconds: float) -> None:
        self.wall += seconds
        self.ticks += seconds


@pytest.fixture
def times(monkeypatch: pytest.MonkeyPatch) -> Times:
    return Times(monkeypatch)


HOUR, TEN_YEARS = 3600.0, 10 * 365 * 86400.0


def test_it_follows_the_system_clock(times: Times, tmp_path: Path) -> None:
    clock: Clock = SystemClock(tmp_path / "clock")
    for seconds in 0.0, 0.001, 7.0, HOUR, TEN_YEARS:
        times.pass_(seconds)
        assert clock.now() == times.wall


@pytest.mark.parametrize("back", [0.5, HOUR, TEN_YEARS])
def test_a_clock_set_back_slows_time_down_until_it_has_caught_up(
    times: Times, tmp_path: Path, back: float
) -> None:
    clock = SystemClock(tmp_path / "clock")
    before = clock.now()
    times.wall -= back
    assert clock.now() == before
    times.pass_(back / 2)
    assert clock.now() == pytest.approx(before + back / 4)
    times.pass_(3 * back / 2)
    assert clock.now() == pytest.approx(times.wall)
    times.pass_(1)
    assert clock.now() == times.wall


def test_what_must_expire_expires_when_the_clock_is_set_back(times: Times, tmp_path: Path) -> None:
    clock = SystemClock(tmp_path / "clock")
    expires_at = clock.now() + 1800
    times.wall -= TEN_YEARS
    times.pass_(3600)
    assert clock.now() >= expires_at


@pytest.mark.parametrize("back", [HOUR, TEN_YEARS])
def test_a_restart_does_not_go_back_either(times: Times, tmp_path: Path, back: float) -> None:
    path = tmp_path / "clock"
    clock = SystemClock(path)
    before = max(clock.now() for _ in range(10) if not times.pass_(3))
    times.wall -= back
    times.ticks = 1.0  # the machine was started again
    again = SystemClock(path)
    assert before - 5.01 <= again.now() <= before + 0.01


def test_it_is_saved_only_now_and_then(times: Times, tmp_path: Path) -> None:
    path = tmp_path / "clock"
    clock = SystemClock(path)
    clock.now()
    first = path.read_text()
    times.pass_(4)
    clock.now()
    assert path.read_text() == first
    times.pass_(4)
    clock.now()
    assert path.read_text() != first
    assert [file.name for file in tmp_path.iterdir()] == ["clock"]
    assert path.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("text", ["", "nan", "inf", "-inf", "garbage", "\0", "1e999", "1e300", "-5"])
def test_a_broken_file_does_no_harm(times: Times, tmp_path: Path, text: str) -> None:
    (tmp_path / "clock").write_text(text)
    clock = SystemClock(tmp_path / "clock")
    assert clock.now() == times.wall


def test_a_file_that_cannot_be_written_does_no_harm(times: Times, tmp_path: Path) -> None:
    clock = SystemClock(tmp_path / "missing" / "clock")
    assert clock.now() == times.wall


async def test_sleep_lets_others_go_on(tmp_path: Path) -> None:
    clock = SystemClock(tmp_path / "clock")
    began = clock.now()
    await clock.sleep(0.02)
    assert clock.now() - began >= 0.02
