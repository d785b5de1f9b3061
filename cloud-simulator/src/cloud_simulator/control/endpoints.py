"""What the endpoints of the control API have in common."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

from pydantic import BaseModel, ValidationError
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from cloud_simulator.feed import Entry, Feed

B = TypeVar("B", bound=BaseModel)
E = TypeVar("E", bound=Entry)
Endpoint = Callable[[Request], Awaitable[Response]]


class ControlError(Exception):
    """A request that cannot be carried out; its text is the response."""


def get(path: str, endpoint: Endpoint) -> Route:
    """Route `GET`."""
    return Route(path, _with_errors(endpoint), methods=["GET"])


def post(path: str, endpoint: Endpoint) -> Route:
    """Route `POST`."""
    return Route(path, _with_errors(endpoint), methods=["POST"])


def delete(path: str, endpoint: Endpoint) -> Route:
    """Route `DELETE`."""
    return Route(path, _with_errors(endpoint), methods=["DELETE"])


def _with_errors(endpoint: Endpoint) -> Endpoint:
    async def answer(request: Request) -> Response:
        try:
            return await endpoint(request)
        except (ControlError, ValidationError) as error:
            return PlainTextResponse(str(error), status_code=400)

    return answer


async def parse(request: Request, model: type[B]) -> B:
    """Parse the body; raises `ValidationError`."""
    return model.model_validate_json(await request.body() or b"{}")


async def poll(request: Request, feed: Feed[E]) -> list[E]:
    """Return the entries that `?after=&wait=` (milliseconds) asks for; raises `ControlError`."""
    after = int(query_number(request, "after", 0))
    return await feed.after(after, query_number(request, "wait", 0) / 1000)


def query_number(request: Request, name: str, default: float) -> float:
    """Return a number of the query string; raises `ControlError`."""
    given = request.query_params.get(name)
    try:
        return float(given) if given else default
    except ValueError:
        raise ControlError(f"{name} is a number") from None
