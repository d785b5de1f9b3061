"""`cleo outbox`: the delivery status of the newest messages."""

import sys

import httpx2
from pydantic import ValidationError

from cleo.app.chosen_backend import webhook_secret
from cleo.app.http.outbox_routes import PATH, OutboxReport
from cleo.app.runfile import find_running
from cleo.app.settings import load
from cleo.channels.whatsapp.backend import SECRET_HEADER
from cleo.domain.errors import CleoError

_MARKS = {
    "queued": "…",
    "held": "…",
    "sending": "…",
    "uncertain": "?",
    "unknown": "?",
    "accepted": "·",
    "sent": "✓",
    "failed": "✗",
    "delivered": "✓✓",
    "read": "✓✓",
    "played": "✓✓",
}


def run(*, limit: int) -> int:
    """Print the newest messages, newest first; return the exit code, 1 when one of them failed."""
    settings = load()
    secret = webhook_secret(settings)
    url = find_running(settings.cleo_data).url
    report = _ask(f"{url}{PATH}?limit={limit}", secret)
    for message in report.messages:
        tries = f" after {message.attempts + 1} tries" if message.attempts else ""
        why = f": {message.reason}" if message.reason else ""
        line = f"{_MARKS[message.state]:>2} {message.seq:>6}  {message.conversation}  {message.kind}  {message.state}"
        sys.stdout.write(f"{line}{tries}{why}\n")
    return 1 if any(message.state == "failed" for message in report.messages) else 0


def _ask(url: str, secret: str | None) -> OutboxReport:
    headers = {SECRET_HEADER: secret} if secret else {}
    try:
        with httpx2.Client(timeout=10, trust_env=False) as http:
            return OutboxReport.model_validate_json(http.get(url, headers=headers).raise_for_status().content)
    except (httpx2.HTTPError, ValidationError) as error:
        raise CleoError(
            f"Cleo does not tell of its outbox ({type(error).__name__}). `cleo status` says how it is doing; "
            "with a secret of its own, this command needs it too: WHATSAPP_WEBHOOK_SECRET"
        ) from error
