"""The ground truth: everything that happened, for an oracle."""

from typing import Literal

from pydantic import Field

from cloud_simulator.feed import Entry, Feed

Host = Literal["graph", "media", "foreign"]
Token = Literal["known", "unknown", ""]


class Line(Entry):
    """One thing that happened, at Unix seconds of the fake's own clock."""

    at: float
    event: Literal["call", "accepted", "refused", "webhook", "handshake", "said", "dropped"]
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
    """HTTP status of the webhook, or the name of what went wrong instead."""
    attempt: int = 0
    items: list[str] = Field(default_factory=list[str])
    """What the POST carried: `message:wamid`, `delivered:wamid`, …"""
    note: str = ""


Ledger = Feed[Line]
