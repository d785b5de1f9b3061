"""What Cleo must know of a backend to run it, as frozen data and functions: each backend's folder has one, `SPEC`.

A `SPEC` loads nothing when it is made. Its functions import what they need, so a backend that is not chosen costs
neither time nor memory.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from contextlib import AbstractAsyncContextManager
    from datetime import tzinfo
    from pathlib import Path

    from fastapi import APIRouter

    from cleo.channels.whatsapp.backend import Backend
    from cleo.channels.whatsapp.backend_settings import BackendSettings
    from cleo.channels.whatsapp.demo.host import DemoHost
    from cleo.channels.whatsapp.demo.phone import DemoPhone
    from cleo.ports import Capabilities, Clock, Files, Receive
    from cleo.ports.finding import Findings

ProcessEvent = Mapping[str, object]
"""One JSON object from a child process's stdout."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BackendContext:
    """What a backend is told of the Cleo that runs it."""

    settings: BackendSettings
    """Of all backends; `BackendSettings.of` narrows them to one backend's own."""
    data: Path
    file_max_bytes: int
    zone: tzinfo
    environment: Mapping[str, str]
    """The variables that a child process may have: where things are, nothing that is secret."""
    secret: str | None = None
    """Shared with whoever posts to the webhook; None: there is none."""
    bridge_url: str | None = None
    """Base URL of the bridge; None: there is none, or this process sends nothing."""
    is_running: bool = False
    """Whether a Cleo runs on `data`, as far as `cleo doctor` can tell."""
    is_offline: bool = False
    """Whether checks ask nobody outside of this machine."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """A child process to start. `env` is all of its environment."""

    name: str
    command: tuple[str, ...]
    env: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """What a phone can be linked with now: the text of a QR code, or a pairing code."""

    qr: str | None = None
    code: str | None = None
    message: str
    """What to do with it, for people."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BridgeProcess:
    """A bridge: a program of its own that sends for Cleo. It is Cleo's child, unless the settings name another."""

    url: Callable[[BackendSettings], str | None]
    """Return the base URL of one that runs elsewhere."""
    url_setting: str
    program: Callable[[BackendContext, str, str | None], Program]
    """Describe the child, given Cleo's own base URL and the number of the phone to link by a pairing code, if any;
    raises `ConfigError` when it is not installed."""
    listener: Callable[
        [BackendContext, Callable[[ProcessEvent], None], Callable[[Link], None]],
        Callable[[ProcessEvent], None],
    ]
    """Return the callback for the child's events; it passes on those of the connection, and each new `Link`."""
    link: Callable[[BackendContext], Link]
    """Return what a phone can be linked with now, of a bridge that runs; raises `CleoError`."""
    inherited: frozenset[str]
    """Variables that the child gets from Cleo's environment."""
    known: frozenset[str]
    """Variables that it reads besides, and that Cleo sets."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Demo:
    """A simulated network with a phone, for `cleo demo`."""

    network: str
    """What is simulated, in words."""
    phone: Callable[[DemoHost], AbstractAsyncContextManager[DemoPhone]]
    """Start the network and Cleo on it; raises `DemoError`, `ConfigError` or `StoreError`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BackendSpec:
    """One way to reach WhatsApp."""

    settings: Callable[[], type[BackendSettings]]
    """Return the group of its settings."""
    capabilities: Callable[[], Capabilities]
    """Return what it can do, before any setting changes that."""
    number_id: Callable[[BackendSettings], str]
    """Return the id of Cleo's number there, as inbound messages have it: another number is another chat partner.
    Empty: it is not known before the connection."""
    open: Callable[[BackendContext, Files], Backend | None]
    """Make the backend; None: this process sends nothing. Raises `ConfigError` for a setting that is missing."""
    routes: Callable[[BackendContext, Receive, Clock], APIRouter]
    """Make the webhook; raises `ConfigError` for a setting that is missing."""
    has_public_webhook: bool
    """Whether its webhook proves by itself who posts. If not, the shared secret guards it."""
    introduction: Callable[[BackendContext], str]
    """Return the line about it that `cleo up` shows; empty: there is nothing to say."""
    checks: Callable[[], Sequence[Callable[[BackendContext], Findings]]]
    """Return what `cleo doctor` checks."""
    server: Callable[[BackendSettings], str] | None = None
    """Return the base URL of the network's server, which tells the time; empty: not this process's to reach."""
    reconcile_after: Callable[[BackendSettings], float] | None = None
    """Return the seconds to wait for a status of a message whose sending was cut off; None: a repeat is harmless."""
    trace: Callable[[BackendContext, str], Findings] | None = None
    """Tell the history of one message by its id, if the network keeps one; raises `CleoError`."""
    no_direct_send: str = ""
    """Why `cleo send` cannot send through it, past the running Cleo; empty: it can."""
    process: BridgeProcess | None = None
    demo: Demo | None = None
