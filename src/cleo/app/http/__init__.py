"""Cleo's HTTP side: the channels' webhooks, what became of messages, and how Cleo is doing."""

from cleo.app.http.application import ReadyReport, http_app

__all__ = ["ReadyReport", "http_app"]
