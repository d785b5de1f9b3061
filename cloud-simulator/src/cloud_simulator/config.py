"""How the simulation behaves without faults."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class Config(BaseModel):
    """Settings that `POST /control/config` changes; times in seconds."""

    model_config = ConfigDict(extra="forbid")

    window: Literal["sync", "async", "off"] = "async"
    """How a message outside the 24 hours is refused: in the response, by a failed status, or not at all."""
    pair_burst: int = Field(default=0, ge=0)
    """Messages to one person at once before error 131056; 0: no limit."""
    pair_seconds: float = Field(default=6.0, gt=0)
    """After the burst, one message in this time."""
    first_retry: float = Field(default=0.2, ge=0)
    """Pause after the first webhook that was not accepted; it doubles with each retry."""
    longest_retry: float = Field(default=2.0, ge=0)
    answer_seconds: float = Field(default=5.0, gt=0)
    """Timeout of a webhook."""
