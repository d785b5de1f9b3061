"""The control API: what the world is like, and what happens in it. docs/howto/cloud-simulator.md is its reference."""

from collections.abc import Awaitable, Callable
from typing import Literal, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from cloud_simulator.control.inbound import People, Refused
from cloud_simulator.entities.business import Business
from cloud_simulator.entities.template import Template
from cloud_simulator.event_log import Line
from cloud_simulator.faults import Order, Signature
from cloud_simulator.feed import Entry, Feed
from cloud_simulator.state import World
from cloud_simulator.webhooks.webhook_dispatcher import Courier
from cloud_simulator.webhooks.webhook_event import forged, signature, written

B = TypeVar("B", bound=BaseModel)
E = TypeVar("E", bound=Entry)
Endpoint = Callable[[Request], Awaitable[Response]]


class NumberOrder(Business):
    """A business number to register. With `verify` its callback must answer the handshake."""

    verify: bool = True


class TemplateOrder(Template):
    """A template of an account."""

    waba_id: str


class Raw(BaseModel):
    """A webhook POST of any shape: `body` as JSON, or `text` as it is, or `field` and `value` in an envelope."""

    model_config = ConfigDict(extra="forbid")

    number: str | None = None
    body: object = None
    text: str | None = None
    field: str | None = None
    value: dict[str, object] | None = None
    signature: Literal["good"] | Signature = "good"


class Shift(BaseModel):
    """How many seconds the fake's clock is ahead of the real one."""

    model_config = ConfigDict(extra="forbid")

    shift: float


class Control:
    """What is not a person: numbers, templates, faults, log, clock."""

    def __init__(self, world: World, courier: Courier, people: People) -> None:
        self._world = world
        self._courier = courier
        self._people = people

    @property
    def routes(self) -> list[Route]:
        """Where they are, below `/control`."""
        return [
            post("/numbers", self._number),
            get("/numbers", self._numbers),
            post("/templates", self._template),
            post("/webhook", self._webhook),
            post("/faults", self._order),
            get("/faults", self._faults),
            Route("/faults", answering(self._cancel), methods=["DELETE"]),
            Route("/faults/{id:int}", answering(self._cancel), methods=["DELETE"]),
            get("/log", self._log),
            get("/settled", self._settled),
            post("/clock", self._clock),
            post("/knobs", self._knobs),
        ]

    async def _number(self, request: Request) -> Response:
        order = await parsed(request, NumberOrder)
        business = Business(**order.model_dump(exclude={"verify"}))
        trouble = await self._courier.shake_hands(business) if business.callback and order.verify else ""
        if trouble:
            business.callback = None
        self._world.add_business(business)
        if trouble:
            raise Refused(f"{trouble} The number is registered without a callback.")
        return JSONResponse({"phone_number_id": business.phone_number_id, "callback": business.callback})

    async def _numbers(self, request: Request) -> Response:
        hidden = {"token", "app_secret", "verify_token"}
        return JSONResponse([one.model_dump(exclude=hidden) for one in self._world.businesses.values()])

    async def _template(self, request: Request) -> Response:
        order = await parsed(request, TemplateOrder)
        template = Template(**order.model_dump(exclude={"waba_id"}))
        template.id = template.id or self._world.serial()
        kept = self._world.templates.setdefault(order.waba_id, [])
        kept[:] = [one for one in kept if (one.name, one.language) != (template.name, template.language)]
        kept.append(template)
        return JSONResponse({"id": template.id})

    async def _webhook(self, request: Request) -> Response:
        raw = await parsed(request, Raw)
        business = self._people.business(raw.number)
        if not business.callback:
            raise Refused("This number has no callback.")
        body = raw.text.encode() if raw.text is not None else written(_enveloped(raw, business))
        secret = business.app_secret
        header = (
            signature(secret, body).encode()
            if raw.signature == "good"
            else forged(raw.signature, secret, body)
        )
        answer = await self._courier.send_raw(business, body, header)
        number = business.phone_number_id
        note = f"raw, signature {raw.signature}"
        self._world.note(
            Line(at=self._world.now(), event="webhook", number=number, answer=answer, attempt=1, note=note)
        )
        return JSONResponse({"status": answer})

    async def _order(self, request: Request) -> Response:
        fault = self._world.faults.order(await parsed(request, Order))
        return JSONResponse({"id": fault.id})

    async def _faults(self, request: Request) -> Response:
        return JSONResponse([one.model_dump(exclude_defaults=True) for one in self._world.faults.orders])

    async def _cancel(self, request: Request) -> Response:
        self._world.faults.cancel(request.path_params.get("id"))
        return JSONResponse({})

    async def _log(self, request: Request) -> Response:
        event = request.query_params.get("event")
        found = await polled(request, self._world.log)
        shown = [line for line in found if event in {None, line.event}]
        return JSONResponse([line.model_dump(exclude_defaults=True, mode="json") for line in shown])

    async def _settled(self, request: Request) -> Response:
        seconds = number_in(request, "wait", 10_000) / 1000
        settled = await self._courier.settled(seconds, request.query_params.get("number"))
        return JSONResponse({"settled": settled})

    async def _clock(self, request: Request) -> Response:
        self._world.shift = (await parsed(request, Shift)).shift
        return JSONResponse({"now": self._world.now()})

    async def _knobs(self, request: Request) -> Response:
        asked = await parsed(request, type(self._world.knobs))
        update = asked.model_dump(include=asked.model_fields_set)
        self._world.knobs = self._world.knobs.model_copy(update=update)
        return JSONResponse(self._world.knobs.model_dump())


def _enveloped(raw: Raw, business: Business) -> object:
    if raw.field is None:
        return raw.body
    value = {"messaging_product": "whatsapp", "metadata": business.metadata, **(raw.value or {})}
    entry = {"id": business.waba_id, "changes": [{"value": value, "field": raw.field}]}
    return {"object": "whatsapp_business_account", "entry": [entry]}


def post(path: str, endpoint: Endpoint) -> Route:
    """Route a change."""
    return Route(path, answering(endpoint), methods=["POST"])


def get(path: str, endpoint: Endpoint) -> Route:
    """Route a question."""
    return Route(path, answering(endpoint), methods=["GET"])


def answering(endpoint: Endpoint) -> Endpoint:
    """Say what was wrong with a request, as text."""

    async def answer(request: Request) -> Response:
        try:
            return await endpoint(request)
        except (Refused, ValidationError) as error:
            return PlainTextResponse(str(error), status_code=400)

    return answer


async def parsed(request: Request, model: type[B]) -> B:
    """Read the body; raises `ValidationError`."""
    return model.model_validate_json(await request.body() or b"{}")


async def polled(request: Request, feed: Feed[E]) -> list[E]:
    """Read a feed as `?after=&wait=` (milliseconds) asks."""
    return await feed.after(int(number_in(request, "after", 0)), number_in(request, "wait", 0) / 1000)


def number_in(request: Request, name: str, default: float) -> float:
    """Read a number of the query; raises `Refused`."""
    given = request.query_params.get(name)
    try:
        return float(given) if given else default
    except ValueError:
        raise Refused(f"{name} is a number") from None
