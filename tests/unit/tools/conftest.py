from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.support.tool_harness import ToolHarness


@pytest.fixture
async def harness(tmp_path: Path) -> AsyncIterator[ToolHarness]:
    made = ToolHarness(tmp_path)
    yield made
    await made.store.close()
