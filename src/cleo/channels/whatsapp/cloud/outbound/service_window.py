"""The customer service window: for a day after the person wrote, WhatsApp takes ordinary messages."""

from collections.abc import Callable
from dataclasses import dataclass, field

from cleo.channels.whatsapp.cloud.errors import WINDOW, reason_of
from cleo.domain.content import Template
from cleo.domain.conversation import Conversation
from cleo.domain.errors import SendFailed
from cleo.ports import Held, Refused

_MARGIN = 300.0
"""Seconds by which it is treated as closing early: clocks differ, and a send takes time."""
_RETRY_AFTER = 5.0
_MAX_KEYS = 1000
_WITHOUT_TEMPLATE = (
    " Nothing else can be sent until they write: no template is set to ask them to "
    "(WHATSAPP_CLOUD_FALLBACK_TEMPLATE, for example hello_again:en)."
)


@dataclass(slots=True, kw_only=True)
class ServiceWindow:
    """The window of one number of Cleo's; it is open for `seconds`, `clock` tells Unix seconds."""

    number_id: str
    seconds: float
    fallback: Template | None
    clock: Callable[[], float]
    _contradicted: dict[str, None] = field(default_factory=dict[str, None], init=False)

    def is_open(self, to: Conversation) -> bool:
        """Return whether the person wrote to this number lately. In groups there is no window."""
        if to.is_group:
            return True
        if to.last_inbound is None or to.last_inbound.number_id != self.number_id:
            return False
        return self.clock() < to.last_inbound.at + self.seconds - _MARGIN

    def closed(self) -> Held | Refused:
        """Return the outcome of a message for which it is closed."""
        reason = reason_of(WINDOW, "", "")
        if self.fallback is None:
            return Refused(reason=reason + _WITHOUT_TEMPLATE, code=WINDOW)
        return Held(reason=f"{reason} It waits until they write.", reopen_template=self.fallback)

    def contradicted(self, key: str) -> Held | Refused:
        """Return the outcome of a message that WhatsApp refused although the window looked open.

        WhatsApp is wrong about that at times, so `SendFailed` is raised the first time, for a second try soon.
        """
        if key in self._contradicted:
            del self._contradicted[key]
            return self.closed()
        if len(self._contradicted) >= _MAX_KEYS:
            del self._contradicted[next(iter(self._contradicted))]
        self._contradicted[key] = None
        raise SendFailed(reason_of(WINDOW, "", ""), retry_after=_RETRY_AFTER, code=WINDOW)
