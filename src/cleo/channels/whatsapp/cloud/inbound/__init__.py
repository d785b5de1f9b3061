"""Meta's webhooks, read into events."""
