"""Read Graph's responses. A proxy in front of it may respond as well, with anything."""

from dataclasses import dataclass
from typing import Annotated, TypeVar

import httpx2
import structlog
from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError

from cleo.channels.http.http_files import retry_after
from cleo.channels.whatsapp.cloud import wire
from cleo.channels.whatsapp.cloud.errors import ErrorClass, error_class_of, reason_of
from cleo.channels.whatsapp.cloud.identities import read_person
from cleo.channels.whatsapp.cloud.wire import Many, Maybe
from cleo.domain.content import MessageId
from cleo.domain.errors import SendError, SendFailed, SendRejected, SendUncertain, TemporarilyRefused
from cleo.domain.identity import Address, namespace
from cleo.ports import Degraded, Sent

_log = structlog.get_logger("cleo.whatsapp.cloud")

M = TypeVar("M", bound=BaseModel)

_LATER = frozenset({408, 425, 429})
_HELD_BACK = {
    "held_for_quality_assessment": "WhatsApp holds it back while it looks at the quality of the template.",
    "paused": "WhatsApp has paused it, because of the quality of the template.",
}


class LenientModel(BaseModel):
    """The body of a response of Graph's; a field that cannot be read counts as missing."""

    model_config = ConfigDict(defer_build=True, extra="ignore", frozen=True, coerce_numbers_to_str=True)


def _details(value: object) -> object:
    return {"details": value} if isinstance(value, str) else value


class GraphError(wire.Error):
    """An error of Graph's."""

    error_data: Annotated[Maybe[wire.ErrorData], BeforeValidator(_details)] = None
    is_transient: Maybe[bool] = None
    fbtrace_id: Maybe[str] = None

    @property
    def reason(self) -> str:
        """Return what happened and what to do, for people."""
        details = self.error_data.details if self.error_data else None
        return reason_of(self.code, self.message or "", details or "")


class _Failed(LenientModel):
    error: Maybe[GraphError] = None


class _Message(LenientModel):
    id: Maybe[str] = None
    message_status: Maybe[str] = None


class _Contact(LenientModel):
    wa_id: Maybe[str] = None


class _Accepted(LenientModel):
    messages: Many[_Message] = ()
    contacts: Many[_Contact] = ()


@dataclass(frozen=True, slots=True)
class GraphResponse:
    """An HTTP response with the start of its body; `error` when Graph itself reports one."""

    http: httpx2.Response
    body: bytes
    error: GraphError | None

    @classmethod
    def parse(cls, response: httpx2.Response, body: bytes) -> "GraphResponse":
        """Parse it. Only errors with a number are Graph's own."""
        error = read_body(_Failed, body).error
        return cls(response, body, error if error and error.code is not None else None)

    @property
    def status(self) -> int:
        """Return the HTTP status."""
        return self.http.status_code

    @property
    def is_success(self) -> bool:
        """Return whether the request was accepted."""
        return self.http.is_success and self.error is None

    @property
    def error_class(self) -> ErrorClass:
        """Return the class of the error, by its number or else by the status."""
        known = error_class_of(self.error.code) if self.error else "unknown"
        if known != "unknown":
            return known
        if self.status in _LATER:
            return "throttle"
        if self.error and self.status == 401:
            return "auth"
        return "retry" if self._is_transient else "unknown"

    @property
    def _is_transient(self) -> bool:
        return self.error is not None and (self.status >= 500 or self.error.is_transient is True)


def read_body(model: type[M], body: bytes) -> M:
    """Read a body; what is no JSON object is read as an empty one."""
    try:
        return model.model_validate_json(body)
    except ValidationError:
        return model()


def read_sent(response: GraphResponse, to: Address, how: str = "") -> Sent:
    """Read the response to an accepted send; `how` says what differs from what was asked.

    Raises `SendUncertain` when it names no message.
    """
    accepted = read_body(_Accepted, response.body)
    message = next((each for each in accepted.messages if each), _Message())
    if not message.id:
        raise SendUncertain("WhatsApp took the message but gave it no id; it may have been sent.")
    id, also = MessageId(message.id), _other_address(accepted, to)
    if degraded := " ".join(part for part in (how, _HELD_BACK.get(message.message_status or "")) if part):
        return Degraded(message_id=id, state="accepted", also=also, how=degraded)
    return Sent(message_id=id, state="accepted", also=also)


def send_error(response: GraphResponse) -> SendError:
    """Return the error that a response without success means."""
    if response.error is None:
        return _foreign_error(response)
    error, code = response.error, response.error.code
    if response.error_class == "unknown":
        _log.warning("unknown error of Graph", code=code, status=response.status, trace=error.fbtrace_id)
    if response.error_class == "retry":
        return TemporarilyRefused(error.reason, retry_after=retry_after(response.http), code=code)
    if response.error_class in {"throttle", "auth", "sender", "quality"}:
        return SendFailed(error.reason, retry_after=retry_after(response.http), code=code)
    return SendRejected(error.reason, code=code)


def _foreign_error(response: GraphResponse) -> SendError:
    """Judge a response that Graph did not write: nobody knows how far a broken server got."""
    if response.http.is_success or response.status >= 500 or response.status == 408:
        return SendUncertain(
            f"WhatsApp's server broke off (it answered {response.status}); it may have been sent."
        )
    if response.status == 413:
        return SendRejected("It is larger than WhatsApp's server takes (it answered 413).")
    if response.status == 429:
        return SendFailed(reason_of(429, "", ""), retry_after=retry_after(response.http), code=429)
    return SendFailed(
        f"Something that is not WhatsApp's server answered ({response.status}). "
        "WHATSAPP_CLOUD_BASE_URL must name the server itself."
    )


def _other_address(accepted: _Accepted, to: Address) -> Address | None:
    """Return the number under which WhatsApp knows the person, when it is not the one that was written to."""
    contact = accepted.contacts[0] if len(accepted.contacts) == 1 else None
    found = read_person(contact.wa_id) if contact else None
    return found if found != to and namespace(to) != "group" else None
