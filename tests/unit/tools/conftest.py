from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.support.tool_room import ToolRoom


@pytest.fixture
async def room(tmp_path: Path) -> AsyncIterator[ToolRoom]:
    made = ToolRoom(tmp_path)
    yield made
    await made.store.close()
