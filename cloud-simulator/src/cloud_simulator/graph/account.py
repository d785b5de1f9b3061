"""What a business can ask about its number, its account, its token and its messages."""

from collections.abc import Awaitable, Callable
from functools import partial

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from cloud_simulator.entities.business import Business
from cloud_simulator.errors import GraphError
from cloud_simulator.faults import Subject
from cloud_simulator.graph.auth import MANAGEMENT, Auth
from cloud_simulator.graph.body import Json, parse_object
from cloud_simulator.graph.calls import Calls, require_version
from cloud_simulator.state import State
from cloud_simulator.webhooks.webhook_dispatcher import WebhookDispatcher

Endpoint = Callable[[Request], Awaitable[Response]]


class AccountApi:
    """The endpoints for questions about the account. For faults, their operation is `admin`."""

    def __init__(self, state: State, auth: Auth, calls: Calls, dispatcher: WebhookDispatcher) -> None:
        self._state = state
        self._auth = auth
        self._calls = calls
        self._dispatcher = dispatcher

    @property
    def routes(self) -> list[Route]:
        """The routes of these endpoints, without `GET /{phone_number_id}`."""
        account = "/{version}/{id}"
        subscriptions = self._admin(self._subscriptions)
        return [
            Route(f"{account}/message_history", self._admin(self._history)),
            Route(f"{account}/message_templates", self._admin(self._templates)),
            Route(f"{account}/subscribed_apps", subscriptions, methods=["GET", "POST", "DELETE"]),
            Route("/{version}/debug_token", self._admin(self._debug_token)),
        ]

    async def number(self, request: Request) -> Response:
        """Answer `GET /{phone_number_id}?fields=`."""
        return await self._admin(self._number)(request)

    def _admin(self, endpoint: Endpoint) -> Endpoint:
        async def with_version(request: Request) -> Response:
            require_version(request)
            return await endpoint(request)

        async def run(request: Request) -> Response:
            subject = Subject(on="admin", number=str(request.path_params.get("id", "")))
            return await self._calls.run(request, subject, partial(with_version, request))

        return run

    async def _number(self, request: Request) -> Response:
        business = self._auth.number(request, MANAGEMENT)
        known = business.fields()
        wanted = [name for name in request.query_params.get("fields", "").split(",") if name]
        if unknown := [name for name in wanted if name not in known]:
            raise GraphError(100, f"Tried accessing nonexisting field ({unknown[0]})")
        names = wanted or ["display_phone_number", "verified_name", "quality_rating"]
        return JSONResponse({name: known[name] for name in dict.fromkeys([*names, "id"])})

    async def _history(self, request: Request) -> Response:
        self._auth.number(request, MANAGEMENT)
        wamid = request.query_params.get("message_id", "")
        if wamid not in self._state.messages:
            raise GraphError(100, "message_id names no message")
        events = {"data": self._history_events(wamid)}
        return JSONResponse({"data": [{"id": wamid, "message_id": wamid, "events": events}]})

    def _history_events(self, wamid: str) -> list[Json]:
        events: list[Json] = []
        for entry in self._state.log:
            for label in entry.items if entry.event == "webhook" else []:
                status, _, id = label.partition(":")
                if id == wamid:
                    accepted = entry.answer == 200
                    event: dict[str, object] = {
                        "delivery_status": status.upper(),
                        "webhook_update_state": "SUCCESS" if accepted else "FAILURE",
                        "webhook_uri": self._state.businesses[entry.number].callback,
                        "timestamp": str(int(entry.at)),
                    }
                    error = {} if accepted else {"error_description": f"answered {entry.answer}"}
                    events.append({**event, **error})
        return events

    async def _templates(self, request: Request) -> Response:
        business = self._auth.account(request)
        name = request.query_params.get("name")
        templates = self._state.templates[business.waba_id]
        listed = [template.as_listed() for template in templates if name in {None, template.name}]
        return JSONResponse({"data": listed, "paging": {"cursors": {"before": "MA", "after": "MA"}}})

    async def _subscriptions(self, request: Request) -> Response:
        business = self._auth.account(request)
        numbers = [one for one in self._state.businesses.values() if one.waba_id == business.waba_id]
        if request.method == "GET":
            return JSONResponse({"data": [_app(business)] if business.subscribed else []})
        if request.method == "POST":
            await self._override_callback(business, numbers, parse_object(await request.body()))
        for one in numbers:
            one.subscribed = request.method == "POST"
        return JSONResponse({"success": True})

    async def _override_callback(self, business: Business, numbers: list[Business], body: Json) -> None:
        if not (callback := body.get("override_callback_uri")):
            return
        changed = business.model_copy(
            update={"callback": callback, "verify_token": str(body.get("verify_token"))}
        )
        if problem := await self._dispatcher.verify_callback(changed):
            raise GraphError(2200, problem)
        for one in numbers:
            one.callback = str(callback)

    async def _debug_token(self, request: Request) -> Response:
        self._auth.businesses(request)
        token = request.query_params.get("input_token", "")
        business = next((one for one in self._state.businesses.values() if one.token == token), None)
        if business is None:
            return JSONResponse({"data": {"is_valid": False, "scopes": []}})
        granular = [{"scope": scope, "target_ids": [business.waba_id]} for scope in business.scopes]
        data: Json = {
            "app_id": business.app_id,
            "type": "SYSTEM_USER",
            "application": "Cleo",
            "expires_at": business.expires_at,
            "is_valid": not business.expires_at or business.expires_at > self._state.now(),
            "scopes": business.scopes,
            "granular_scopes": granular,
        }
        return JSONResponse({"data": data})


def _app(business: Business) -> Json:
    data = {"id": business.app_id, "name": "Cleo", "link": "https://www.facebook.com/games/?app_id=7001"}
    return {"whatsapp_business_api_data": data}
