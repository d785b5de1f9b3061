"""Settings of the Cloud backend, and who may see its token."""

from typing import Any

import httpx2
import pytest
from pydantic import SecretStr

from cleo.channels.whatsapp.cloud.outbound.origin import GraphOrigin
from cleo.domain.errors import ConfigError


def origin(**change: Any) -> GraphOrigin:
    given: dict[str, Any] = {
        "base_url": "https://graph.facebook.com",
        "api_version": "v26.0",
        "phone_number_id": "1001",
        "token": SecretStr("EAAG"),
    }
    return GraphOrigin(**(given | change))


@pytest.mark.parametrize(
    ("change", "setting"),
    [
        ({"phone_number_id": "+49151"}, "WHATSAPP_CLOUD_PHONE_NUMBER_ID"),
        ({"phone_number_id": ""}, "WHATSAPP_CLOUD_PHONE_NUMBER_ID"),
        ({"phone_number_id": "１００１"}, "WHATSAPP_CLOUD_PHONE_NUMBER_ID"),
        ({"api_version": "26.0"}, "WHATSAPP_CLOUD_API_VERSION"),
        ({"api_version": "v26.0/../x"}, "WHATSAPP_CLOUD_API_VERSION"),
        ({"token": SecretStr("")}, "WHATSAPP_CLOUD_TOKEN"),
        ({"token": SecretStr("secret\nX: y")}, "WHATSAPP_CLOUD_TOKEN"),
        ({"token": SecretStr("sécret")}, "WHATSAPP_CLOUD_TOKEN"),
        ({"base_url": "graph.facebook.com"}, "WHATSAPP_CLOUD_BASE_URL"),
        ({"base_url": "http://graph.facebook.com"}, "WHATSAPP_CLOUD_BASE_URL"),
        ({"base_url": "http://127.0.0.1.evil.example"}, "WHATSAPP_CLOUD_BASE_URL"),
        ({"base_url": "https://u:p@graph.facebook.com"}, "WHATSAPP_CLOUD_BASE_URL"),
        ({"base_url": "https://graph.facebook.com?x=1"}, "WHATSAPP_CLOUD_BASE_URL"),
        ({"base_url": "ftp://graph.facebook.com"}, "WHATSAPP_CLOUD_BASE_URL"),
        ({"base_url": "https://[::1"}, "WHATSAPP_CLOUD_BASE_URL"),
    ],
)
def test_a_wrong_setting_is_named_with_an_example(change: dict[str, Any], setting: str) -> None:
    with pytest.raises(ConfigError, match=setting) as caught:
        origin(**change)
    assert "ecret" not in str(caught.value)
    assert "such as" in str(caught.value) or "for example" in str(caught.value)


@pytest.mark.parametrize("base", ["http://127.0.0.1:8080", "http://localhost:1", "http://[::1]:80/x/"])
def test_a_server_on_this_machine_needs_no_https(base: str) -> None:
    assert str(origin(base_url=base).number("messages")).endswith("/v26.0/1001/messages")


def test_urls_lie_below_the_version() -> None:
    assert str(origin().number("media")) == "https://graph.facebook.com/v26.0/1001/media"
    assert str(origin().node("77")) == "https://graph.facebook.com/v26.0/77"


@pytest.mark.parametrize(
    "url",
    [
        "https://graph.facebook.com/v26.0/1",
        "https://lookaside.fbsbx.com/whatsapp_business/attachments/?mid=1",
        "https://mmg.whatsapp.net/x",
        "https://scontent.facebook.com:443/x",
    ],
)
def test_the_token_goes_to_meta(url: str) -> None:
    assert origin().authorization(httpx2.URL(url)) == {"Authorization": "Bearer EAAG"}


@pytest.mark.parametrize(
    "url",
    [
        "http://lookaside.fbsbx.com/x",
        "http://graph.facebook.com/x",
        "https://fbsbx.com.evil.example/x",
        "https://evilfbsbx.com/x",
        "https://lookaside.fbsbx.com:8443/x",
        "https://fbsbx.com@evil.example/x",
        "https://me@lookaside.fbsbx.com/x",
        "https://evil.example/fbsbx.com",
        "http://127.0.0.1/x",
        "file:///etc/passwd",
        "",
    ],
)
def test_the_token_goes_nowhere_else(url: str) -> None:
    assert origin().authorization(httpx2.URL(url)) is None


def test_a_server_on_this_machine_sees_the_token_and_its_neighbours_do_not() -> None:
    local = origin(base_url="http://127.0.0.1:8080")
    assert local.authorization(httpx2.URL("http://127.0.0.1:8080/media-host/x"))
    assert local.authorization(httpx2.URL("http://127.0.0.1:8081/x")) is None
    assert local.authorization(httpx2.URL("http://localhost:8080/x")) is None
