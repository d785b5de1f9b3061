from collections.abc import AsyncGenerator

import pytest

from cloud_harness import Harness, running_harness


@pytest.fixture
async def harness() -> AsyncGenerator[Harness]:
    async with running_harness() as harness:
        yield harness
