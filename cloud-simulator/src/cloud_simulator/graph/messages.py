"""`POST /{phone_number_id}/messages`: sends a message, or marks one as read."""

import asyncio
from collections.abc import Mapping
from functools import partial
from typing import cast

from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from cloud_simulator.errors import GraphError
from cloud_simulator.faults import Subject
from cloud_simulator.graph.auth import MESSAGING, Auth
from cloud_simulator.graph.body import Json, parse_object
from cloud_simulator.graph.calls import Calls, require_version
from cloud_simulator.graph.send_pipeline import SendPipeline
from cloud_simulator.graph.send_request import parse_read, parse_send
from cloud_simulator.state import State
from cloud_simulator.webhooks.webhook_dispatcher import WebhookDispatcher

_EARLY = 1.0
"""Seconds that a response waits at most for the webhooks that overtake it."""


class MessagesApi:
    """The endpoint for messages."""

    def __init__(
        self, state: State, auth: Auth, calls: Calls, pipeline: SendPipeline, dispatcher: WebhookDispatcher
    ) -> None:
        self._state = state
        self._auth = auth
        self._calls = calls
        self._pipeline = pipeline
        self._dispatcher = dispatcher

    @property
    def routes(self) -> list[Route]:
        """The routes of this endpoint."""
        return [Route("/{version}/{id}/messages", self._post, methods=["POST"])]

    async def _post(self, request: Request) -> Response:
        body = parse_object(await request.body())
        subject = self._subject(str(request.path_params["id"]), body)
        return await self._calls.run(request, subject, partial(self._run, request, body, subject))

    async def _run(self, request: Request, body: Json, subject: Subject) -> Response:
        require_version(request)
        business = self._auth.number(request, MESSAGING)
        if not request.headers.get("content-type", "").startswith("application/json") or not body:
            raise GraphError(100, "the body is no JSON object")
        if "status" in body:
            self._pipeline.mark_read(business, parse_read(body))
            return JSONResponse({"success": True})
        accepted = self._pipeline.accept(business, parse_send(body), subject)
        if "early" in accepted.faults:
            accepted.post_statuses()
            await self._dispatcher.settled(_EARLY)
            return JSONResponse(accepted.response)
        hold = accepted.faults.get("hold")
        seconds = hold.ms / 1000 if hold else 0

        async def after_response() -> None:
            asyncio.get_running_loop().call_later(seconds, accepted.post_statuses)

        return JSONResponse(accepted.response, background=BackgroundTask(after_response))

    def _subject(self, number: str, body: Json) -> Subject:
        """Return what faults match, of a body that is not validated yet."""
        to = str(body.get("to") or "")
        phone = self._state.phone_by_number(to) if to else self._state.phone(str(body.get("recipient") or ""))
        text = body.get("text")
        return Subject(
            on="read" if "status" in body else "send",
            number=number,
            phone=phone.names if phone else frozenset(),
            kind=str(body.get("type") or "text"),
            ref=str(body.get("biz_opaque_callback_data") or ""),
            text=str(cast("Json", text).get("body", "")) if isinstance(text, Mapping) else "",
        )
