"""The bridge's webhook: `POST /api/whatsapp/webhook`."""

from collections.abc import Callable, Coroutine
from http import HTTPStatus
from typing import Annotated, Any

import structlog
from fastapi import APIRouter, Header, Request, Response
from fastapi.responses import JSONResponse
from fastapi.routing import APIRoute
from pydantic import ValidationError

from cleo.channels.http.error_responses import Refusal, error_response, unavailable
from cleo.channels.http.strict_json import NotJson, read_json
from cleo.channels.http.webhook_auth import RequestRefused, Secret, WebhookAuth
from cleo.channels.whatsapp.backend import PATH, SECRET_HEADER
from cleo.channels.whatsapp.bridge.contract import (
    MAX_WEBHOOK_BYTES,
    InboundEvent,
    WebhookAnswer,
)
from cleo.channels.whatsapp.bridge.events import Ignored, read_event
from cleo.domain.errors import Overloaded, StoreError
from cleo.domain.message import Receipt
from cleo.ports import Receive

_MOST_PROBLEMS = 5
_OTHER_METHODS = ["GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS"]
_log = structlog.get_logger("cleo.whatsapp")


_RESPONSES: dict[int | str, dict[str, Any]] = {
    200: {"description": "The event is on disk, was there before, or asks for nothing."},
    403: {"description": "The secret is missing or wrong. No body."},
    405: {"description": "Only POST. No body."},
    408: {"model": Refusal, "description": "The body came too slowly. Send it again."},
    413: {"model": Refusal, "description": "The body is larger than 1 MiB. Never send it again."},
    415: {"model": Refusal, "description": "The body is not plain JSON. Never send it again."},
    422: {"model": Refusal, "description": "The event breaks the contract. Never send it again."},
    503: {"model": Refusal, "description": "The event could not be kept. Send it again after `Retry-After`."},
}


def webhook_routes(receive: Receive, secret: Secret, *, seconds: float = 10.0) -> APIRouter:
    """Make the routes; a body has `seconds` to arrive.

    Raises `ConfigError` when `secret` is set but cannot be one; None lets everybody in.
    """
    auth = WebhookAuth(secret, header=SECRET_HEADER, max_bytes=MAX_WEBHOOK_BYTES, seconds=seconds)

    class AuthenticatedRoute(APIRoute):
        """FastAPI documents the endpoint; `auth`, not FastAPI, reads the request."""

        def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
            return authenticated

    async def authenticated(request: Request) -> Response:
        try:
            return await webhook(_event(await auth.read(request)))
        except RequestRefused as refused:
            return error_response(refused)

    async def webhook(
        event: InboundEvent, x_webhook_secret: Annotated[str | None, Header(alias=SECRET_HEADER)] = None
    ) -> Response:
        """Take one event. 200 comes only after it is on disk; the same event again changes nothing."""
        try:
            answer = await _receive(event, receive)
        except (StoreError, Overloaded) as error:
            raise unavailable(error) from error
        return JSONResponse(answer.model_dump())

    async def other_method(request: Request) -> Response:
        try:
            auth.authenticate(request)
        except RequestRefused as refused:
            return error_response(refused)
        return Response(status_code=HTTPStatus.METHOD_NOT_ALLOWED, headers={"Allow": "POST"})

    router = APIRouter(route_class=AuthenticatedRoute, tags=["whatsapp"])
    router.add_api_route(
        PATH,
        webhook,
        methods=["POST"],
        response_model=WebhookAnswer,
        responses=_RESPONSES,
        summary="Take an event",
    )
    router.add_api_route(
        PATH,
        other_method,
        methods=_OTHER_METHODS,
        include_in_schema=False,
        route_class_override=APIRoute,
    )
    return router


async def _receive(event: InboundEvent, receive: Receive) -> WebhookAnswer:
    match read_event(event):
        case Ignored(why):
            _log.info("event ignored", why=why)
            return WebhookAnswer(status="ignored")
        case Receipt() as receipt:
            return WebhookAnswer(status=await receive.receipt(receipt))
        case inbound:
            return WebhookAnswer(status=await receive.message(inbound))


def _event(body: bytes) -> InboundEvent:
    try:
        return InboundEvent.model_validate(read_json(body), by_alias=True, by_name=False)
    except NotJson as error:
        problem = f"{error}.".capitalize()
    except ValidationError as error:
        problem = _problems(error)
    raise RequestRefused(422, "invalid_event", problem, close=False)


def _problems(error: ValidationError) -> str:
    found = error.errors(include_url=False, include_context=False, include_input=False)
    told = [
        f"{'.'.join(map(str, problem['loc'])) or 'body'}: {problem['msg'].removeprefix('Value error, ')}"
        for problem in found[:_MOST_PROBLEMS]
    ]
    more = len(found) - len(told)
    return "; ".join(told) + (f"; and {more} more" if more else "")
