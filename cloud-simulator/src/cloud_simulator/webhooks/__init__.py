"""Webhooks, on their way to the businesses."""
