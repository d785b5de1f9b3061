"""Cleo's HTTP API: the channels' webhooks, the outbox, health."""

from cleo.app.http.application import ReadyReport, http_app

__all__ = ["ReadyReport", "http_app"]
