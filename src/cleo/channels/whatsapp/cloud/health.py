"""Health of the number, as Graph reports it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

import httpx2

from cleo.channels.whatsapp.cloud.errors import ErrorClass, lacks_permission
from cleo.channels.whatsapp.cloud.outbound.circuit_breaker import CircuitBreaker
from cleo.channels.whatsapp.cloud.outbound.graph import Graph
from cleo.channels.whatsapp.cloud.outbound.responses import GraphResponse, LenientModel, read_body
from cleo.channels.whatsapp.cloud.wire import Maybe
from cleo.domain.health import Health

_KEPT = 60.0
_KEPT_IF_UNHEALTHY = 5.0
_CODES: Final[dict[ErrorClass, str]] = {"auth": "token", "sender": "account", "quality": "account"}
_BUSY: Final = frozenset[ErrorClass]({"retry", "throttle"})
_UNRATED = Health(
    state="ok",
    code="connected",
    message="WhatsApp's Cloud API answers. How Meta rates the number is not known: that needs a token with "
    "whatsapp_business_management.",
)
_HEALTHY = Health(
    state="ok", code="connected", message="WhatsApp's Cloud API answers, and the number can send."
)


class _Number(LenientModel):
    status: Maybe[str] = None
    quality_rating: Maybe[str] = None


@dataclass(slots=True, kw_only=True)
class HealthCheck:
    """Asks Graph at most once a minute and caches the answer. `clock` counts seconds and never goes back."""

    graph: Graph
    breaker: CircuitBreaker
    clock: Callable[[], float]
    _known: Health = field(default=_HEALTHY, init=False)
    _until: float = field(default=float("-inf"), init=False)

    async def health(self) -> Health:
        """Return the health. Never raises."""
        if self.breaker.reason:
            return Health(
                state="down",
                code=_CODES.get(self.breaker.error_class, "account"),
                message=self.breaker.reason,
            )
        if self.clock() >= self._until:
            self._known = await self._ask()
            self._until = self.clock() + (_KEPT if self._known.state == "ok" else _KEPT_IF_UNHEALTHY)
        return self._known

    async def _ask(self) -> Health:
        url = self.graph.origin.number().copy_set_param("fields", "status,quality_rating")
        try:
            response = await self.graph.ask(url)
        except httpx2.HTTPError as error:
            said = (
                f"WhatsApp's server at {self.graph.origin} does not answer ({type(error).__name__}). "
                "Is this machine online, and is WHATSAPP_CLOUD_BASE_URL right?"
            )
            return Health(state="down", code="unreachable", message=said)
        return _read_number(response) if response.is_success else _unhealthy(response)


def _read_number(response: GraphResponse) -> Health:
    told = read_body(_Number, response.body)
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
    return _HEALTHY


def _unhealthy(response: GraphResponse) -> Health:
    """Judge a response without the number's state: sending needs fewer permissions than asking about it."""
    if response.error and lacks_permission(response.error.code):
        return _UNRATED
    if response.error_class in _BUSY or (response.error is None and response.status >= 500):
        said = f"WhatsApp's Cloud API has trouble just now (it answered {response.status})."
        return Health(state="degraded", code="busy", message=said)
    if response.error is None:
        said = (
            f"Something that is not WhatsApp's server answered ({response.status}). "
            "WHATSAPP_CLOUD_BASE_URL must name the server itself."
        )
        return Health(state="down", code="unreachable", message=said)
    code = _CODES.get(response.error_class)
    if code is None:
        said = (
            "Graph does not know the number. WHATSAPP_CLOUD_PHONE_NUMBER_ID must be its id, "
            f"and the token must be allowed to see it. {response.error.reason}"
        )
        return Health(state="down", code="account", message=said)
    return Health(state="down", code=code, message=response.error.reason)
