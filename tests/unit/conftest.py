import os
from pathlib import Path

import pytest


@pytest.fixture
def bare_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """No settings from outside, and a working directory without a `.env`."""
    for name in os.environ:
        if name.startswith(("CLEO_", "WHATSAPP_", "DATABASE_", "ENABLED_")) or name.endswith("_API_KEY"):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    return tmp_path
