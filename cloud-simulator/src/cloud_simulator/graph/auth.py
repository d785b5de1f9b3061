"""What every call passes: the ledger, the faults, the token, and refusals in Graph's words."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response

from cloud_simulator.connections import Wires
from cloud_simulator.entities.business import Business
from cloud_simulator.errors import GraphError
from cloud_simulator.event_log import Host, Line, Token
from cloud_simulator.faults import Case, Fault
from cloud_simulator.state import World

_CALL = ("delay", "reset", "timeout", "refuse")
_FOREVER = 60.0
"""Seconds that a call hangs when nothing else is said."""


class Gate:
    """The door to all that needs a token."""

    def __init__(self, world: World, wires: Wires) -> None:
        self._world = world
        self._wires = wires

    async def through(
        self, request: Request, case: Case, work: Callable[[], Awaitable[Response]], host: Host = "graph"
    ) -> Response:
        """Do the work, with the trouble that is ordered before and after it."""
        self.note(request, host)
        strike = self._world.faults.strike
        try:
            if await self._trouble(request, strike(case, _CALL)):
                return Response()
            response = await work()
            if (after := strike(case, _CALL, "after")) and response.background:
                # what follows from the call happens although its answer gets lost
                await response.background()
                response.background = None
            return Response() if await self._trouble(request, after) else response
        except GraphError as error:
            self._refused(case, error)
            return self._refusal(error)

    def note(self, request: Request, host: Host) -> None:
        """Write down that somebody called, and whether a token came along."""
        self._world.note(
            Line(
                at=self._world.now(),
                event="call",
                host=host,
                method=request.method,
                path=request.url.path,
                token=self._token(request),
            )
        )

    def holder(self, request: Request) -> list[Business]:
        """Find the numbers that this call's token is for; raises `GraphError`."""
        given = _bearer(request)
        found = [one for one in self._world.businesses.values() if one.token == given]
        if not found:
            raise GraphError(190, "the access token is missing or unknown")
        return found

    def number(self, request: Request, scope: str) -> Business:
        """Find the number that is in the path; raises `GraphError`."""
        id = str(request.path_params["id"])
        return self._granted([one for one in self.holder(request) if one.phone_number_id == id], id, scope)

    def account(self, request: Request) -> Business:
        """Find a number of the account that is in the path; raises `GraphError`."""
        id = str(request.path_params["id"])
        found = [one for one in self.holder(request) if one.waba_id == id]
        return self._granted(found, id, "whatsapp_business_management")

    def _granted(self, found: list[Business], id: str, scope: str) -> Business:
        if not found:
            raise GraphError(
                100,
                f"Unsupported request. Object with ID '{id}' does not exist, cannot be loaded due to missing "
                "permissions, or does not support this operation",
                subcode=33,
            )
        if scope not in found[0].scopes:
            raise GraphError(10, f"the token lacks {scope}")
        return found[0]

    async def _trouble(self, request: Request, struck: Mapping[str, Fault]) -> bool:
        """Let it happen; True: there is nobody left to answer."""
        if fault := struck.get("delay"):
            await asyncio.sleep(fault.ms / 1000)
        if fault := struck.get("timeout"):
            await asyncio.sleep(fault.ms / 1000 or _FOREVER)
        if "reset" in struck or "timeout" in struck:
            await self._wires.reset(request.scope)
            return True
        if fault := struck.get("refuse"):
            raise GraphError(
                fault.code,
                fault.details,
                status=fault.http,
                transient=fault.transient,
                retry_after=fault.retry_after,
                body=fault.body,
            )
        return False

    def _refusal(self, error: GraphError) -> Response:
        headers = {"Retry-After": str(error.retry_after)} if error.retry_after is not None else None
        if error.body == "html":
            page = f"<html><body><h1>{error.status}</h1>Sorry, something went wrong.</body></html>"
            return HTMLResponse(page, status_code=error.status, headers=headers)
        if error.body == "empty":
            return Response(status_code=error.status, headers=headers)
        return JSONResponse(error.answer(self._world.trace()), status_code=error.status, headers=headers)

    def _refused(self, case: Case, error: GraphError) -> None:
        line = Line(
            at=self._world.now(), event="refused", number=case.number, kind=case.kind or case.on, ref=case.ref,
            code=error.code, note=error.details,
        )  # fmt: skip
        self._world.note(line)

    def _token(self, request: Request) -> Token:
        given = _bearer(request)
        if not given:
            return ""
        return "known" if any(one.token == given for one in self._world.businesses.values()) else "unknown"


def _bearer(request: Request) -> str:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""
