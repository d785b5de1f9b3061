from pathlib import Path

import pytest

from cleo.app.setting_values import system_zone
from cleo.app.settings import environment, load, passed_on, secrets
from cleo.channels.whatsapp.bridge.settings import BridgeSettings
from cleo.domain.errors import ConfigError


def test_a_bare_environment_is_enough(tmp_path: Path) -> None:
    settings = load()
    assert settings.enabled_clients == ("whatsapp",)
    assert (settings.cleo_host, settings.cleo_port) == ("127.0.0.1", 8000)
    assert settings.database == f"sqlite:///{tmp_path / '.cleo' / 'cleo.db'}"
    assert settings.cleo_owners == frozenset()


def test_an_empty_variable_counts_as_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (
        "CLEO_PORT",
        "WHATSAPP_BRIDGE_URL",
        "CLEO_TIMEZONE",
        "CLEO_MAX_COST",
    ):
        monkeypatch.setenv(name, "")
    settings = load()
    assert settings.cleo_port == 8000
    assert BridgeSettings.of(settings).whatsapp_bridge_url is None


def test_a_secret_that_is_left_empty_is_said_loudly(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WHATSAPP_WEBHOOK_SECRET", "")
    with pytest.raises(ConfigError, match="WHATSAPP_WEBHOOK_SECRET is set, but empty"):
        load()
    monkeypatch.delenv("WHATSAPP_WEBHOOK_SECRET")
    (tmp_path / ".env").write_text("WHATSAPP_WEBHOOK_SECRET=\n")
    with pytest.raises(ConfigError, match="WHATSAPP_WEBHOOK_SECRET is set, but empty"):
        load()
    (tmp_path / "secret").write_text("\n")
    monkeypatch.setenv("WHATSAPP_WEBHOOK_SECRET_FILE", str(tmp_path / "secret"))
    with pytest.raises(ConfigError, match=r"WHATSAPP_WEBHOOK_SECRET_FILE names .*, which is empty"):
        load()


@pytest.mark.parametrize(
    "wrong", ["gehéim", "ключ", "two words", "two\nlines", "'quoted'", "“quoted”", "\x7f"]
)
@pytest.mark.parametrize(
    "name",
    ["WHATSAPP_WEBHOOK_SECRET"]
    + [f"WHATSAPP_CLOUD_{kind}" for kind in ("TOKEN", "APP_SECRET", "VERIFY_TOKEN")],
)
def test_a_secret_that_no_header_can_carry_is_refused_without_being_shown(
    name: str, wrong: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, wrong)
    with pytest.raises(ConfigError, match=f"{name}: must ") as caught:
        load()
    assert wrong not in str(caught.value)


def test_the_env_file_is_read_and_the_environment_goes_before_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".env").write_text("CLEO_PORT=9001\nCLEO_MODEL=openai:x\nOPENAI_API_KEY=from-file\n")
    monkeypatch.setenv("CLEO_PORT", "9002")
    settings = load()
    assert (settings.cleo_port, settings.cleo_model) == (9002, "openai:x")
    assert environment()["OPENAI_API_KEY"] == "from-file"


def test_a_mark_at_the_beginning_of_the_env_file_is_no_part_of_the_first_name(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("CLEO_PORT=9001\n", encoding="utf-8-sig")
    assert load().cleo_port == 9001
    assert environment()["CLEO_PORT"] == "9001"


def test_an_env_file_that_cannot_be_read_is_said_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / ".env").write_bytes("CLEO_INSTRUCTIONS=schön\n".encode("latin-1"))
    for read in (load, environment):
        with pytest.raises(ConfigError, match="UTF-8"):
            read()


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("CLEO_PORT", "eighty"),
        ("CLEO_PORT", "70000"),
        ("CLEO_TIMEZONE", "Mars/Olympus"),
        ("CLEO_LOG", "loud"),
        ("WHATSAPP_BRIDGE_URL", "localhost:3001"),
        ("WHATSAPP_BRIDGE_URL", "ftp://localhost"),
        ("CLEO_API_URL", "http://localhost:8000/?a=b"),
        ("CLEO_ALLOWED_GROUPS", "my friends"),
        ("CLEO_MAX_TOKENS", "0"),
        ("CLEO_MAX_COST", "-1"),
        ("CLEO_FILE_MAX_BYTES", "64 MB"),
    ],
)
def test_a_wrong_value_names_the_setting_and_an_example_that_works(
    name: str, wrong: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, wrong)
    with pytest.raises(ConfigError) as caught:
        load()
    said = str(caught.value)
    assert said.startswith(f"{name}: ")
    example = said.rpartition(f"{name}=")[2]
    monkeypatch.setenv(name, example)
    load()


