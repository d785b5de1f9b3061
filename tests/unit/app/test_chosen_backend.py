"""One variable chooses the backend; what it lacks is said by name."""

import stat
from pathlib import Path

import pytest
from tests.support.clock import FakeClock
from tests.support.files_at import FilesAt
from tests.support.recording_receiver import RecordingReceiver

from cleo.app.chosen_backend import backend_context, chosen_backend, webhook_secret
from cleo.app.settings import load
from cleo.channels.whatsapp import BACKENDS
from cleo.domain.errors import ConfigError

CLOUD = {
    "whatsapp_backend": "cloud",
    "whatsapp_cloud_phone_number_id": "1001",
    "whatsapp_cloud_token": "token",
    "whatsapp_cloud_app_secret": "secret",
    "whatsapp_cloud_verify_token": "word",
}


@pytest.mark.parametrize("name", BACKENDS)
async def test_every_backend_can_be_chosen_and_hears_at_the_same_path(name: str, tmp_path: Path) -> None:
    settings = load(**CLOUD | {"whatsapp_backend": name})
    context = backend_context(settings, bridge_url="http://127.0.0.1:1")
    backend = chosen_backend(settings).open(context, FilesAt(tmp_path))
    assert backend
    await backend.close()
    routes = chosen_backend(settings).routes(context, RecordingReceiver(), FakeClock()).routes
    assert {getattr(route, "path", "") for route in routes} == {"/api/whatsapp/webhook"}


def test_two_numbers_are_two_accounts() -> None:
    settings = [load(**CLOUD | {"whatsapp_cloud_phone_number_id": id}) for id in ("1001", "1002")]
    assert len({chosen_backend(each).number_id(each) for each in settings}) == 2


@pytest.mark.parametrize("missing", [name for name in CLOUD if name != "whatsapp_backend"])
def test_a_setting_that_the_cloud_needs_is_named(missing: str, tmp_path: Path) -> None:
    settings = load(**{name: text for name, text in CLOUD.items() if name != missing})
    context = backend_context(settings)
    with pytest.raises(ConfigError, match=f"needs {missing.upper()}"):
        chosen_backend(settings).open(context, FilesAt(tmp_path))
    with pytest.raises(ConfigError, match=f"needs {missing.upper()}"):
        chosen_backend(settings).routes(context, RecordingReceiver(), FakeClock())


def test_a_backend_that_there_is_not_is_said_with_those_that_there_are() -> None:
    with pytest.raises(ConfigError, match=r"no 'telegram'.*baileys, cloud"):
        chosen_backend(load(whatsapp_backend="telegram"))


@pytest.mark.parametrize("written", ["hello", "hello:", "Hello:en", "hello:english"])
def test_a_template_is_written_with_its_language(written: str) -> None:
    with pytest.raises(ConfigError, match=r"WHATSAPP_CLOUD_FALLBACK_TEMPLATE.*hello_again:en"):
        load(**CLOUD, whatsapp_cloud_fallback_template=written)


@pytest.mark.parametrize("name", BACKENDS)
def test_a_secret_that_nobody_set_is_random_and_stays_and_only_its_user_can_read_it(
    name: str, tmp_path: Path
) -> None:
    settings = load(**CLOUD | {"whatsapp_backend": name}, cleo_data=tmp_path)
    secret = webhook_secret(settings)
    assert secret is not None
    assert len(secret) >= 40
    assert stat.S_IMODE((tmp_path / "webhook-secret").stat().st_mode) == 0o600
    assert webhook_secret(settings) == secret


def test_a_bridge_that_runs_elsewhere_has_the_secret_that_is_set_or_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = {"cleo_data": tmp_path, "whatsapp_bridge_url": "http://localhost:3001"}
    assert webhook_secret(load(**elsewhere)) is None
    monkeypatch.setenv("WHATSAPP_WEBHOOK_SECRET", "hunter22")
    assert webhook_secret(load(**elsewhere)) == "hunter22"
    assert webhook_secret(load(cleo_data=tmp_path)) == "hunter22"
    assert list(tmp_path.iterdir()) == []
