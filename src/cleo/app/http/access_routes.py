"""`/api/access`: who is answered, who wrote and was not, and letting people in."""

from typing import Annotated, Any, TypedDict

from fastapi import APIRouter, Header, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ValidationError

from cleo.agent import AccessWatch
from cleo.app.access import AccessReport, access_report
from cleo.app.setting_values import person_address
from cleo.channels.http.error_responses import error_response, unavailable
from cleo.channels.http.webhook_auth import RequestRefused, Secret, WebhookAuth
from cleo.channels.whatsapp.backend import SECRET_HEADER
from cleo.domain.access import Rule
from cleo.domain.errors import StoreError

PATH = "/api/access"
_LARGEST = 4096


class _Documented(TypedDict):
    """What both routes tell of themselves."""

    response_model: type[BaseModel]
    responses: dict[int | str, dict[str, Any]]


_DOCUMENTED = _Documented(
    response_model=AccessReport, responses={403: {"description": "Wrong secret. No body."}}
)


class Decision(BaseModel):
    """Whom, and what becomes of them: `allowed`, `blocked`, or `none`, as the settings say."""

    address: str
    rule: Rule


_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {"application/json": {"schema": Decision.model_json_schema()}},
    }
}


def access_routes(watch: AccessWatch, secret: Secret) -> APIRouter:
    """Return the routes; they need the secret, when there is one."""
    auth = WebhookAuth(secret, header=SECRET_HEADER, max_bytes=_LARGEST, seconds=5)
    routes = APIRouter(tags=["access"])

    async def reported() -> Response:
        report = await watch.store.read(lambda tx: access_report(tx, watch.access))
        return JSONResponse(report.model_dump())

    @routes.get(PATH, summary="Who is answered, and who wrote and was not", **_DOCUMENTED)
    async def report(
        request: Request, x_webhook_secret: Annotated[str | None, Header(alias=SECRET_HEADER)] = None
    ) -> Response:
        """Tell owners, users, who was let in or kept out since, and unknown people who wrote."""
        try:
            auth.authenticate(request)
        except RequestRefused as refused:
            return error_response(refused)
        return await reported()

    @routes.post(PATH, summary="Let somebody in, or keep them out", openapi_extra=_BODY, **_DOCUMENTED)
    async def decide(
        request: Request, x_webhook_secret: Annotated[str | None, Header(alias=SECRET_HEADER)] = None
    ) -> Response:
        """Decide about an address. What somebody wrote within a day before they were let in is answered."""
        try:
            decision = _decision(await auth.read(request))
            await watch.decide(person_address(decision.address), decision.rule)
            return await reported()
        except RequestRefused as refused:
            return error_response(refused)
        except ValueError as error:
            return error_response(RequestRefused(422, "invalid_address", str(error), close=False))
        except StoreError as error:
            raise unavailable(error) from error

    return routes


def _decision(body: bytes) -> Decision:
    try:
        return Decision.model_validate_json(body)
    except ValidationError:
        said = 'The body must be {"address": "+4915112345678", "rule": "allowed"}; or "blocked", or "none".'
        raise RequestRefused(422, "invalid_decision", said, close=False) from None
