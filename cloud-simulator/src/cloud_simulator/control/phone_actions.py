"""The control API of the phones: what people do with theirs, and what they see."""

from typing import TypeVar

from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from cloud_simulator.control.control_api import get, parsed, polled, post
from cloud_simulator.control.inbound import People, Refused, Rotation, Saying
from cloud_simulator.entities.phone import Phone
from cloud_simulator.faults import Outcome
from cloud_simulator.feed import Entry, Feed
from cloud_simulator.graph.send_pipeline import Outgoing
from cloud_simulator.state import World, digits

E = TypeVar("E", bound=Entry)


class PhoneOrder(BaseModel):
    """A phone to hand out. Without `number` or `user_id` it gets one; `user_id: ""`: it has none."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    number: str | None = None
    user_id: str | None = None
    name: str = "Somebody"
    username: str | None = None
    hide_phone: bool = False
    auto_read: bool = Field(False, alias="autoRead")
    aliases: list[str] = []


class Seen(BaseModel):
    """A message of a business that was read (and heard, if it is a voice note)."""

    model_config = ConfigDict(extra="forbid")

    id: str


class Hands:
    """Below `/control/phones`."""

    def __init__(self, world: World, people: People, outgoing: Outgoing) -> None:
        self._world = world
        self._people = people
        self._outgoing = outgoing

    @property
    def routes(self) -> list[Route]:
        """Where they are."""
        one = "/phones/{name}"
        return [
            post("/phones", self._make),
            get("/phones", self._list),
            post("/rotate", self._rotate),
            get(one, self._show),
            post(f"{one}/messages", self._say),
            get(f"{one}/messages", self._bubbles),
            get(f"{one}/presence", self._presence),
            get(f"{one}/receipts", self._receipts),
            get(f"{one}/media/{{which:path}}", self._media),
            post(f"{one}/read", self._read),
        ]

    async def _make(self, request: Request) -> Response:
        order = await parsed(request, PhoneOrder)
        number = digits(order.number) if order.number else f"1555{self._world.serial()[:7]}"
        phone = Phone(
            id=f"p{len(self._world.phones) + 1}",
            number=number,
            user_id=order.user_id if order.user_id is not None else self._world.user_id(),
            name=order.name,
            username=order.username,
            hide_phone=order.hide_phone,
            auto_read=order.auto_read,
            aliases=frozenset(order.aliases),
        )
        if taken := next((name for name in phone.names if self._world.phone(name)), None):
            raise Refused(f"There is a phone {taken} already.")
        self._world.phones.append(phone)
        return JSONResponse(_shown(phone))

    async def _list(self, request: Request) -> Response:
        return JSONResponse([_shown(phone) for phone in self._world.phones])

    async def _show(self, request: Request) -> Response:
        return JSONResponse(_shown(self._phone(request)))

    async def _rotate(self, request: Request) -> Response:
        rotation = await parsed(request, Rotation)
        return JSONResponse(self._people.rotate(rotation, self._named(rotation.phone)))

    async def _say(self, request: Request) -> Response:
        saying = await parsed(request, Saying)
        return JSONResponse({"id": self._people.say(self._phone(request), saying)})

    async def _bubbles(self, request: Request) -> Response:
        return await _fed(request, self._phone(request).bubbles)

    async def _presence(self, request: Request) -> Response:
        return await _fed(request, self._phone(request).presence)

    async def _receipts(self, request: Request) -> Response:
        return await _fed(request, self._phone(request).receipts)

    async def _media(self, request: Request) -> Response:
        phone = self._phone(request)
        which = str(request.path_params["which"])
        for bubble in phone.bubbles:
            if which in {str(bubble.seq), bubble.id} and bubble.media:
                file = self._world.media.files.get(bubble.media.media)
                if file:
                    return Response(file.data, media_type=file.mimetype)
        raise Refused(f"This phone has no file {which}.")

    async def _read(self, request: Request) -> Response:
        self._phone(request)
        known = self._world.messages.get((await parsed(request, Seen)).id)
        if known is None or known.inbound:
            raise Refused("There is no such message of a business.")
        for outcome in [Outcome(status="read"), *([Outcome(status="played")] if known.voice else [])]:
            self._outgoing.status(known, outcome)
        return JSONResponse({})

    def _phone(self, request: Request) -> Phone:
        return self._named(str(request.path_params["name"]))

    def _named(self, name: str) -> Phone:
        phone = self._world.phone(name)
        if phone is None:
            raise Refused(f"There is no phone {name}.")
        return phone


def _shown(phone: Phone) -> dict[str, object]:
    return {
        "id": phone.id,
        "number": phone.number,
        "user_id": phone.user_id,
        "name": phone.name,
        "username": phone.username,
        "hide_phone": phone.hide_phone,
        "autoRead": phone.auto_read,
    }


async def _fed(request: Request, feed: Feed[E]) -> Response:
    found = await polled(request, feed)
    return JSONResponse([one.model_dump(by_alias=True, exclude_none=True, mode="json") for one in found])
