"""How far one turn may go, and how far it went."""

from dataclasses import dataclass, field
from decimal import Decimal

from pydantic_ai.messages import ModelResponse
from pydantic_ai.usage import RunUsage


@dataclass(frozen=True, slots=True, kw_only=True)
class RunLimits:
    """How far one turn may go. `cost` is in US dollars."""

    requests: int = 12
    tool_calls: int = 24
    tokens: int | None = 200_000
    cost: float | None = None


@dataclass(frozen=True, slots=True)
class Bound:
    """A limit that was reached: in words for people, and its setting for the log."""

    words: str
    setting: str


@dataclass(slots=True)
class Spent:
    """What a turn used so far; `model` is the provider's name of the model that answered last."""

    usage: RunUsage = field(default_factory=RunUsage)
    model: str = ""

    def add(self, response: ModelResponse) -> None:
        """Count a response."""
        self.usage.incr(response.usage)
        self.usage.requests += 1
        self.model = response.model_name or self.model
        if response.usage.cost is None and (price := _price(response)) is not None:
            self.usage.cost = (self.usage.cost or Decimal()) + price

    def reached(self, limits: RunLimits) -> Bound | None:
        """Tell which limit the calls of the newest response, or a further request, would break."""
        if self.usage.requests >= limits.requests:
            words = f"This took more steps than one turn may take ({limits.requests})."
            return Bound(words, "CLEO_MAX_STEPS")
        if self.usage.tool_calls > limits.tool_calls:
            words = f"This took more actions than one turn may take ({limits.tool_calls})."
            return Bound(words, "CLEO_MAX_STEPS")
        if limits.tokens is not None and self.usage.total_tokens > limits.tokens:
            return Bound("This became longer than one turn may be.", "CLEO_MAX_TOKENS")
        if limits.cost is not None and self.usage.cost is not None and self.usage.cost > limits.cost:
            return Bound("This became more expensive than one turn may be.", "CLEO_MAX_COST")
        return None


def _price(response: ModelResponse) -> Decimal | None:
    """Return US dollars; None: nobody knows the price."""
    if not response.model_name:
        return None
    try:
        return response.cost().total_price
    except (LookupError, ValueError, AssertionError):
        return None
