"""Base URLs as settings hold them."""

from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator


def base_url(text: str) -> str:
    """Check that it is an http(s) URL without query, and drop the slash at its end; raises `ValueError`."""
    parts = urlsplit(text)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.query or parts.fragment:
        raise ValueError(f"{text!r} is not a base URL")
    return text.rstrip("/")


BaseUrl = Annotated[str, AfterValidator(base_url)]
