"""Error responses of webhooks."""

from http import HTTPStatus

import structlog
from fastapi import Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel

from cleo.channels.http.webhook_auth import RequestRefused
from cleo.domain.errors import Overloaded, StoreError

_log = structlog.get_logger("cleo.whatsapp")


class Refusal(BaseModel):
    """Why something was not taken. It names fields and reasons and repeats nothing that was sent."""

    error: str
    message: str


def unavailable(error: StoreError | Overloaded) -> RequestRefused:
    """Return a 503: it could not be kept, and is to be sent again later."""
    if isinstance(error, Overloaded):
        return RequestRefused(503, "overloaded", str(error), close=False)
    _log.error("event not kept", reason=str(error))
    return RequestRefused(503, "store_unavailable", "Cleo cannot write to its database now.", close=False)


def error_response(refused: RequestRefused) -> Response:
    """Return the response; one without a message has no body."""
    _log.warning("event refused", status=refused.status, error=refused.error)
    headers = {"Connection": "close"} if refused.close else {}
    if refused.status == HTTPStatus.SERVICE_UNAVAILABLE:
        headers["Retry-After"] = "1"
    if not refused.message:
        return Response(status_code=refused.status, headers=headers)
    body = Refusal(error=refused.error, message=refused.message)
    return JSONResponse(body.model_dump(), status_code=refused.status, headers=headers)
