"""Codes to link a phone with, as an own bridge has them."""

import asyncio
from collections.abc import Callable

import httpx2
from pydantic import ValidationError

from cleo.channels.whatsapp.backend import SECRET_HEADER
from cleo.channels.whatsapp.backend_spec import BackendContext, Link, News
from cleo.channels.whatsapp.bridge.contract import LinkAnswer


class LinkListener:
    """Hears that there is something new to link a phone with, and fetches it.

    The bridge tells on its standard output only that there is something: whoever has the code has the account.
    """

    def __init__(
        self, context: BackendContext, *, on_news: Callable[[News], None], on_link: Callable[[Link], None]
    ) -> None:
        self._url = context.bridge_url or ""
        self._secret = context.secret or ""
        self._on_news = on_news
        self._on_link = on_link
        self._asking: set[asyncio.Task[None]] = set()

    def news(self, news: News) -> None:
        """Fetch what a link is announced with, and pass on everything else."""
        if news.get("event") != "link":
            self._on_news(news)
            return
        task = asyncio.create_task(self._ask())
        self._asking.add(task)
        task.add_done_callback(self._asking.discard)

    async def _ask(self) -> None:
        headers = {SECRET_HEADER: self._secret}
        async with httpx2.AsyncClient(
            base_url=self._url, headers=headers, timeout=10, trust_env=False
        ) as http:
            try:
                answer = LinkAnswer.model_validate_json((await http.get("/link")).content)
            except (httpx2.HTTPError, ValidationError):
                return  # the next code is announced again
        self._on_link(Link(qr=answer.qr, code=answer.code, message=answer.message))
