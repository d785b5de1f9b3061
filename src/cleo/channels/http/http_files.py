"""HTTP for backends: short bodies, files in both directions, and which errors mean that nothing was sent."""

import os
import re
from collections.abc import AsyncIterator
from email.utils import parsedate_to_datetime
from typing import BinaryIO, Final

import httpx2

from cleo.domain.content import File
from cleo.domain.errors import FetchError, SendRejected
from cleo.ports import Files

FilePart = tuple[str, BinaryIO, str]
"""Name, open file and mimetype of a multipart upload."""

NOT_SENT: Final = (
    httpx2.ConnectError,
    httpx2.ConnectTimeout,
    httpx2.PoolTimeout,
    httpx2.UnsupportedProtocol,
)
"""Errors before the first byte was sent. After any other transport error nobody knows."""

_LONGEST_START = 64 * 1024


async def read_start(response: httpx2.Response) -> bytes:
    """Read the start of a body, and nothing if the connection breaks: the status has arrived already."""
    body = b""
    try:
        async for chunk in response.aiter_bytes():
            body += chunk
            if len(body) > _LONGEST_START:
                break
    except httpx2.HTTPError:
        return b""
    return body


def retry_after(response: httpx2.Response) -> float | None:
    """Return the seconds of `Retry-After`: a number, or a date, which is compared with the response's own."""
    asked = response.headers.get("Retry-After", "").strip()
    if re.fullmatch(r"[0-9]{1,9}(\.[0-9]+)?", asked):
        return float(asked)
    try:
        until = parsedate_to_datetime(asked)
        now = parsedate_to_datetime(response.headers.get("Date", ""))
        return max((until - now).total_seconds(), 0.0)
    except (TypeError, ValueError):
        return None


async def read_capped(response: httpx2.Response, limit: int) -> AsyncIterator[bytes]:
    """Yield a body in chunks, not decompressed; raises `FetchError` beyond `limit` bytes."""
    left = limit - int(response.headers.get("Content-Length", "0"))
    if left >= 0:
        left = limit
        async for chunk in response.aiter_raw():
            left -= len(chunk)
            if left < 0:
                break
            yield chunk
    if left < 0:
        raise FetchError(f"The file is larger than the {limit} bytes that Cleo takes (CLEO_FILE_MAX_BYTES).")


def open_stored(files: Files, file: File) -> BinaryIO:
    """Open a stored file, without following links; raises `SendRejected`."""
    if file.stored is None:
        raise SendRejected("The file was never stored, so there is nothing to send.")
    try:
        no_links = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
        return os.fdopen(os.open(files.path(file.stored), os.O_RDONLY | no_links), "rb")
    except (KeyError, OSError) as error:
        raise SendRejected("The file is no longer in Cleo's store, so it cannot be sent.") from error
