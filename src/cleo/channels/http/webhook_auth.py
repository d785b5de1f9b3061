"""Authentication of webhooks, with limits on size and time. Nothing is read before the secret is checked."""

import asyncio
import hmac
from collections.abc import Callable

from starlette.requests import ClientDisconnect, Request

from cleo.domain.errors import ConfigError

Secret = str | None | Callable[[], str | None]
"""The shared secret, or a function that is asked at every request so that it can change; None: there is none."""


class Refused(Exception):
    """A request that is not served. `error` is a stable word for programs, `message` a sentence for people.

    Neither holds anything of what was sent. `close`: the rest of the request must not be waited for.
    """

    def __init__(self, status: int, error: str, message: str, *, close: bool = True) -> None:
        super().__init__(message)
        self.status = status
        self.error = error
        self.message = message
        self.close = close


class Reader:
    """Reads a body with a limit and a deadline."""

    def __init__(self, *, max_bytes: int, seconds: float) -> None:
        self._max_bytes = max_bytes
        self._seconds = seconds

    async def read(self, request: Request) -> bytes:
        """Read all of it; raises `Refused`."""
        self._check_length(request)
        try:
            async with asyncio.timeout(self._seconds):
                return await self._read(request)
        except TimeoutError:
            raise Refused(408, "too_slow", f"The body did not arrive within {self._seconds:g} s.") from None
        except ClientDisconnect:
            raise Refused(400, "broken_off", "The connection was closed within the body.") from None

    def _check_length(self, request: Request) -> None:
        for length in headers(request, b"content-length"):
            if length.isdigit() and (len(length) > 19 or int(length) > self._max_bytes):
                raise self._too_large()

    async def _read(self, request: Request) -> bytes:
        body = bytearray()
        async for chunk in request.stream():
            body += chunk
            if len(body) > self._max_bytes:
                raise self._too_large()
        return bytes(body)

    def _too_large(self) -> Refused:
        return Refused(413, "too_large", f"The body must not be larger than {self._max_bytes} bytes.")


class Guard:
    """Checks the secret, then type and length, then reads the body with a limit and a deadline."""

    def __init__(self, secret: Secret, *, header: str, max_bytes: int, seconds: float) -> None:
        """Raises `ConfigError` when the secret cannot be one."""
        self._ask = secret if callable(secret) else lambda: secret
        self._header = header.lower().encode()
        self._reader = Reader(max_bytes=max_bytes, seconds=seconds)
        _check_secret(self._ask())

    def admit(self, request: Request) -> None:
        """Compare the secret in constant time; raises `Refused`."""
        secret = self._ask()
        if secret is None:
            return
        given = headers(request, self._header)
        wanted = secret.encode()
        right = [hmac.compare_digest(value, wanted) for value in given]
        if right != [True]:
            raise Refused(403, "wrong_secret", "")

    async def read(self, request: Request) -> bytes:
        """Admit a request with JSON and read its body; raises `Refused`."""
        self.admit(request)
        self._check_kind(request)
        return await self._reader.read(request)

    @staticmethod
    def _check_kind(request: Request) -> None:
        kinds = headers(request, b"content-type")
        if len(kinds) != 1 or not _is_json(kinds[0]):
            raise Refused(415, "unsupported_media_type", "Content-Type must be application/json, in UTF-8.")
        encodings = headers(request, b"content-encoding")
        if any(encoding.strip().lower() != b"identity" for encoding in encodings):
            raise Refused(415, "unsupported_encoding", "The body must not be packed (Content-Encoding).")


def _check_secret(secret: str | None) -> None:
    if secret is None:
        return
    if not secret or not secret.isascii() or not secret.isprintable() or secret != secret.strip():
        raise ConfigError(
            "WHATSAPP_WEBHOOK_SECRET must be visible ASCII characters without spaces around them, and must not "
            'be empty; for example the output of: python -c "import secrets; print(secrets.token_urlsafe(32))"'
        )


def headers(request: Request, name: bytes) -> list[bytes]:
    """Tell every value of a header, by its name in lower case."""
    return [value for key, value in request.headers.raw if key.lower() == name]


def _is_json(content_type: bytes) -> bool:
    kind, *parameters = content_type.lower().split(b";")
    charsets = [part.strip() for part in parameters if part.strip().startswith(b"charset=")]
    utf8 = all(charset in {b"charset=utf-8", b'charset="utf-8"', b"charset=utf8"} for charset in charsets)
    return kind.strip() == b"application/json" and utf8
