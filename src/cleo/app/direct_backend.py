"""The backend of a Cleo that runs, for a command beside it."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from cleo.app.chosen_backend import backend_context, chosen_backend, webhook_secret
from cleo.app.settings import Settings
from cleo.channels.whatsapp.backend import Backend
from cleo.domain.errors import CleoError
from cleo.store import DiskFiles


@asynccontextmanager
async def direct_backend(settings: Settings, bridge_url: str) -> AsyncGenerator[Backend]:
    """Use it while the block is open; without files, for Cleo's own belong to the process that runs.

    Raises `CleoError` when it sends nothing.
    """
    context = backend_context(settings, bridge_url=bridge_url, secret=webhook_secret(settings))
    with TemporaryDirectory() as nothing:
        backend = chosen_backend(settings).open(context, DiskFiles(Path(nothing)))
    if backend is None:
        raise CleoError("The running Cleo has no bridge to send through. `cleo status` says how it is doing.")
    try:
        yield backend
    finally:
        await backend.close()