def test_all_wrong_values_are_told_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLEO_PORT", "x")
    monkeypatch.setenv("CLEO_LOG", "x")
    with pytest.raises(ConfigError) as caught:
        load()
    assert [line.partition(":")[0] for line in str(caught.value).splitlines()] == ["CLEO_PORT", "CLEO_LOG"]


def test_phone_numbers_are_read_in_any_usual_spelling(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLEO_OWNERS", "+49 151 1234 5678, +1 (555) 123-4567 , 219876543210987@lid,")
    assert load().cleo_owners == {"phone:+4915112345678", "phone:+15551234567", "lid:219876543210987"}


@pytest.mark.parametrize(
    "entry", ["0151 12345678", "me", "+49", "+99999999999999999", "120363000000000001@g.us", "x@lid"]
)
def test_an_entry_that_is_no_number_refuses_to_start_also_beside_good_ones(
    entry: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CLEO_ALLOWED_USERS", f"+4915112345678,{entry}")
    with pytest.raises(ConfigError, match="CLEO_ALLOWED_USERS: "):
        load()


def test_groups_are_read_from_their_jids(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLEO_ALLOWED_GROUPS", "120363000000000001@g.us")
    assert load().cleo_allowed_groups == {"group:120363000000000001"}


def test_a_secret_can_come_from_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "secret").write_text("hunter22\n")
    monkeypatch.setenv("WHATSAPP_WEBHOOK_SECRET_FILE", str(tmp_path / "secret"))
    secret = load().whatsapp_webhook_secret
    assert secret is not None
    assert secret.get_secret_value() == "hunter22"


def test_a_secret_file_that_is_not_there_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WHATSAPP_WEBHOOK_SECRET_FILE", "nowhere")
    with pytest.raises(ConfigError, match="WHATSAPP_WEBHOOK_SECRET_FILE names nowhere"):
        load()


def test_no_secret_shows_in_a_representation_of_the_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WHATSAPP_WEBHOOK_SECRET", "hunter22")
    monkeypatch.setenv("DATABASE_URL", "postgresql://cleo:hunter22@db/cleo")
    monkeypatch.setenv("OPENAI_API_KEY", "sk-hunter22")
    settings = load()
    assert "hunter22" not in repr(settings)
    assert secrets(settings, environment()) >= {
        "hunter22",
        "sk-hunter22",
        "postgresql://cleo:hunter22@db/cleo",
    }


def test_a_child_process_gets_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-hunter22")
    monkeypatch.setenv("DATABASE_URL", "postgresql://cleo:hunter22@db/cleo")
    assert "hunter22" not in str(passed_on())
    assert "PATH" in passed_on()


def test_the_time_zone_is_the_machines_when_nobody_sets_one(tmp_path: Path) -> None:
    zone = tmp_path / "zoneinfo" / "Europe" / "Berlin"
    zone.parent.mkdir(parents=True)
    zone.touch()
    (tmp_path / "localtime").symlink_to(zone)
    assert system_zone(None, tmp_path / "localtime").key == "Europe/Berlin"
    assert system_zone("Asia/Tokyo", tmp_path / "localtime").key == "Asia/Tokyo"
    assert system_zone(None, tmp_path / "nowhere").key == "UTC"
