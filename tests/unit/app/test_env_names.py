import os
from collections.abc import Collection
from pathlib import Path

import pytest

from cleo.app.cli.begin import begin
from cleo.app.env_names import unread_names
from cleo.app.settings import Settings


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("CLEO_OWNER", "CLEO_OWNERS"),
        ("CLEO_MODLE", "CLEO_MODEL"),
        ("cleo_modle", "CLEO_MODEL"),
        ("CLEO_PORT_FILE", "CLEO_PORT"),
        ("CLEO_MODEL_NAME", "CLEO_MODEL"),
        ("CLEO_MAX_STEP", "CLEO_MAX_STEPS"),
        ("WHATSAPP_BACKENDS", "WHATSAPP_BACKEND"),
        ("WHATSAPP_SECRET", "WHATSAPP_WEBHOOK_SECRET"),
        ("WHATSAPP_CLOUD_TOKKEN", "WHATSAPP_CLOUD_TOKEN"),
    ],
)
def test_a_name_that_looks_like_a_setting_and_is_none_is_told_with_what_was_meant(
    name: str, meant: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, "x")
    (said,) = unread_names()
    assert str(said) == f"{name} is set, but Cleo knows no such setting. Did you mean {meant}?"


def test_what_is_like_nothing_is_told_without_a_guess(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WHATSAPP_XYZZY", "x")
    (said,) = unread_names()
    assert said.fix == "Compare it with docs/settings.md."


def test_every_setting_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, field in Settings.model_fields.items():
        monkeypatch.setenv(name.upper(), "x")
        if field.json_schema_extra:
            monkeypatch.setenv(f"{name.upper()}_FILE", "x")
    for name in ("WHATSAPP_PHONE", "WHATSAPP_WEB_VERSION", "WHATSAPP_BRIDGE_PORT"):
        monkeypatch.setenv(name, "x")
    assert list(unread_names()) == []


def test_lines_of_the_env_file_are_told_that_nobody_reads(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text(
        """# a remark
CLEO_MODEL=basic
CELO_STREAM=true
WHATSAP_BACKEND=cloud
DATABASE_URI=sqlite:///x.db
OPENAI_KEY=sk
openai_api_key=sk
export CLEO_PORT=8001
CLEO_TIMEZONE
this is = no line
CLEO_MODEL=openai:x
OPENAI_API_KEY=sk
GROQ_API_KEY=sk
MY_OWN=1
"""
    )
    assert [str(said) for said in unread_names()] == [
        "CELO_STREAM is set in line 3 of .env, but Cleo knows no such setting. Did you mean CLEO_STREAM?",
        "WHATSAP_BACKEND is set in line 4 of .env, but Cleo knows no such setting. Did you mean WHATSAPP_BACKEND?",
        "DATABASE_URI is set in line 5 of .env, but Cleo knows no such setting. Did you mean DATABASE_URL?",
        "OPENAI_KEY is set in line 6 of .env, but Cleo knows no such setting. Did you mean OPENAI_API_KEY?",
        "openai_api_key is set in line 7 of .env, but Cleo knows no such setting. Did you mean OPENAI_API_KEY?",
        "CLEO_TIMEZONE in line 9 of .env has no value, so it is ignored. Write CLEO_TIMEZONE=…",
        "Line 10 of .env is no setting, so it is ignored. Write NAME=value, a value with spaces in quotation marks, "
        "and # before a remark.",
        "CLEO_MODEL stands in lines 2 and 11 of .env: the later one counts. Remove one of them.",
    ]


def no_log(level: str, *, hide: Collection[str]) -> None:
    """Leave the log of the tests as it is."""


def test_the_start_says_it_and_puts_the_way_out_where_libraries_look(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("cleo.app.logs.set_up", no_log)
    (tmp_path / ".env").write_text("CLEO_MODLE=basic\nHTTPS_PROXY=http://127.0.0.1:1\n")
    try:
        begin()
        shared = os.environ.get("HTTPS_PROXY")
    finally:
        os.environ.pop("HTTPS_PROXY", None)
    said = capsys.readouterr().out
    assert (
        "● CLEO_MODLE is set in line 1 of .env, but Cleo knows no such setting. Did you mean CLEO_MODEL?"
        in said
    )
    assert "✗ The proxy http://127.0.0.1:1 (HTTPS_PROXY) does not answer" in said
    assert shared == "http://127.0.0.1:1"
