"""The event log: everything that happened, for tests to compare with what a program claims."""

from typing import Literal

from pydantic import Field

from cloud_simulator.feed import Entry, Feed

Host = Literal["graph", "media", "foreign"]
Token = Literal["known", "unknown", ""]


class LogEntry(Entry):
    """One event, at Unix seconds by the simulated clock."""

    at: float
    event: Literal["call", "accepted", "refused", "webhook", "handshake", "inbound", "dropped"]
    number: str = ""
    phone: str = ""
    id: str = ""
    kind: str = ""
    ref: str = ""
    body: object = None

    host: Host | Literal[""] = ""
    method: str = ""
    path: str = ""
    token: Token = ""

    code: int | None = None
    answer: int | str | None = None
    """HTTP status of the webhook's response, or the name of the exception."""
    attempt: int = 0
    items: list[str] = Field(default_factory=list[str])
    """What the POST contained: `message:wamid`, `delivered:wamid`, …"""
    note: str = ""


EventLog = Feed[LogEntry]
