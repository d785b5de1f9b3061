"""What all calls of the Graph API have in common: the event log, the faults, and error responses."""

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response

from cloud_simulator.connections import Connections
from cloud_simulator.errors import GraphError
from cloud_simulator.event_log import Host, LogEntry
from cloud_simulator.faults import CALL_ACTIONS, Fault, Subject
from cloud_simulator.graph.auth import Auth
from cloud_simulator.state import State

_VERSION = re.compile(r"v\d+\.\d+")
_TIMEOUT = 60.0
"""Seconds that a call hangs unless a fault says otherwise."""


class Calls:
    """Runs endpoints."""

    def __init__(self, state: State, auth: Auth, connections: Connections) -> None:
        self._state = state
        self._auth = auth
        self._connections = connections

    async def run(
        self,
        request: Request,
        subject: Subject,
        endpoint: Callable[[], Awaitable[Response]],
        host: Host = "graph",
    ) -> Response:
        """Run an endpoint, with the faults for `subject` before and after it."""
        self.record(request, host)
        match = self._state.faults.match
        try:
            if await self._apply(request, match(subject, CALL_ACTIONS)):
                return Response()
            response = await endpoint()
            if (after := match(subject, CALL_ACTIONS, "after")) and response.background:
                # what follows from the call happens although its response is lost
                await response.background()
                response.background = None
            return Response() if await self._apply(request, after) else response
        except GraphError as error:
            self._record_refusal(subject, error)
            return self._error_response(error)

    def record(self, request: Request, host: Host) -> None:
        """Log a call, and whether it has a token."""
        self._state.record(
            LogEntry(
                at=self._state.now(),
                event="call",
                host=host,
                method=request.method,
                path=request.url.path,
                token=self._auth.classify(request),
            )
        )

    async def _apply(self, request: Request, faults: Mapping[str, Fault]) -> bool:
        """Apply faults; returns whether they closed the connection. Raises `GraphError`."""
        if fault := faults.get("delay"):
            await asyncio.sleep(fault.ms / 1000)
        if fault := faults.get("timeout"):
            await asyncio.sleep(fault.ms / 1000 or _TIMEOUT)
        if "reset" in faults or "timeout" in faults:
            await self._connections.reset(request.scope)
            return True
        if fault := faults.get("refuse"):
            raise GraphError(
                fault.code,
                fault.details,
                status=fault.http,
                transient=fault.transient,
                retry_after=fault.retry_after,
                body=fault.body,
            )
        return False

    def _error_response(self, error: GraphError) -> Response:
        headers = {"Retry-After": str(error.retry_after)} if error.retry_after is not None else None
        if error.body == "html":
            page = f"<html><body><h1>{error.status}</h1>Sorry, something went wrong.</body></html>"
            return HTMLResponse(page, status_code=error.status, headers=headers)
        if error.body == "empty":
            return Response(status_code=error.status, headers=headers)
        body = error.as_json(self._state.new_trace_id())
        return JSONResponse(body, status_code=error.status, headers=headers)

    def _record_refusal(self, subject: Subject, error: GraphError) -> None:
        self._state.record(
            LogEntry(
                at=self._state.now(),
                event="refused",
                number=subject.number,
                kind=subject.kind or subject.on,
                ref=subject.ref,
                code=error.code,
                note=error.details,
            )
        )


def require_version(request: Request) -> None:
    """Raise `GraphError` for a path that does not start with a version."""
    if not _VERSION.fullmatch(str(request.path_params.get("version", ""))):
        raise GraphError(2500, "the path starts with a version such as v26.0")
