"""Messengers. Each is a folder here and a line in `CHANNELS`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cleo.channels.whatsapp.backend import Backend
    from cleo.ports import Channel


def _whatsapp(backend: Backend) -> Channel:
    from cleo.channels.whatsapp.channel import WhatsAppChannel

    return WhatsAppChannel(backend)


CHANNELS: Mapping[str, Callable[[Backend], Channel]] = {"whatsapp": _whatsapp}
"""What `ENABLED_CLIENTS` may name; each makes a `ports.Channel`."""

__all__ = ["CHANNELS"]
