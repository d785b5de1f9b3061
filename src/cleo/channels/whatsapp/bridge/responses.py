"""Read the bridge's responses. A bridge written from the first specification may have any body with 2xx."""

import re
from dataclasses import dataclass
from typing import Annotated, Literal

import httpx2
from pydantic import (
    BaseModel,
    Field,
    ValidationError,
)

from cleo.channels.http.http_files import retry_after
from cleo.channels.http.lenient import Maybe
from cleo.channels.whatsapp.bridge import contract as wire
from cleo.domain.content import MessageId
from cleo.domain.errors import SendError, SendFailed, SendRejected, SendUncertain
from cleo.domain.health import Health
from cleo.ports import Sent

_WORD = re.compile(r"[a-z][a-z0-9_]*")
_REJECTED = frozenset({400, 404, 409, 410, 413, 415, 422})
_NOT_CONNECTED = frozenset({"disconnected", "close", "closed", "error"})
_UNAUTHORIZED = (
    "The bridge refused the secret. WHATSAPP_WEBHOOK_SECRET must be the same for Cleo and for the bridge; "
    "set it for both and restart them."
)


@dataclass(frozen=True, slots=True)
class BridgeResponse:
    """An HTTP response with the start of its body."""

    http: httpx2.Response
    body: bytes

    @property
    def status(self) -> int:
        """Return the HTTP status."""
        return self.http.status_code

    @property
    def is_unknown_path(self) -> bool:
        """Return whether the bridge does not have the endpoint, as the first specification allows."""
        return self.status == 405 or (self.status == 404 and _read_error(self.body) is None)


class _Key(BaseModel):
    id: Maybe[wire.MessageId] = None


class _AnySent(BaseModel):
    """The fields that may hold the id: our bridge's first, then those of what Baileys itself returns."""

    message_id: Annotated[Maybe[wire.MessageId], Field(alias="messageId")] = None
    id: Maybe[wire.MessageId] = None
    key: Maybe[_Key] = None


class _AnyHealth(BaseModel):
    """The least that a foreign bridge may report: whether it is connected."""

    connected: Maybe[bool] = None
    status: Maybe[str] = None


def read_sent(response: BridgeResponse) -> Sent:
    """Read the response to a send; raises a `SendError`."""
    if not response.http.is_success:
        raise _send_error(response)
    try:
        told = _AnySent.model_validate_json(response.body)
    except ValidationError:
        return Sent(message_id=None)
    found = told.message_id or told.id or (told.key.id if told.key else None)
    return Sent(message_id=MessageId(found) if found else None)


def _send_error(response: BridgeResponse) -> SendError:
    status = response.status
    said = _read_error(response.body)
    why = said.message if said else f"The bridge answered {status}."
    code = said.code if said else None
    if status in {401, 403}:
        return SendFailed(_UNAUTHORIZED, code=code)
    if status == 504:
        return SendUncertain(why, code=code)
    if status in _REJECTED:
        return SendRejected(why, code=code)
    if 300 <= status < 400:
        why = f"The bridge answered {status}, a redirect. WHATSAPP_BRIDGE_URL must name the bridge itself."
    return SendFailed(why, retry_after=retry_after(response.http), code=code)


def _read_error(body: bytes) -> wire.BridgeError | None:
    """Read a refusal; None when it is not of our contract, as from a router that knows no such path."""
    try:
        error = wire.BridgeError.model_validate_json(body)
    except ValidationError:
        return None
    return error if _WORD.fullmatch(error.error) else None


_HEALTH: dict[wire.ConnectionState, Literal["ok", "degraded", "down"]] = {
    "connected": "ok",
    "starting": "degraded",
    "connecting": "degraded",
    "waiting": "degraded",
    "linking": "down",
    "stopped": "down",
}


def read_health(response: BridgeResponse) -> Health:
    """Read the response of `GET /health`, of our bridge or of any other."""
    if response.status in {401, 403}:
        return Health(state="down", code="wrong_secret", message=_UNAUTHORIZED)
    try:
        told = wire.HealthAnswer.model_validate_json(response.body)
    except ValidationError:
        return _foreign_health(response)
    return Health(state=_HEALTH[told.state], code=told.state, message=told.message)


def read_number(response: BridgeResponse) -> str | None:
    """Read the linked number, a JID without its device; None: the bridge does not tell it."""
    try:
        told = wire.HealthAnswer.model_validate_json(response.body)
    except ValidationError:
        return None
    user, _, server = (told.account or "").partition("@")
    return f"{user.partition(':')[0]}@{server}" if user and server else None


def _foreign_health(response: BridgeResponse) -> Health:
    if not response.http.is_success:
        said = f"The bridge says that it is not well (it answered {response.status}). Look at the bridge's own log."
        return Health(state="down", code="unhealthy", message=said)
    try:
        told = _AnyHealth.model_validate_json(response.body)
    except ValidationError:
        told = _AnyHealth()
    if told.connected is False or (told.status or "").lower() in _NOT_CONNECTED:
        said = "The bridge answers, but it is not connected to WhatsApp. Look at the bridge's own log."
        return Health(state="down", code="disconnected", message=said)
    return Health(state="ok", code="reachable", message="The bridge answers.")
