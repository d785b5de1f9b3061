"""Graph's own endpoints: `/{version}/…`."""

import asyncio
import json
import re
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import cast

from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from cloud_simulator.entities.business import Business
from cloud_simulator.errors import GraphError
from cloud_simulator.faults import Case
from cloud_simulator.graph.auth import Gate
from cloud_simulator.graph.send_pipeline import Outgoing
from cloud_simulator.graph.send_request import parse_read, parse_send
from cloud_simulator.state import World
from cloud_simulator.webhooks.webhook_dispatcher import Courier

_VERSION = re.compile(r"v\d+\.\d+")
_MESSAGING = "whatsapp_business_messaging"
_MANAGEMENT = "whatsapp_business_management"
_EARLY = 1.0
"""Seconds that an answer waits for the statuses that overtake it."""

Json = Mapping[str, object]
Endpoint = Callable[[Request], Awaitable[Response]]


class Api:
    """Messages, and what a business can ask about itself. Files are in `files.py`."""

    def __init__(self, world: World, courier: Courier, gate: Gate, outgoing: Outgoing) -> None:
        self._world = world
        self._courier = courier
        self._gate = gate
        self._outgoing = outgoing

    @property
    def routes(self) -> list[Route]:
        """Where they are."""
        id = "/{version}/{id}"
        return [
            Route(f"{id}/messages", self._messages, methods=["POST"]),
            Route(f"{id}/message_history", self._asked(self._history)),
            Route(f"{id}/message_templates", self._asked(self._templates)),
            Route(
                f"{id}/subscribed_apps", self._asked(self._subscriptions), methods=["GET", "POST", "DELETE"]
            ),
            Route("/{version}/debug_token", self._asked(self._debug_token)),
        ]

    async def number(self, request: Request) -> Response:
        """Answer `GET /{phone_number_id}?fields=`."""
        business = self._gate.number(request, _MANAGEMENT)
        known = business.fields()
        wanted = [name for name in request.query_params.get("fields", "").split(",") if name]
        if unknown := [name for name in wanted if name not in known]:
            raise GraphError(100, f"Tried accessing nonexisting field ({unknown[0]})")
        shown = wanted or ["display_phone_number", "verified_name", "quality_rating"]
        return JSONResponse({name: known[name] for name in dict.fromkeys([*shown, "id"])})

    async def _messages(self, request: Request) -> Response:
        body = _lenient(await request.body())
        case = self._case(str(request.path_params["id"]), body)
        return await self._gate.through(request, case, partial(self._message, request, body, case))

    async def _message(self, request: Request, body: Json, case: Case) -> Response:
        versioned(request)
        business = self._gate.number(request, _MESSAGING)
        if not request.headers.get("content-type", "").startswith("application/json") or not body:
            raise GraphError(100, "the body is no JSON object")
        if "status" in body:
            self._outgoing.read(business, parse_read(body))
            return JSONResponse({"success": True})
        send = parse_send(body)
        accepted = self._outgoing.accept(business, send, case)
        if "early" in accepted.struck:
            accepted.statuses()
            await self._courier.settled(_EARLY)
            return JSONResponse(accepted.answer)
        hold = accepted.struck.get("hold")

        async def afterwards() -> None:
            asyncio.get_running_loop().call_later(hold.ms / 1000 if hold else 0, accepted.statuses)

        return JSONResponse(accepted.answer, background=BackgroundTask(afterwards))

    def _case(self, number: str, body: Json) -> Case:
        """Say what a body seems to be about, before anything is checked."""
        to = str(body.get("to") or "")
        phone = self._world.dialled(to) if to else self._world.phone(str(body.get("recipient") or ""))
        text = body.get("text")
        return Case(
            on="read" if "status" in body else "send",
            number=number,
            phone=phone.names if phone else frozenset(),
            kind=str(body.get("type") or "text"),
            ref=str(body.get("biz_opaque_callback_data") or ""),
            text=str(cast("Json", text).get("body", "")) if isinstance(text, Mapping) else "",
        )

    def _asked(self, endpoint: Endpoint) -> Endpoint:
        async def answer(request: Request) -> Response:
            versioned(request)
            return await endpoint(request)

        async def guarded(request: Request) -> Response:
            case = Case(on="admin", number=str(request.path_params.get("id", "")))
            return await self._gate.through(request, case, partial(answer, request))

        return guarded

    async def _history(self, request: Request) -> Response:
        self._gate.number(request, _MANAGEMENT)
        wamid = request.query_params.get("message_id", "")
        if wamid not in self._world.messages:
            raise GraphError(100, "message_id names no message")
        return JSONResponse(
            {"data": [{"id": wamid, "message_id": wamid, "events": {"data": self._events(wamid)}}]}
        )

    def _events(self, wamid: str) -> list[Json]:
        found: list[Json] = []
        for line in self._world.log:
            for name in line.items if line.event == "webhook" else []:
                status, _, id = name.partition(":")
                if id == wamid:
                    taken = line.answer == 200
                    event: dict[str, object] = {
                        "delivery_status": status.upper(),
                        "webhook_update_state": "SUCCESS" if taken else "FAILURE",
                        "webhook_uri": self._world.businesses[line.number].callback,
                        "timestamp": str(int(line.at)),
                    }
                    found.append(
                        event if taken else {**event, "error_description": f"answered {line.answer}"}
                    )
        return found

    async def _templates(self, request: Request) -> Response:
        business = self._gate.account(request)
        name = request.query_params.get("name")
        listed = [one.listed() for one in self._world.templates[business.waba_id] if name in {None, one.name}]
        return JSONResponse({"data": listed, "paging": {"cursors": {"before": "MA", "after": "MA"}}})

    async def _subscriptions(self, request: Request) -> Response:
        business = self._gate.account(request)
        numbers = [one for one in self._world.businesses.values() if one.waba_id == business.waba_id]
        if request.method == "GET":
            return JSONResponse({"data": [_app(business)] if business.subscribed else []})
        if request.method == "POST":
            await self._override(business, numbers, _lenient(await request.body()))
        for one in numbers:
            one.subscribed = request.method == "POST"
        return JSONResponse({"success": True})

    async def _override(self, business: Business, numbers: list[Business], body: Json) -> None:
        if not (callback := body.get("override_callback_uri")):
            return
        asked = business.model_copy(
            update={"callback": callback, "verify_token": str(body.get("verify_token"))}
        )
        if trouble := await self._courier.shake_hands(asked):
            raise GraphError(2200, trouble)
        for one in numbers:
            one.callback = str(callback)

    async def _debug_token(self, request: Request) -> Response:
        self._gate.holder(request)
        asked = request.query_params.get("input_token", "")
        holder = next((one for one in self._world.businesses.values() if one.token == asked), None)
        if holder is None:
            return JSONResponse({"data": {"is_valid": False, "scopes": []}})
        data: Json = {
            "app_id": holder.app_id,
            "type": "SYSTEM_USER",
            "application": "Cleo",
            "expires_at": holder.expires_at,
            "is_valid": not holder.expires_at or holder.expires_at > self._world.now(),
            "scopes": holder.scopes,
            "granular_scopes": [{"scope": scope, "target_ids": [holder.waba_id]} for scope in holder.scopes],
        }
        return JSONResponse({"data": data})


def versioned(request: Request) -> None:
    """Raise `GraphError` for a path without a version."""
    if not _VERSION.fullmatch(str(request.path_params.get("version", ""))):
        raise GraphError(2500, "the path starts with a version such as v26.0")


def _app(business: Business) -> Json:
    data = {"id": business.app_id, "name": "Cleo", "link": "https://www.facebook.com/games/?app_id=7001"}
    return {"whatsapp_business_api_data": data}


def _lenient(raw: bytes) -> Json:
    try:
        body = json.loads(raw)
    except ValueError:
        return {}
    return cast("Json", body) if isinstance(body, dict) else {}
