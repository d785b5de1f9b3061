"""Fetches the codes to link a phone with from an own bridge."""

import asyncio
from collections.abc import Callable

import httpx2
from pydantic import ValidationError

from cleo.channels.whatsapp.backend import SECRET_HEADER
from cleo.channels.whatsapp.backend_spec import BackendContext, Link, ProcessEvent
from cleo.channels.whatsapp.bridge.contract import LinkAnswer
from cleo.domain.errors import CleoError


class LinkListener:
    """Fetches each new code that the bridge announces.

    On its standard output the bridge announces only that there is one: whoever has the code has the account.
    """

    def __init__(
        self,
        context: BackendContext,
        *,
        on_event: Callable[[ProcessEvent], None],
        on_link: Callable[[Link], None],
    ) -> None:
        self._url = context.bridge_url or ""
        self._secret = context.secret
        self._on_event = on_event
        self._on_link = on_link
        self._asking: set[asyncio.Task[None]] = set()

    def event(self, event: ProcessEvent) -> None:
        """Take an event of the bridge: fetch a code that it announces, and pass on everything else."""
        if event.get("event") != "link":
            self._on_event(event)
            return
        task = asyncio.create_task(self._ask())
        self._asking.add(task)
        task.add_done_callback(self._asking.discard)

    async def _ask(self) -> None:
        try:
            link = await fetch_link(self._url, self._secret)
        except (httpx2.HTTPError, ValidationError):
            return  # the next code is announced again
        self._on_link(link)


async def fetch_link(url: str, secret: str | None) -> Link:
    """Ask the bridge at `url` what a phone can be linked with now; raises `HTTPError` or `ValidationError`."""
    headers = {SECRET_HEADER: secret} if secret else {}
    async with httpx2.AsyncClient(base_url=url, headers=headers, timeout=10, trust_env=False) as http:
        answer = LinkAnswer.model_validate_json((await http.get("/link")).content)
    return Link(qr=answer.qr, code=answer.code, message=answer.message)


def shown_link(context: BackendContext) -> Link:
    """Return what a phone can be linked with now; raises `CleoError` when the bridge does not tell."""
    try:
        return asyncio.run(fetch_link(context.bridge_url or "", context.secret))
    except (httpx2.HTTPError, ValidationError) as error:
        raise CleoError(
            f"The bridge at {context.bridge_url} does not tell how to link a phone ({type(error).__name__}). "
            "`cleo status` says how it is doing; a bridge with a secret of its own needs it here, too: "
            "WHATSAPP_WEBHOOK_SECRET"
        ) from None
