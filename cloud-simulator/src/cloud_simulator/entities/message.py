"""Messages of both directions."""

from dataclasses import dataclass

from cloud_simulator.entities.phone import Phone


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A message; `at` in Unix seconds. One of a business to an unknown recipient has no `phone`."""

    id: str
    number: str
    """The business's `phone_number_id`."""
    phone: Phone | None
    inbound: bool
    kind: str
    at: float
    text: str = ""
    voice: bool = False
    ref: str | None = None
    """`biz_opaque_callback_data`."""
    to_phone: bool = True
    """Whether it was addressed by phone number, not by user id."""
    category: str = "service"
