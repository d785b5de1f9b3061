"""Refuse requests of web pages: a browser reaches what listens on this machine.

A page sends `Origin` with what it posts; a page whose name was pointed at this machine sends that name as `Host`.
"""

from collections.abc import Collection
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})
_SAID = (
    "Requests of web pages, and for names that this machine is not known by, are refused. "
    "Is the name right? Then list it: CLEO_ALLOWED_HOSTS=cleo.example.org"
)


class BrowserGuard:
    """ASGI middleware: 403 for requests of web pages, before their body is read."""

    def __init__(self, app: ASGIApp, *, names: Collection[str], authenticated: Collection[str] = ()) -> None:
        """Allow requests for the host `names`, for `LOOPBACK_NAMES` and for the address that they came in at.

        The `authenticated` paths, which no page gets into anyway, take any name.
        """
        self._app = app
        self._names = LOOPBACK_NAMES | {name.lower() for name in names}
        self._authenticated = frozenset(authenticated)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request, or refuse it."""
        if scope["type"] == "http" and not self._is_allowed(scope):
            refusal = JSONResponse({"error": "forbidden", "message": _SAID}, 403, {"Connection": "close"})
            await refusal(scope, receive, send)
            return
        await self._app(scope, receive, send)

    def _is_allowed(self, scope: Scope) -> bool:
        if scope["path"] in self._authenticated:
            return True
        headers = Headers(scope=scope)
        hosts = headers.getlist("host")
        if len(hosts) != 1 or "origin" in headers:
            return False
        try:
            name = urlsplit(f"//{hosts[0]}").hostname
        except ValueError:
            return False
        came_in_at = (scope.get("server") or ("",))[0]
        return name is not None and (name.rstrip(".") in self._names or name == came_in_at)
