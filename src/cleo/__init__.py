"""Cleo: a self-hosted AI agent that people talk to on WhatsApp."""
