"""Is the token valid, and which permissions does it have?"""

import time
from collections.abc import Callable
from typing import Final

from cleo.channels.whatsapp.cloud.doctor.graph_query import ask, origin_of, reason_of_failure
from cleo.channels.whatsapp.cloud.errors import lacks_permission
from cleo.channels.whatsapp.cloud.outbound.responses import GraphResponse, LenientModel, read_body
from cleo.channels.whatsapp.cloud.settings import CloudSettings
from cleo.channels.whatsapp.cloud.wire import Many, Maybe
from cleo.domain.errors import CleoError
from cleo.ports.finding import Finding, Findings, bad, good, note

MESSAGING: Final = "whatsapp_business_messaging"
MANAGEMENT: Final = "whatsapp_business_management"
_INVALID: Final = 190
_DAY = 86400
NEW_TOKEN: Final = (
    "Meta Business settings → Users → System users: choose one or add one, assign it the app and the WhatsApp "
    f"account, then Generate token → the app → expires never → {MESSAGING} and {MANAGEMENT}. "
    "Set it as WHATSAPP_CLOUD_TOKEN."
)
"""How to make a token that does not expire."""


class _Data(LenientModel):
    is_valid: Maybe[bool] = None
    expires_at: Maybe[int] = None
    scopes: Many[str] = ()


class _TokenInfo(LenientModel):
    data: Maybe[_Data] = None


def token(settings: CloudSettings, *, clock: Callable[[], float] = time.time) -> Findings:
    """Check the token; `clock` tells Unix seconds."""
    origin = origin_of(settings)
    text = settings.whatsapp_cloud_token.get_secret_value() if settings.whatsapp_cloud_token else ""
    response = ask(origin, origin.node("debug_token").copy_set_param("input_token", text))
    data = read_body(_TokenInfo, response.body).data
    if response.error and response.error.code == _INVALID:
        yield _rejected()
    elif response.is_success and data:
        yield from _judge(data, clock())
    else:
        yield _no_token_info(response)


def _rejected() -> Finding:
    return bad("Meta does not accept WHATSAPP_CLOUD_TOKEN: it is wrong, expired or was taken back", NEW_TOKEN)


def _no_token_info(response: GraphResponse) -> Finding:
    """Some tokens may not be queried, and are valid all the same; the next checks will show."""
    if response.error_class in {"retry", "throttle"} or response.error is None:
        raise CleoError(f"Meta does not tell about the token. {reason_of_failure(response)}")
    return note("Meta does not tell this token its own rights", f"It must have {MESSAGING}. {NEW_TOKEN}")


def _judge(data: _Data, now: float) -> Findings:
    if data.is_valid is False:
        yield _rejected()
        return
    if MESSAGING not in data.scopes:
        yield bad(f"The token is valid, but lacks {MESSAGING}: it cannot send", NEW_TOKEN)
    elif MANAGEMENT not in data.scopes:
        yield note(
            f"The token can send. It lacks {MANAGEMENT}, without which less can be looked at", NEW_TOKEN
        )
    else:
        yield good(f"The token is valid, with {MESSAGING} and {MANAGEMENT}")
    if data.expires_at:
        days = max(0, int(data.expires_at - now)) // _DAY
        yield note(f"The token expires in {days} days", f"Make one that never does. {NEW_TOKEN}")


def not_checked(response: GraphResponse, what: str) -> Finding:
    """Return the finding for what could not be checked."""
    if response.error and lacks_permission(response.error.code):
        return note(f"{what} was not looked at: the token lacks {MANAGEMENT}", NEW_TOKEN)
    return bad(f"{what} could not be looked at", reason_of_failure(response))
