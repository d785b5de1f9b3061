"""WhatsApp: the channel, and the backends that can carry it."""

from cleo.channels.whatsapp.bridge.client import WhatsAppBridgeClient
from cleo.channels.whatsapp.channel import WhatsAppChannel
from cleo.channels.whatsapp.cloud.client import WhatsAppCloudClient

BACKENDS = {"baileys": WhatsAppBridgeClient, "cloud": WhatsAppCloudClient}
"""What `WHATSAPP_BACKEND` may name; each implements `backend.Backend`."""

__all__ = ["BACKENDS", "WhatsAppBridgeClient", "WhatsAppChannel", "WhatsAppCloudClient"]
