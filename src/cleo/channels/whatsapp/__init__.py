"""WhatsApp: one channel, several backends that carry it."""
