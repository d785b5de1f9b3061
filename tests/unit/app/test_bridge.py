import stat
from pathlib import Path

import pytest

from cleo.app import bridge
from cleo.app.settings import load
from cleo.domain.errors import ConfigError


def test_an_own_bridge_gets_a_random_secret_that_only_its_user_can_read_and_that_stays(
    tmp_path: Path,
) -> None:
    settings = load(cleo_data=tmp_path)
    secret = bridge.webhook_secret(settings, own_bridge=True)
    assert secret is not None
    assert len(secret) >= 40
    assert stat.S_IMODE((tmp_path / "webhook-secret").stat().st_mode) == 0o600
    assert bridge.webhook_secret(settings, own_bridge=True) == secret


def test_a_bridge_that_runs_elsewhere_has_the_secret_that_is_set_or_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert bridge.webhook_secret(load(cleo_data=tmp_path), own_bridge=False) is None
    monkeypatch.setenv("WHATSAPP_WEBHOOK_SECRET", "hunter22")
    assert bridge.webhook_secret(load(cleo_data=tmp_path), own_bridge=False) == "hunter22"
    assert bridge.webhook_secret(load(cleo_data=tmp_path), own_bridge=True) == "hunter22"
    assert list(tmp_path.iterdir()) == []


def test_the_bridge_is_told_all_that_it_needs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-canary")
    program = bridge.bridge_program(
        load(cleo_data=tmp_path),
        api_url="http://127.0.0.1:8000",
        port=4711,
        secret="hunter22",
        phone="+4915112345678",
        extra={"WHATSAPP_WEB_SOCKET_URL": "ws://x"},
    )
    assert program.env.items() >= {
        ("CLEO_API_URL", "http://127.0.0.1:8000"),
        ("CLEO_SUPERVISED", "1"),
        ("WHATSAPP_BRIDGE_HOST", "127.0.0.1"),
        ("WHATSAPP_BRIDGE_PORT", "4711"),
        ("WHATSAPP_BRIDGE_DATA", str(tmp_path / "bridge")),
        ("WHATSAPP_WEBHOOK_SECRET", "hunter22"),
        ("WHATSAPP_PHONE", "+4915112345678"),
        ("WHATSAPP_WEB_SOCKET_URL", "ws://x"),
    }
    assert "sk-canary" not in program.env.values()
    assert program.command[-1].endswith("whatsapp-bridge/src/main.ts")


def test_a_bridge_that_is_not_there_is_said_with_the_way_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bridge, "REPOSITORY", tmp_path)
    with pytest.raises(ConfigError, match="WHATSAPP_BRIDGE_URL=http"):
        bridge.program_of("whatsapp-bridge")
    main = tmp_path / "whatsapp-bridge" / "src" / "main.ts"
    main.parent.mkdir(parents=True)
    main.touch()
    with pytest.raises(ConfigError, match="make setup"):
        bridge.program_of("whatsapp-bridge")
