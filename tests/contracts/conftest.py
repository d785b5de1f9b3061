"""The stores that every test of the contract runs on."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.support.clock import FakeClock

from cleo.ports import Store
from cleo.store import open_store


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture(params=["sqlite"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Names an empty database; one parameter a kind of database."""
    assert request.param == "sqlite"
    return f"sqlite:///{tmp_path / 'cleo.db'}"


@pytest.fixture
async def store(url: str, clock: FakeClock) -> AsyncIterator[Store]:
    opened = open_store(url, clock=clock)
    yield opened
    await opened.close()
