"""Refuse requests of web pages where there is no secret: a browser reaches what listens on this machine.

A page sends `Origin` with what it posts; a page whose name was pointed at this machine sends that name as `Host`.
"""

from collections.abc import Collection
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})


class BrowserGuard:
    """ASGI middleware: 403 for requests of web pages, before their body is read."""

    def __init__(self, app: ASGIApp, names: Collection[str]) -> None:
        """Allow requests for the host `names`, and for `LOOPBACK_NAMES`."""
        self._app = app
        self._names = LOOPBACK_NAMES | set(names)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request, or refuse it."""
        if scope["type"] == "http" and not self._is_allowed(Headers(scope=scope)):
            said = (
                "Requests of web pages, and for names that this machine is not known by, are refused while "
                "WHATSAPP_WEBHOOK_SECRET is not set. Set it, or name this machine's address in CLEO_API_URL."
            )
            refusal = JSONResponse({"error": "forbidden", "message": said}, 403, {"Connection": "close"})
            await refusal(scope, receive, send)
            return
        await self._app(scope, receive, send)

    def _is_allowed(self, headers: Headers) -> bool:
        try:
            name = urlsplit(f"//{headers.get('host', '')}").hostname
        except ValueError:
            return False
        return "origin" not in headers and name in self._names
