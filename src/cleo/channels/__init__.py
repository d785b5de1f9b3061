"""Messengers. Each is a folder here and a line in `CHANNELS`."""

from cleo.channels.whatsapp import WhatsAppChannel

CHANNELS = {"whatsapp": WhatsAppChannel}
"""What `ENABLED_CLIENTS` may name; each implements `ports.Channel`."""

__all__ = ["CHANNELS"]
