"""Secrets as settings hold them."""

from typing import Annotated

from pydantic import BeforeValidator, SecretStr

from cleo.ports.secret_text import flaw_of_secret


def _sendable(text: object) -> object:
    """Refuse what no header can carry; raises `ValueError`, which never shows the secret."""
    if isinstance(text, str) and (flaw := flaw_of_secret(text)):
        raise ValueError(flaw)
    return text


def _shared(text: object) -> object:
    if isinstance(text, str) and (flaw := flaw_of_secret(text, most=512)):
        raise ValueError(flaw)
    return text


SendableSecret = Annotated[SecretStr, BeforeValidator(_sendable)]
"""A secret that is sent in a header, or compared with one."""
SharedSecret = Annotated[SecretStr, BeforeValidator(_shared)]
"""A secret that a bridge knows, too: ours takes one of 512 characters."""
