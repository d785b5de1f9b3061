"""Authentication of Meta: it signs the raw bytes of each webhook with the app secret, and knows the verify token."""

import hashlib
import hmac

HEADER = b"x-hub-signature-256"


def is_signed(raw: bytes, given: list[bytes], secret: str) -> bool:
    """Return whether the header, given exactly once, is `sha256=` and the HMAC of the bytes in lower-case hex.

    Bytes are compared: text that is not ASCII cannot be compared in constant time.
    """
    wanted = b"sha256=" + hmac.new(secret.encode(), raw, hashlib.sha256).hexdigest().encode()
    return [hmac.compare_digest(value, wanted) for value in given] == [True]


def is_token(given: str, token: str) -> bool:
    """Compare the verify token of a handshake in constant time."""
    return hmac.compare_digest(given.encode(errors="replace"), token.encode())
