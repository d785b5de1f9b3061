"""The model that was chosen, and why."""

from dataclasses import dataclass

from pydantic_ai.models import Model


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """`name` is what CLEO_MODEL would say to choose it again; `reason` is half a sentence for people."""

    model: Model
    name: str
    reason: str
