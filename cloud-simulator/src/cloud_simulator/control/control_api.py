"""The control API except for phones. The README of the simulator is its reference."""

from typing import Literal

from pydantic import BaseModel, ConfigDict
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from cloud_simulator.config import Config
from cloud_simulator.control.endpoints import ControlError, delete, get, parse, poll, post, query_number
from cloud_simulator.control.inbound import Inbound
from cloud_simulator.entities.business import Business
from cloud_simulator.entities.template import Template
from cloud_simulator.event_log import LogEntry
from cloud_simulator.faults import BadSignature, FaultRule
from cloud_simulator.state import State
from cloud_simulator.webhooks.signature import sign, sign_badly
from cloud_simulator.webhooks.webhook_dispatcher import WebhookDispatcher
from cloud_simulator.webhooks.webhook_event import encode


class NewNumber(Business):
    """A business number to register. With `verify` its callback must answer the verification request."""

    verify: bool = True


class NewTemplate(Template):
    """A template to add to an account."""

    waba_id: str


class RawWebhook(BaseModel):
    """A webhook of any content: `body` as JSON, or `text` as it is, or `field` and `value` in Meta's format."""

    model_config = ConfigDict(extra="forbid")

    number: str | None = None
    body: object = None
    text: str | None = None
    field: str | None = None
    value: dict[str, object] | None = None
    signature: Literal["good"] | BadSignature = "good"


class ClockShift(BaseModel):
    """How many seconds the simulated clock is ahead of the real one."""

    model_config = ConfigDict(extra="forbid")

    shift: float


class ControlApi:
    """Numbers, templates, faults, the event log, the clock and the configuration."""

    def __init__(self, state: State, dispatcher: WebhookDispatcher, inbound: Inbound) -> None:
        self._state = state
        self._dispatcher = dispatcher
        self._inbound = inbound

    @property
    def routes(self) -> list[Route]:
        """The routes of these endpoints, below `/control`."""
        return [
            post("/numbers", self._add_number),
            get("/numbers", self._list_numbers),
            post("/templates", self._add_template),
            post("/webhook", self._post_webhook),
            post("/faults", self._add_fault),
            get("/faults", self._list_faults),
            delete("/faults", self._remove_faults),
            delete("/faults/{id:int}", self._remove_faults),
            get("/log", self._read_log),
            get("/settled", self._settled),
            post("/clock", self._shift_clock),
            post("/config", self._change_config),
        ]

    async def _add_number(self, request: Request) -> Response:
        given = await parse(request, NewNumber)
        business = Business(**given.model_dump(exclude={"verify"}))
        verify = business.callback and given.verify
        problem = await self._dispatcher.verify_callback(business) if verify else ""
        if problem:
            business.callback = None
        self._state.add_business(business)
        if problem:
            raise ControlError(f"{problem} The number is registered without a callback.")
        return JSONResponse({"phone_number_id": business.phone_number_id, "callback": business.callback})

    async def _list_numbers(self, request: Request) -> Response:
        secret = {"token", "app_secret", "verify_token"}
        return JSONResponse([one.model_dump(exclude=secret) for one in self._state.businesses.values()])

    async def _add_template(self, request: Request) -> Response:
        given = await parse(request, NewTemplate)
        template = Template(**given.model_dump(exclude={"waba_id"}))
        template.id = template.id or self._state.new_id()
        templates = self._state.templates.setdefault(given.waba_id, [])
        key = (template.name, template.language)
        templates[:] = [one for one in templates if (one.name, one.language) != key]
        templates.append(template)
        return JSONResponse({"id": template.id})

    async def _post_webhook(self, request: Request) -> Response:
        raw = await parse(request, RawWebhook)
        business = self._inbound.business(raw.number)
        if not business.callback:
            raise ControlError("This number has no callback.")
        body = raw.text.encode() if raw.text is not None else encode(_body(raw, business))
        answer = await self._dispatcher.post_raw(business, body, _signature(raw, business, body))
        self._state.record(
            LogEntry(
                at=self._state.now(),
                event="webhook",
                number=business.phone_number_id,
                answer=answer,
                attempt=1,
                note=f"raw, signature {raw.signature}",
            )
        )
        return JSONResponse({"status": answer})

    async def _add_fault(self, request: Request) -> Response:
        fault = self._state.faults.add(await parse(request, FaultRule))
        return JSONResponse({"id": fault.id})

    async def _list_faults(self, request: Request) -> Response:
        faults = self._state.faults.installed
        return JSONResponse([one.model_dump(exclude_defaults=True) for one in faults])

    async def _remove_faults(self, request: Request) -> Response:
        self._state.faults.remove(request.path_params.get("id"))
        return JSONResponse({})

    async def _read_log(self, request: Request) -> Response:
        event = request.query_params.get("event")
        entries = [one for one in await poll(request, self._state.log) if event in {None, one.event}]
        return JSONResponse([one.model_dump(exclude_defaults=True, mode="json") for one in entries])

    async def _settled(self, request: Request) -> Response:
        seconds = query_number(request, "wait", 10_000) / 1000
        settled = await self._dispatcher.settled(seconds, request.query_params.get("number"))
        return JSONResponse({"settled": settled})

    async def _shift_clock(self, request: Request) -> Response:
        self._state.shift = (await parse(request, ClockShift)).shift
        return JSONResponse({"now": self._state.now()})

    async def _change_config(self, request: Request) -> Response:
        given = await parse(request, Config)
        changes = given.model_dump(include=given.model_fields_set)
        self._state.config = self._state.config.model_copy(update=changes)
        return JSONResponse(self._state.config.model_dump())


def _signature(raw: RawWebhook, business: Business, body: bytes) -> bytes | None:
    if raw.signature == "good":
        return sign(business.app_secret, body)
    return sign_badly(raw.signature, business.app_secret, body)


def _body(raw: RawWebhook, business: Business) -> object:
    if raw.field is None:
        return raw.body
    value = {"messaging_product": "whatsapp", "metadata": business.metadata, **(raw.value or {})}
    entry = {"id": business.waba_id, "changes": [{"value": value, "field": raw.field}]}
    return {"object": "whatsapp_business_account", "entry": [entry]}
