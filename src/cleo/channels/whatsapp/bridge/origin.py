"""The URLs of the bridge, the one origin that its client talks to."""

import re

import httpx2

from cleo.domain.errors import ConfigError, FetchError

_HOST = re.compile(r"[\w.\-]+|[0-9a-fA-F:.]+")
_EXAMPLE = "for example WHATSAPP_BRIDGE_URL=http://localhost:3001"


class BridgeOrigin:
    """Scheme, host and port of the bridge, and the paths below its base URL.

    The secret and every request go to this origin alone: an allowlist of one, because no list of forbidden
    addresses is ever complete.
    """

    def __init__(self, base_url: str) -> None:
        self._base = _read_base(base_url)

    def __str__(self) -> str:
        return str(self._base)

    @property
    def is_https(self) -> bool:
        """Whether TLS is spoken with it, and its certificate verified. To build what verifies takes 60 ms."""
        return self._base.scheme == "https"

    def endpoint(self, path: str) -> httpx2.URL:
        """Return the URL of an endpoint such as `/send`."""
        return self._base.copy_with(path=self._base.path.rstrip("/") + path)

    def media(self, url: str) -> httpx2.URL:
        """Read the URL of an inbound file, absolute or a path; raises `FetchError` unless it is of this origin."""
        refused = FetchError(
            f"The file is not fetched: its address is not on the bridge at {self._base}. "
            "A bridge must offer files under the same host and port as WHATSAPP_BRIDGE_URL."
        )
        if not url.isascii() or "\\" in url:
            raise refused
        try:
            asked = self._base.join(url) if url.startswith("/") else httpx2.URL(url)
        except (httpx2.InvalidURL, ValueError):
            raise refused from None
        if _origin(asked) != _origin(self._base) or asked.userinfo:
            raise refused
        return asked


def _read_base(base_url: str) -> httpx2.URL:
    try:
        base = httpx2.URL(base_url.strip())
    except (httpx2.InvalidURL, ValueError):
        raise ConfigError(f"WHATSAPP_BRIDGE_URL is no URL; {_EXAMPLE}") from None
    if base.scheme not in {"http", "https"} or not _HOST.fullmatch(base.host):
        raise ConfigError(f"WHATSAPP_BRIDGE_URL must begin with http:// or https:// and a host; {_EXAMPLE}")
    if base.userinfo or base.query or base.fragment:
        raise ConfigError(f"WHATSAPP_BRIDGE_URL must have no password, query or fragment; {_EXAMPLE}")
    return base


def _origin(url: httpx2.URL) -> tuple[str, str, int | None]:
    return url.scheme, url.host, url.port
