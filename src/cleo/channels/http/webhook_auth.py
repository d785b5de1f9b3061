"""Authentication of webhooks, with limits on size and time. Nothing is read before the secret is checked."""

import asyncio
import hmac
from collections.abc import Callable

from starlette.requests import ClientDisconnect, Request

from cleo.domain.errors import ConfigError

Secret = str | None | Callable[[], str | None]
"""The shared secret, or a function that returns it at each request; None: there is none."""


class RequestRefused(Exception):
    """A request that is refused. `error` is a stable word for programs, `message` a sentence for people.

    Neither holds anything of what was sent. `close`: the connection is closed, the rest of the request is not read.
    """

    def __init__(self, status: int, error: str, message: str, *, close: bool = True) -> None:
        super().__init__(message)
        self.status = status
        self.error = error
        self.message = message
        self.close = close


class _Held:
    """Bytes of bodies that are being read. Beyond `most` the one that was begun first is given up."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._sizes: dict[asyncio.Timeout, int] = {}

    def note(self, body: asyncio.Timeout, size: int) -> None:
        self._sizes[body] = size
        while sum(self._sizes.values()) > self._most:
            oldest = next(iter(self._sizes))
            del self._sizes[oldest]
            if not oldest.expired():
                oldest.reschedule(0.0)

    def let_go(self, body: asyncio.Timeout) -> bool:
        """Tell whether it was still held."""
        return self._sizes.pop(body, None) is not None


class BodyReader:
    """Reads a request's body, with a limit on size and time, and one on the size of all that are being read."""

    def __init__(self, *, max_bytes: int, seconds: float, held: int = 32 * 1024 * 1024) -> None:
        self._max_bytes = max_bytes
        self._seconds = seconds
        self._held = _Held(max(held, 2 * max_bytes))

    async def read(self, request: Request) -> bytes:
        """Return the whole body; raises `RequestRefused`."""
        self._check_length(request)
        deadline = asyncio.timeout(self._seconds)
        try:
            async with deadline:
                self._held.note(deadline, 0)
                return await self._read(request, deadline)
        except TimeoutError:
            if not self._held.let_go(deadline):
                raise RequestRefused(
                    503, "too_many", "Too much is being sent at once. Send it again."
                ) from None
            raise RequestRefused(
                408, "too_slow", f"The body did not arrive within {self._seconds:g} s."
            ) from None
        except ClientDisconnect:
            raise RequestRefused(400, "broken_off", "The connection was closed within the body.") from None
        finally:
            self._held.let_go(deadline)

    def _check_length(self, request: Request) -> None:
        for length in headers(request, b"content-length"):
            if length.isdigit() and (len(length) > 19 or int(length) > self._max_bytes):
                raise self._too_large()

    async def _read(self, request: Request, deadline: asyncio.Timeout) -> bytes:
        body = bytearray()
        async for chunk in request.stream():
            body += chunk
            self._held.note(deadline, len(body))
            if len(body) > self._max_bytes:
                raise self._too_large()
        return bytes(body)

    def _too_large(self) -> RequestRefused:
        return RequestRefused(413, "too_large", f"The body must not be larger than {self._max_bytes} bytes.")


class WebhookAuth:
    """Checks the shared secret, then the content type, and only then reads the body."""

    def __init__(self, secret: Secret, *, header: str, max_bytes: int, seconds: float) -> None:
        """Raises `ConfigError` when the secret cannot be one."""
        self._ask = secret if callable(secret) else lambda: secret
        self._header = header.lower().encode()
        self._reader = BodyReader(max_bytes=max_bytes, seconds=seconds)
        _check_secret(self._ask())

    def authenticate(self, request: Request) -> None:
        """Compare the secret in constant time; raises `RequestRefused`."""
        secret = self._ask()
        if secret is None:
            return
        given = headers(request, self._header)
        wanted = secret.encode()
        right = [hmac.compare_digest(value, wanted) for value in given]
        if right != [True]:
            raise RequestRefused(403, "wrong_secret", "")

    async def read(self, request: Request) -> bytes:
        """Authenticate a request with JSON and return its body; raises `RequestRefused`."""
        self.authenticate(request)
        self._check_content_type(request)
        return await self._reader.read(request)

    @staticmethod
    def _check_content_type(request: Request) -> None:
        kinds = headers(request, b"content-type")
        if len(kinds) != 1 or not _is_json(kinds[0]):
            raise RequestRefused(
                415, "unsupported_media_type", "Content-Type must be application/json, in UTF-8."
            )
        encodings = headers(request, b"content-encoding")
        if any(encoding.strip().lower() != b"identity" for encoding in encodings):
            raise RequestRefused(
                415, "unsupported_encoding", "The body must not be packed (Content-Encoding)."
            )


def _check_secret(secret: str | None) -> None:
    if secret is None:
        return
    if not secret or not secret.isascii() or not secret.isprintable() or secret != secret.strip():
        raise ConfigError(
            "WHATSAPP_WEBHOOK_SECRET must be visible ASCII characters without spaces around them, and must not "
            'be empty; for example the output of: python -c "import secrets; print(secrets.token_urlsafe(32))"'
        )


def headers(request: Request, name: bytes) -> list[bytes]:
    """Return every value of a header, given its name in lower case."""
    return [value for key, value in request.headers.raw if key.lower() == name]


def _is_json(content_type: bytes) -> bool:
    kind, *parameters = content_type.lower().split(b";")
    charsets = [part.strip() for part in parameters if part.strip().startswith(b"charset=")]
    utf8 = all(charset in {b"charset=utf-8", b'charset="utf-8"', b"charset=utf8"} for charset in charsets)
    return kind.strip() == b"application/json" and utf8
