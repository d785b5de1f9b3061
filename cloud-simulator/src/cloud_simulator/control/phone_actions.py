"""The control API of phones: what people do with them, and what they show."""

from typing import TypeVar

from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from cloud_simulator.control.endpoints import ControlError, get, parse, poll, post
from cloud_simulator.control.inbound import Inbound
from cloud_simulator.control.phone_message import IdentityChange, MessageId, PhoneMessage
from cloud_simulator.entities.phone import Phone
from cloud_simulator.faults import StatusUpdate
from cloud_simulator.feed import Entry, Feed
from cloud_simulator.graph.send_pipeline import SendPipeline
from cloud_simulator.state import State, digits

E = TypeVar("E", bound=Entry)


class NewPhone(BaseModel):
    """A phone to make. Without `number` or `user_id` it gets one; `user_id: ""`: it has none."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    number: str | None = None
    user_id: str | None = None
    name: str = "Somebody"
    username: str | None = None
    hide_phone: bool = False
    auto_read: bool = Field(False, alias="autoRead")
    aliases: list[str] = []


class PhoneActions:
    """The endpoints below `/control/phones`."""

    def __init__(self, state: State, inbound: Inbound, pipeline: SendPipeline) -> None:
        self._state = state
        self._inbound = inbound
        self._pipeline = pipeline

    @property
    def routes(self) -> list[Route]:
        """The routes of these endpoints, below `/control`."""
        phone = "/phones/{name}"
        return [
            post("/phones", self._add),
            get("/phones", self._list),
            get(phone, self._get),
            post(f"{phone}/identity", self._change_identity),
            post(f"{phone}/messages", self._send),
            get(f"{phone}/messages", self._bubbles),
            get(f"{phone}/presence", self._presence),
            get(f"{phone}/receipts", self._receipts),
            get(f"{phone}/media/{{which:path}}", self._media),
            post(f"{phone}/read", self._read),
        ]

    async def _add(self, request: Request) -> Response:
        given = await parse(request, NewPhone)
        phone = Phone(
            id=f"p{len(self._state.phones) + 1}",
            number=digits(given.number) if given.number else f"1555{self._state.new_id()[:7]}",
            user_id=given.user_id if given.user_id is not None else self._state.new_user_id(),
            name=given.name,
            username=given.username,
            hide_phone=given.hide_phone,
            auto_read=given.auto_read,
            aliases=frozenset(given.aliases),
        )
        if taken := next((name for name in phone.names if self._state.phone(name)), None):
            raise ControlError(f"There is a phone {taken} already.")
        self._state.phones.append(phone)
        return JSONResponse(_as_json(phone))

    async def _list(self, request: Request) -> Response:
        return JSONResponse([_as_json(phone) for phone in self._state.phones])

    async def _get(self, request: Request) -> Response:
        return JSONResponse(_as_json(self._phone(request)))

    async def _change_identity(self, request: Request) -> Response:
        phone = self._phone(request)
        self._inbound.change_identity(phone, await parse(request, IdentityChange))
        return JSONResponse(_as_json(phone))

    async def _send(self, request: Request) -> Response:
        message = await parse(request, PhoneMessage)
        return JSONResponse({"id": self._inbound.send(self._phone(request), message)})

    async def _bubbles(self, request: Request) -> Response:
        return await _feed_response(request, self._phone(request).bubbles)

    async def _presence(self, request: Request) -> Response:
        return await _feed_response(request, self._phone(request).presence)

    async def _receipts(self, request: Request) -> Response:
        return await _feed_response(request, self._phone(request).receipts)

    async def _media(self, request: Request) -> Response:
        phone = self._phone(request)
        which = str(request.path_params["which"])
        for bubble in phone.bubbles:
            if which in {str(bubble.seq), bubble.id} and bubble.media:
                file = self._state.media.files.get(bubble.media.media)
                if file:
                    return Response(file.data, media_type=file.mimetype)
        raise ControlError(f"This phone has no file {which}.")

    async def _read(self, request: Request) -> Response:
        self._phone(request)
        message = self._state.messages.get((await parse(request, MessageId)).id)
        if message is None or message.inbound:
            raise ControlError("There is no such message of a business.")
        self._pipeline.post_status(message, StatusUpdate(status="read"))
        if message.voice:
            self._pipeline.post_status(message, StatusUpdate(status="played"))
        return JSONResponse({})

    def _phone(self, request: Request) -> Phone:
        name = str(request.path_params["name"])
        phone = self._state.phone(name)
        if phone is None:
            raise ControlError(f"There is no phone {name}.")
        return phone


def _as_json(phone: Phone) -> dict[str, object]:
    return {
        "id": phone.id,
        "number": phone.number,
        "user_id": phone.user_id,
        "name": phone.name,
        "username": phone.username,
        "hide_phone": phone.hide_phone,
        "autoRead": phone.auto_read,
    }


async def _feed_response(request: Request, feed: Feed[E]) -> Response:
    entries = await poll(request, feed)
    return JSONResponse([one.model_dump(by_alias=True, exclude_none=True, mode="json") for one in entries])
