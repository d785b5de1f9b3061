"""`GET /api/outbox`: the delivery status of the newest messages, never their content."""

from typing import Annotated

from fastapi import APIRouter, Header, HTTPException, Query, Request
from pydantic import BaseModel

from cleo.channels.http.webhook_auth import RequestRefused, Secret, WebhookAuth
from cleo.channels.whatsapp.backend import SECRET_HEADER
from cleo.domain.message import OutboxState, OutgoingMessage
from cleo.ports import Store

PATH = "/api/outbox"


class Outgoing(BaseModel):
    """One message on its way out, or gone."""

    seq: int
    conversation: str
    kind: str
    state: OutboxState
    attempts: int
    message_id: str | None
    reason: str
    """Why it failed, waits, or went out otherwise than asked."""

    @classmethod
    def of(cls, message: OutgoingMessage) -> "Outgoing":
        """Convert a message, without its content."""
        return cls(
            seq=message.seq,
            conversation=message.conversation,
            kind=message.content.type,
            state=message.state,
            attempts=message.attempts,
            message_id=message.message_id,
            reason=message.reason,
        )


class OutboxReport(BaseModel):
    """The newest messages, newest first."""

    messages: list[Outgoing]


def outbox_routes(store: Store, secret: Secret) -> APIRouter:
    """Return the route; it needs the secret, when there is one."""
    auth = WebhookAuth(secret, header=SECRET_HEADER, max_bytes=0, seconds=1)
    routes = APIRouter(tags=["outbox"])

    @routes.get(PATH, summary="What became of messages", responses={403: {"description": "Wrong secret."}})
    async def outbox(
        request: Request,
        limit: Annotated[int, Query(ge=1, le=1000)] = 50,
        x_webhook_secret: Annotated[str | None, Header(alias=SECRET_HEADER)] = None,
    ) -> OutboxReport:
        """Tell the state of the newest messages: queued, sent, delivered, read, uncertain or failed."""
        try:
            auth.authenticate(request)
        except RequestRefused:
            raise HTTPException(status_code=403) from None
        messages = await store.read(lambda tx: tx.outbox_lookup.recent(limit))
        return OutboxReport(messages=[Outgoing.of(message) for message in messages])

    return routes
