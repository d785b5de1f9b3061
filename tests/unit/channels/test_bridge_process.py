"""The bridge as a child process of Cleo."""

from pathlib import Path

import pytest

from cleo.app.chosen_backend import backend_context
from cleo.app.settings import load, passed_on
from cleo.channels.whatsapp.bridge.process import program
from cleo.channels.whatsapp.bridge.process.program import bridge_program, program_of
from cleo.domain.errors import ConfigError

pytestmark = pytest.mark.usefixtures("bare_environment")


def test_the_bridge_is_told_all_that_it_needs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-canary")
    monkeypatch.setenv("WHATSAPP_WEB_SOCKET_URL", "ws://x")
    context = backend_context(load(cleo_data=tmp_path), bridge_url="http://127.0.0.1:4711", secret="hunter22")
    child = bridge_program(context, api_url="http://127.0.0.1:8000", phone="+4915112345678")
    assert child.env.items() >= {
        ("CLEO_API_URL", "http://127.0.0.1:8000"),
        ("CLEO_SUPERVISED", "1"),
        ("WHATSAPP_BRIDGE_HOST", "127.0.0.1"),
        ("WHATSAPP_BRIDGE_PORT", "4711"),
        ("WHATSAPP_BRIDGE_DATA", str(tmp_path / "bridge")),
        ("WHATSAPP_WEBHOOK_SECRET", "hunter22"),
        ("WHATSAPP_PHONE", "+4915112345678"),
        ("WHATSAPP_WEB_SOCKET_URL", "ws://x"),
    }
    assert "sk-canary" not in child.env.values()
    assert child.command[-1].endswith("whatsapp-bridge/src/main.ts")


def test_a_bridge_that_is_not_there_is_said_with_the_way_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(program, "REPOSITORY", tmp_path)
    with pytest.raises(ConfigError, match="WHATSAPP_BRIDGE_URL=http"):
        program_of("whatsapp-bridge", passed_on())
    main = tmp_path / "whatsapp-bridge" / "src" / "main.ts"
    main.parent.mkdir(parents=True)
    main.touch()
    with pytest.raises(ConfigError, match="make setup"):
        program_of("whatsapp-bridge", passed_on())
