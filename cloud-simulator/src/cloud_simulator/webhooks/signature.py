"""The `X-Hub-Signature-256` header of webhooks, good and bad."""

import base64
import hashlib
import hmac

from cloud_simulator.faults import BadSignature


def sign(secret: str, body: bytes) -> bytes:
    """Return the value of the header."""
    return b"sha256=" + _hex(secret, body, "sha256")


def sign_badly(kind: BadSignature, secret: str, body: bytes) -> bytes | None:
    """Return a value that a receiver must not accept; None: send no header."""
    match kind:
        case "missing":
            return None
        case "upper":
            return b"sha256=" + _hex(secret, body, "sha256").upper()
        case "sha1":
            return b"sha1=" + _hex(secret, body, "sha1")
        case "non-ascii":
            return "sha256=é".encode()
        case "wrong":
            return b"sha256=" + base64.b16encode(hashlib.sha256(body).digest()).lower()


def _hex(secret: str, body: bytes, algorithm: str) -> bytes:
    return hmac.new(secret.encode(), body, algorithm).hexdigest().encode()
