"""Whether WhatsApp takes an ordinary message: for a day after the person wrote."""

from collections.abc import Callable
from dataclasses import dataclass, field

from cleo.channels.whatsapp.cloud.errors import WINDOW, reason_of
from cleo.domain.content import Template
from cleo.domain.conversation import Conversation
from cleo.domain.errors import SendFailed
from cleo.ports import Held, Refused

_MARGIN = 300.0
"""Seconds that it is taken to close early: clocks differ, and a send takes time."""
_ONCE_MORE = 5.0
_MANY = 1000
_WITHOUT_TEMPLATE = (
    " Nothing else can be sent until they write: no template is set to ask them to "
    "(WHATSAPP_CLOUD_FALLBACK_TEMPLATE, for example hello_again:en)."
)


@dataclass(slots=True, kw_only=True)
class Window:
    """Judges it for one number of Cleo's; `seconds` is how long it is open, `clock` tells Unix seconds."""

    number_id: str
    seconds: float
    fallback: Template | None
    clock: Callable[[], float]
    _doubted: dict[str, None] = field(default_factory=dict[str, None], init=False)

    def is_open(self, to: Conversation) -> bool:
        """Tell whether the person wrote lately, to this number. Groups are not judged."""
        if to.is_group:
            return True
        if to.last_inbound is None or to.last_inbound.number_id != self.number_id:
            return False
        return self.clock() < to.last_inbound.at + self.seconds - _MARGIN

    def closed(self) -> Held | Refused:
        """Say what becomes of a message for which it is too late."""
        reason = reason_of(WINDOW, "", "")
        if self.fallback is None:
            return Refused(reason=reason + _WITHOUT_TEMPLATE, code=WINDOW)
        return Held(reason=f"{reason} It waits until they write.", reopen_template=self.fallback)

    def contradicted(self, key: str) -> Held | Refused:
        """WhatsApp says that it is closed, although it looked open. It is wrong about that at times.

        So the first time `SendFailed` is raised, for a second try soon.
        """
        if key in self._doubted:
            del self._doubted[key]
            return self.closed()
        if len(self._doubted) >= _MANY:
            del self._doubted[next(iter(self._doubted))]
        self._doubted[key] = None
        raise SendFailed(reason_of(WINDOW, "", ""), retry_after=_ONCE_MORE, code=WINDOW)
