"""Watches what becomes of requests to the model: a log line for each, and the last outcome for the operator."""

from collections.abc import Callable
from dataclasses import dataclass, field

import structlog
from pydantic_ai.messages import ModelResponse

from cleo.domain.health import Health
from cleo.ports import Clock

_log = structlog.get_logger("cleo.model")


@dataclass(slots=True, kw_only=True)
class ModelWatch:
    """Keeps the last outcome in memory. `explain` says what an error means, for the person who runs Cleo."""

    name: str
    clock: Clock
    explain: Callable[[BaseException], str]
    _trouble: str = field(default="", init=False)
    _at: float | None = field(default=None, init=False)
    _seconds: float = field(default=0.0, init=False)

    def answered(self, response: ModelResponse, since: float) -> None:
        """Note an answer to a request of `since`, in Unix seconds."""
        now = self.clock.now()
        self._trouble, self._at, self._seconds = "", now, now - since
        usage = response.usage
        _log.info(
            "model answered",
            model=response.model_name or self.name,
            ms=round(1000 * (now - since)),
            tokens_in=usage.input_tokens,
            tokens_out=usage.output_tokens,
            calls=len(response.tool_calls),
        )

    def failed(self, error: BaseException, since: float) -> None:
        """Note that a request of `since` failed."""
        now = self.clock.now()
        self._trouble, self._at, self._seconds = self.explain(error.__cause__ or error), now, now - since
        _log.warning(
            "model failed", model=self.name, ms=round(1000 * (now - since)), error=type(error).__name__
        )

    def health(self) -> Health:
        """Return how the last request went."""
        if self._at is None:
            return Health(state="ok", code="unasked", message=f"{self.name} was not asked yet.")
        ago = f"{max(self.clock.now() - self._at, 0):.0f} s ago"
        if self._trouble:
            return Health(state="degraded", code="trouble", message=f"{self._trouble} (last tried {ago}).")
        said = f"{self.name} answered {ago}, in {1000 * self._seconds:.0f} ms."
        return Health(state="ok", code="answers", message=said)
