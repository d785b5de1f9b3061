"""`cleo doctor --message`: the history of one message."""

from cleo.app.chosen_backend import chosen_backend
from cleo.app.doctor.context import doctor_context
from cleo.app.settings import load
from cleo.domain.errors import CleoError
from cleo.ports.finding import Findings


def trace(message: str) -> Findings:
    """Look up one message by its id, such as `wamid.HBg…`; raises `CleoError`."""
    settings = load()
    history = chosen_backend(settings).trace
    if history is None:
        raise CleoError(
            "Only Meta's Cloud API tells the history of a message (WHATSAPP_BACKEND=cloud). `cleo outbox` shows what "
            "became of those that Cleo sent."
        )
    yield from history(doctor_context(settings), message)
