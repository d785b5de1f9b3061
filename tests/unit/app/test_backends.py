"""One variable chooses the way to WhatsApp; what it lacks is said by name."""

import pytest
from tests.support.clock import FakeClock
from tests.support.recording_receiver import RecordingReceiver

from cleo.app.backends import way
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
def test_every_backend_can_be_chosen_and_hears_at_the_same_path(name: str) -> None:
    chosen = way(load(**CLOUD | {"whatsapp_backend": name}), bridge_url="http://127.0.0.1:1", secret=None)
    assert chosen.open
    paths = {getattr(route, "path", "") for route in chosen.routes(RecordingReceiver(), FakeClock()).routes}
    assert paths == {"/api/whatsapp/webhook"}


def test_two_numbers_are_two_accounts() -> None:
    settings = [load(**CLOUD | {"whatsapp_cloud_phone_number_id": id}) for id in ("1001", "1002")]
    assert len({way(each, bridge_url=None, secret=None).account for each in settings}) == 2


@pytest.mark.parametrize("missing", [name for name in CLOUD if name != "whatsapp_backend"])
def test_a_setting_that_the_cloud_needs_is_named(missing: str) -> None:
    given = {name: text for name, text in CLOUD.items() if name != missing}
    with pytest.raises(ConfigError, match=f"needs {missing.upper()}"):
        way(load(**given), bridge_url=None, secret=None)


def test_a_backend_that_there_is_not_is_said_with_those_that_there_are() -> None:
    with pytest.raises(ConfigError, match=r"no 'telegram'.*baileys, cloud"):
        way(load(whatsapp_backend="telegram"), bridge_url=None, secret=None)


@pytest.mark.parametrize("written", ["hello", "hello:", "Hello:en", "hello:english"])
def test_a_template_is_written_with_its_language(written: str) -> None:
    with pytest.raises(ConfigError, match=r"WHATSAPP_CLOUD_FALLBACK_TEMPLATE.*hello_again:en"):
        load(**CLOUD, whatsapp_cloud_fallback_template=written)
