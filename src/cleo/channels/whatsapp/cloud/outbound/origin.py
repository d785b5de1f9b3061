"""The URLs of Graph, and which hosts may see the token."""

import re
from typing import Final

import httpx2
from pydantic import SecretStr

from cleo.domain.errors import ConfigError

_HOST = re.compile(r"[\w.\-]+|[0-9a-fA-F:.]+")
_NUMBER_ID = re.compile(r"[0-9]{1,32}")
_VERSION = re.compile(r"v\d+\.\d+")
_TOKEN = re.compile(r"[\x21-\x7e]+")
_LOOPBACK = re.compile(r"localhost|127(\.\d{1,3}){3}|::1")
_MEDIA_HOSTS: Final = ("fbsbx.com", "facebook.com", "whatsapp.net")
_HTTPS_PORT = 443


class GraphOrigin:
    """The URLs of one number at Graph.

    The token goes to this origin, and for files to the hosts that Meta keeps them on: nowhere else.
    """

    def __init__(self, base_url: str, *, api_version: str, phone_number_id: str, token: SecretStr) -> None:
        """Raises `ConfigError`, which names the setting."""
        self._base = _read_base(base_url)
        _expect(_VERSION, api_version, "WHATSAPP_CLOUD_API_VERSION", "a version such as v26.0")
        _expect(
            _NUMBER_ID,
            phone_number_id,
            "WHATSAPP_CLOUD_PHONE_NUMBER_ID",
            "the id of the number in digits (not the phone number itself), such as 106540352242922",
        )
        _expect(
            _TOKEN,
            token.get_secret_value(),
            "WHATSAPP_CLOUD_TOKEN",
            "the token of a system user, such as EAAG…",
        )
        self._root = f"{self._base.path.rstrip('/')}/{api_version}"
        self.number_id = phone_number_id
        self._token = token

    def __str__(self) -> str:
        return str(self._base)

    def node(self, id: str) -> httpx2.URL:
        """Return the URL of a node by its id, such as a file."""
        return self._base.copy_with(path=f"{self._root}/{id}")

    def number(self, edge: str = "") -> httpx2.URL:
        """Return the URL of the number, or of one of its edges such as `messages`."""
        return self.node(f"{self.number_id}/{edge}" if edge else self.number_id)

    def authorization(self, url: httpx2.URL) -> dict[str, str] | None:
        """Return the header with the token; None for a host that may not see it."""
        if not self._may_see(url):
            return None
        return {"Authorization": f"Bearer {self._token.get_secret_value()}"}

    def _may_see(self, url: httpx2.URL) -> bool:
        if url.userinfo:
            return False
        if _origin(url) == _origin(self._base):
            return True
        of_meta = any(url.host == host or url.host.endswith(f".{host}") for host in _MEDIA_HOSTS)
        return of_meta and url.scheme == "https" and url.port in {None, _HTTPS_PORT}


def _read_base(base_url: str) -> httpx2.URL:
    example = "for example WHATSAPP_CLOUD_BASE_URL=https://graph.facebook.com"
    try:
        base = httpx2.URL(base_url.strip())
    except (httpx2.InvalidURL, ValueError):
        raise ConfigError(f"WHATSAPP_CLOUD_BASE_URL is no URL; {example}") from None
    if base.scheme not in {"http", "https"} or not _HOST.fullmatch(base.host):
        raise ConfigError(f"WHATSAPP_CLOUD_BASE_URL must begin with https:// and a host; {example}")
    if base.scheme == "http" and not _LOOPBACK.fullmatch(base.host):
        raise ConfigError(
            "WHATSAPP_CLOUD_BASE_URL must begin with https://, so that nobody on the way reads the token; http:// is "
            f"only for a server on this machine; {example}"
        )
    if base.userinfo or base.query or base.fragment:
        raise ConfigError(f"WHATSAPP_CLOUD_BASE_URL must have no password, query or fragment; {example}")
    return base


def _expect(form: re.Pattern[str], text: str, name: str, what: str) -> None:
    if not form.fullmatch(text):
        raise ConfigError(f"{name} must be {what}.")


def _origin(url: httpx2.URL) -> tuple[str, str, int | None]:
    return url.scheme, url.host, url.port
