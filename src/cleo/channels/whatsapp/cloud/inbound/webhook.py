"""Meta's webhook: `GET` and `POST /api/whatsapp/webhook`.

Meta sends again for days what is not answered with 200, so 200 comes only after the commit, and 503 when there was
none. What is signed is always kept, readable or not: sending it again would cure nothing.
"""

import asyncio
from functools import partial
from http import HTTPStatus
from typing import Annotated, Any

import structlog
from fastapi import APIRouter, Query, Request, Response

from cleo.channels.http.error_responses import Refusal, error_response, unavailable
from cleo.channels.http.webhook_auth import BodyReader, RequestRefused, headers
from cleo.channels.whatsapp.backend import PATH
from cleo.channels.whatsapp.cloud.inbound.signature import HEADER, is_signed, is_token
from cleo.channels.whatsapp.cloud.inbound.webhook_events import read_batch
from cleo.domain.content import Template
from cleo.domain.errors import ConfigError, Overloaded, StoreError
from cleo.domain.webhook_batch import WebhookBatch
from cleo.ports import Clock, Receive

MAX_BYTES = 4 * 1024 * 1024
"""Meta sends at most 3 MB."""

_LONGEST_CHALLENGE = 256
_LARGE = 64 * 1024
"""Bytes above which parsing takes tens of milliseconds, so it is done in a thread."""
_log = structlog.get_logger("cleo.whatsapp")

_RESPONSES: dict[int | str, dict[str, Any]] = {
    200: {"description": "Everything in it is on disk, or was there before. No body."},
    403: {"description": "The signature is missing or wrong. No body."},
    408: {"model": Refusal, "description": "The body came too slowly. Send it again."},
    413: {"model": Refusal, "description": "The body is larger than 4 MiB."},
    503: {"model": Refusal, "description": "It could not be kept. Send it again after `Retry-After`."},
}


def cloud_routes(
    receive: Receive,
    *,
    app_secret: str,
    verify_token: str,
    phone_number_id: str,
    reopen_template: Template | None,
    clock: Clock,
    seconds: float = 10.0,
) -> APIRouter:
    """Make the routes; a body has `seconds` to arrive. Raises `ConfigError` when a secret is empty.

    `phone_number_id` is Cleo's own: what is for another number is kept and not acted upon. `reopen_template` may be
    sent to somebody who has not written lately.
    """
    _check(app_secret, "WHATSAPP_CLOUD_APP_SECRET")
    _check(verify_token, "WHATSAPP_CLOUD_VERIFY_TOKEN")
    reader = BodyReader(max_bytes=MAX_BYTES, seconds=seconds)

    async def handshake(
        mode: Annotated[str, Query(alias="hub.mode")] = "",
        token: Annotated[str, Query(alias="hub.verify_token")] = "",
        challenge: Annotated[str, Query(alias="hub.challenge")] = "",
    ) -> Response:
        """Tell Meta that this is the address that the operator means."""
        echo = challenge.encode(errors="replace")
        if (
            mode != "subscribe"
            or not is_token(token, verify_token)
            or not 0 < len(echo) <= _LONGEST_CHALLENGE
        ):
            return error_response(RequestRefused(403, "wrong_verify_token", "", close=False))
        return Response(echo, media_type="text/plain", headers={"X-Content-Type-Options": "nosniff"})

    async def parse(raw: bytes) -> WebhookBatch:
        parsing = partial(
            read_batch, raw, phone_number_id=phone_number_id, reopen_template=reopen_template, now=clock.now()
        )
        return parsing() if len(raw) < _LARGE else await asyncio.to_thread(parsing)

    async def webhook(request: Request) -> Response:
        """Take everything that a request brings, in one commit; the same again changes nothing."""
        try:
            raw = await reader.read(request)
            if not is_signed(raw, headers(request, HEADER), app_secret):
                raise RequestRefused(403, "wrong_signature", "")
            await _keep(receive, await parse(raw))
        except RequestRefused as refused:
            return error_response(refused)
        return Response(status_code=HTTPStatus.OK)

    router = APIRouter(tags=["whatsapp"])
    router.add_api_route(PATH, handshake, methods=["GET"], summary="Answer Meta's handshake")
    router.add_api_route(
        PATH, webhook, methods=["POST"], responses=_RESPONSES, summary="Take what Meta tells"
    )
    return router


async def _keep(receive: Receive, batch: WebhookBatch) -> None:
    try:
        new = await receive.batch(batch)
    except (StoreError, Overloaded) as error:
        raise unavailable(error) from error
    useless = [event for event in batch.events if event.problem or event.kind.startswith("error")]
    errors = [event for event in useless if event.kind.startswith("error")]
    if (
        errors and not new
    ):  # Meta repeats an error that lasts in the same words: only a request that is sent again
        _log.warning("Meta tells the same errors again", what=sorted({event.kind for event in errors}))
    if new and useless:
        _log.warning(
            "kept, but of no use", what=sorted({f"{event.kind} {event.problem}".strip() for event in useless})
        )


def _check(secret: str, setting: str) -> None:
    if not secret.strip():
        raise ConfigError(
            f"{setting} must be set: without it anybody could speak as Meta. See docs/settings.md."
        )
