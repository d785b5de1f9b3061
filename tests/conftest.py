"""What tests of every kind may ask for."""

from collections.abc import Generator

import pytest
from tests.support.postgres import Postgres


@pytest.fixture(scope="session")
def postgres() -> Generator[Postgres]:
    """One server for all tests; it starts when the first of them asks for it."""
    server = Postgres()
    yield server
    server.close()
