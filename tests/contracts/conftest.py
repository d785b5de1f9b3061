"""The stores that every test of the contract runs on."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from tests.support.clock import FakeClock
from tests.support.postgres import Postgres

from cleo.ports import Store
from cleo.store import open_store


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture(params=["sqlite", "postgres"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Names an empty database; one parameter a kind of database."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'cleo.db'}"
        return
    server: Postgres = request.getfixturevalue("postgres")
    with server.database() as url:
        yield url


@pytest.fixture
async def store(url: str, clock: FakeClock) -> AsyncIterator[Store]:
    opened = open_store(url, clock=clock)
    yield opened
    await opened.close()
