"""Access tokens: which numbers and accounts a call may use."""

from starlette.requests import Request

from cloud_simulator.entities.business import Business
from cloud_simulator.errors import GraphError
from cloud_simulator.event_log import Token
from cloud_simulator.state import State

MANAGEMENT = "whatsapp_business_management"
MESSAGING = "whatsapp_business_messaging"


class Auth:
    """Checks the bearer token of calls."""

    def __init__(self, state: State) -> None:
        self._state = state

    def businesses(self, request: Request) -> list[Business]:
        """Return the numbers of the call's token; raises `GraphError`."""
        token = _bearer_token(request)
        found = [one for one in self._state.businesses.values() if one.token == token]
        if not found:
            raise GraphError(190, "the access token is missing or unknown")
        return found

    def number(self, request: Request, scope: str) -> Business:
        """Return the number in the path; raises `GraphError` unless the token has the scope for it."""
        id = str(request.path_params["id"])
        found = [one for one in self.businesses(request) if one.phone_number_id == id]
        return _check_scope(found, id, scope)

    def account(self, request: Request) -> Business:
        """Return a number of the account in the path; raises `GraphError` unless the token may manage it."""
        id = str(request.path_params["id"])
        found = [one for one in self.businesses(request) if one.waba_id == id]
        return _check_scope(found, id, MANAGEMENT)

    def classify(self, request: Request) -> Token:
        """Return whether the call has a token, and whether it is known."""
        token = _bearer_token(request)
        if not token:
            return ""
        return "known" if any(one.token == token for one in self._state.businesses.values()) else "unknown"


def _check_scope(found: list[Business], id: str, scope: str) -> Business:
    if not found:
        raise GraphError(
            100,
            f"Unsupported request. Object with ID '{id}' does not exist, cannot be loaded due to missing "
            "permissions, or does not support this operation",
            subcode=33,
        )
    if scope not in found[0].scopes:
        raise GraphError(10, f"the token lacks {scope}")
    return found[0]


def _bearer_token(request: Request) -> str:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""
