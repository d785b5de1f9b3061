"""What a run of the benchmark writes."""

from pathlib import Path

import bench.__main__ as command
import pytest

FIGURES = [command.Row("a", "webhook → /send, p50", 9.0, 3.0, "ms", "≤ 15 ms")]


@pytest.fixture
def published(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    async def measured(_: Path, *, quick: bool) -> list[command.Row]:
        return FIGURES

    monkeypatch.setattr(command, "rows", measured)
    monkeypatch.setattr(command, "OUT", tmp_path / "published")
    return tmp_path / "published"


@pytest.mark.parametrize("arguments", [[], ["--quick"]])
def test_a_run_publishes_nothing_by_itself(arguments: list[str], published: Path) -> None:
    command.main(arguments)
    assert not published.exists()


def test_a_whole_run_is_published_when_that_is_asked_for(published: Path) -> None:
    command.main(["--publish"])
    assert {path.name for path in published.iterdir()} == {"figures.csv", "figures.svg"}


def test_a_short_run_is_never_published(published: Path) -> None:
    with pytest.raises(SystemExit):
        command.main(["--quick", "--publish"])
    assert not published.exists()
