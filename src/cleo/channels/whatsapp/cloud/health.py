"""How the number is doing, as Graph tells it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

import httpx2

from cleo.channels.whatsapp.cloud.errors import ErrorClass, lacks_right
from cleo.channels.whatsapp.cloud.outbound.circuit_breaker import Halt
from cleo.channels.whatsapp.cloud.outbound.graph import Graph
from cleo.channels.whatsapp.cloud.outbound.responses import Answer, Tolerant, read_body
from cleo.channels.whatsapp.cloud.wire import Maybe
from cleo.domain.health import Health

_KEPT = 60.0
_KEPT_IF_ILL = 5.0
_CODES: Final[dict[ErrorClass, str]] = {"auth": "token", "sender": "account", "quality": "account"}
_BUSY: Final = frozenset[ErrorClass]({"retry", "throttle"})
_UNSEEN = Health(
    state="ok",
    code="connected",
    message="WhatsApp's Cloud API answers. How Meta rates the number is not known: that needs a token with "
    "whatsapp_business_management.",
)
_WELL = Health(state="ok", code="connected", message="WhatsApp's Cloud API answers, and the number can send.")


class _Number(Tolerant):
    status: Maybe[str] = None
    quality_rating: Maybe[str] = None


@dataclass(slots=True, kw_only=True)
class Checkup:
    """Asks now and then; between two times it repeats what it knows. `clock` counts seconds and never goes back."""

    graph: Graph
    halt: Halt
    clock: Callable[[], float]
    _known: Health = field(default=_WELL, init=False)
    _until: float = field(default=float("-inf"), init=False)

    async def health(self) -> Health:
        """Tell how it is. Never raises."""
        if self.halt.reason:
            return Health(state="down", code=_CODES.get(self.halt.kind, "account"), message=self.halt.reason)
        if self.clock() >= self._until:
            self._known = await self._ask()
            self._until = self.clock() + (_KEPT if self._known.state == "ok" else _KEPT_IF_ILL)
        return self._known

    async def _ask(self) -> Health:
        url = self.graph.origin.number().copy_set_param("fields", "status,quality_rating")
        try:
            answer = await self.graph.ask(url)
        except httpx2.HTTPError as error:
            said = (
                f"WhatsApp's server at {self.graph.origin} does not answer ({type(error).__name__}). "
                "Is this machine online, and is WHATSAPP_CLOUD_BASE_URL right?"
            )
            return Health(state="down", code="unreachable", message=said)
        return _read_number(answer) if answer.well else _ill(answer)


def _read_number(answer: Answer) -> Health:
    told = read_body(_Number, answer.body)
    status = (told.status or "CONNECTED").upper()
    if status != "CONNECTED":
        said = f"Meta says that the number is {status}. Look at it in the WhatsApp Manager."
        return Health(state="down", code="account", message=said)
    if (told.quality_rating or "").upper() == "RED":
        said = (
            "Meta rates the quality of the number as low: people block or report it. "
            "If that goes on, it may send less or nothing. Look at it in the WhatsApp Manager."
        )
        return Health(state="degraded", code="quality", message=said)
    return _WELL


def _ill(answer: Answer) -> Health:
    """Judge an answer that tells nothing of the number. Sending needs less rights than asking about it."""
    if answer.error and lacks_right(answer.error.code):
        return _UNSEEN
    if answer.kind in _BUSY or (answer.error is None and answer.status >= 500):
        said = f"WhatsApp's Cloud API has trouble just now (it answered {answer.status})."
        return Health(state="degraded", code="busy", message=said)
    if answer.error is None:
        said = (
            f"Something that is not WhatsApp's server answered ({answer.status}). "
            "WHATSAPP_CLOUD_BASE_URL must name the server itself."
        )
        return Health(state="down", code="unreachable", message=said)
    code = _CODES.get(answer.kind)
    if code is None:
        said = (
            "Graph does not know the number. WHATSAPP_CLOUD_PHONE_NUMBER_ID must be its id, "
            f"and the token must be allowed to see it. {answer.error.reason}"
        )
        return Health(state="down", code="account", message=said)
    return Health(state="down", code=code, message=answer.error.reason)
