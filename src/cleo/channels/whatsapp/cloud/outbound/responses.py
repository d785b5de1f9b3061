"""What Graph's answers mean. Something in front of it may answer too, with anything."""

from dataclasses import dataclass
from typing import Annotated, TypeVar

import httpx2
import structlog
from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError

from cleo.channels.http.http_files import retry_after
from cleo.channels.whatsapp.cloud import wire
from cleo.channels.whatsapp.cloud.errors import ErrorClass, class_of, reason_of
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


class Tolerant(BaseModel):
    """A body that Graph answers with: what is not understood is as if it were not there."""

    model_config = ConfigDict(defer_build=True, extra="ignore", frozen=True, coerce_numbers_to_str=True)


def _details(value: object) -> object:
    return {"details": value} if isinstance(value, str) else value


class GraphError(wire.Error):
    """Why Graph did not do it."""

    error_data: Annotated[Maybe[wire.ErrorData], BeforeValidator(_details)] = None
    is_transient: Maybe[bool] = None
    fbtrace_id: Maybe[str] = None

    @property
    def reason(self) -> str:
        """Say it for people."""
        details = self.error_data.details if self.error_data else None
        return reason_of(self.code, self.message or "", details or "")


class _Failed(Tolerant):
    error: Maybe[GraphError] = None


class _Message(Tolerant):
    id: Maybe[str] = None
    message_status: Maybe[str] = None


class _Contact(Tolerant):
    wa_id: Maybe[str] = None


class _Accepted(Tolerant):
    messages: Many[_Message] = ()
    contacts: Many[_Contact] = ()


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back, with the start of its body; `error` when Graph itself says that it did not work."""

    response: httpx2.Response
    body: bytes
    error: GraphError | None

    @classmethod
    def read(cls, response: httpx2.Response, body: bytes) -> "Answer":
        """Look whether it is Graph that speaks: its errors have numbers."""
        error = read_body(_Failed, body).error
        return cls(response, body, error if error and error.code is not None else None)

    @property
    def status(self) -> int:
        """The HTTP status."""
        return self.response.status_code

    @property
    def well(self) -> bool:
        """Whether it worked."""
        return self.response.is_success and self.error is None

    @property
    def kind(self) -> ErrorClass:
        """What sort of trouble it is, where the status alone may say it."""
        known = class_of(self.error.code) if self.error else "unknown"
        if known != "unknown":
            return known
        if self.status in _LATER:
            return "throttle"
        if self.error and self.status == 401:
            return "auth"
        return "retry" if self._may_work_later else "unknown"

    @property
    def _may_work_later(self) -> bool:
        return self.error is not None and (self.status >= 500 or self.error.is_transient is True)


def read_body(model: type[M], body: bytes) -> M:
    """Read a body; what is no JSON object is read as an empty one."""
    try:
        return model.model_validate_json(body)
    except ValidationError:
        return model()


def read_sent(answer: Answer, to: Address, how: str = "") -> Sent:
    """Read the answer to a send that worked; `how` says what is otherwise than asked.

    Raises `SendUncertain` when it names no message.
    """
    accepted = read_body(_Accepted, answer.body)
    message = next((each for each in accepted.messages if each), _Message())
    if not message.id:
        raise SendUncertain("WhatsApp took the message but gave it no id; it may have been sent.")
    id, also = MessageId(message.id), _also(accepted, to)
    if told := " ".join(part for part in (how, _HELD_BACK.get(message.message_status or "")) if part):
        return Degraded(message_id=id, state="accepted", also=also, how=told)
    return Sent(message_id=id, state="accepted", also=also)


def refusal(answer: Answer) -> SendError:
    """Tell what an answer means that is no success."""
    if answer.error is None:
        return _from_elsewhere(answer)
    error, code = answer.error, answer.error.code
    if answer.kind == "unknown":
        _log.warning("unknown error of Graph", code=code, status=answer.status, trace=error.fbtrace_id)
    if answer.kind == "retry":
        return TemporarilyRefused(error.reason, retry_after=retry_after(answer.response), code=code)
    if answer.kind in {"throttle", "auth", "sender", "quality"}:
        return SendFailed(error.reason, retry_after=retry_after(answer.response), code=code)
    return SendRejected(error.reason, code=code)


def _from_elsewhere(answer: Answer) -> SendError:
    """Judge what Graph did not write: of a server that is ill nobody knows how far it got."""
    if answer.response.is_success or answer.status >= 500 or answer.status == 408:
        return SendUncertain(
            f"WhatsApp's server broke off (it answered {answer.status}); it may have been sent."
        )
    if answer.status == 413:
        return SendRejected("It is larger than WhatsApp's server takes (it answered 413).")
    if answer.status == 429:
        return SendFailed(reason_of(429, "", ""), retry_after=retry_after(answer.response), code=429)
    return SendFailed(
        f"Something that is not WhatsApp's server answered ({answer.status}). "
        "WHATSAPP_CLOUD_BASE_URL must name the server itself."
    )


def _also(told: _Accepted, to: Address) -> Address | None:
    """Tell the number under which WhatsApp knows the person: sometimes another than the one that was written to."""
    contact = told.contacts[0] if len(told.contacts) == 1 else None
    found = read_person(contact.wa_id) if contact else None
    return found if found != to and namespace(to) != "group" else None
