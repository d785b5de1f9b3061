"""Graph's endpoints for files, and the host from which they are fetched."""

import asyncio
from collections.abc import AsyncGenerator, Mapping
from functools import partial

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response, StreamingResponse
from starlette.routing import Route

from cloud_simulator.connections import Wires
from cloud_simulator.entities.media import ACCEPTED, MediaFile, check_upload
from cloud_simulator.errors import GraphError
from cloud_simulator.faults import Case, Fault, On
from cloud_simulator.graph.api import Api, versioned
from cloud_simulator.graph.auth import Gate
from cloud_simulator.graph.multipart import read_form
from cloud_simulator.state import World

_META = ("expire", "sha256", "length", "foreign")
_DOWNLOAD = ("drip", "truncate", "oversize", "redirect", "corrupt", "name")
_TOO_MUCH = 5 * 1024 * 1024
_DROP = 256
_SCOPE = "whatsapp_business_messaging"


class Files:
    """Upload, look up, delete, download."""

    def __init__(self, world: World, gate: Gate, wires: Wires, api: Api) -> None:
        self._world = world
        self._gate = gate
        self._wires = wires
        self._api = api

    @property
    def routes(self) -> list[Route]:
        """Where they are."""
        return [
            Route("/media-host/{token}", self._download),
            Route("/{version}/{id}/media", self._upload, methods=["POST"]),
            Route("/{version}/{id}", self._thing, methods=["GET", "DELETE"]),
        ]

    async def _upload(self, request: Request) -> Response:
        case = Case(on="upload", number=str(request.path_params["id"]))

        async def work() -> Response:
            versioned(request)
            business = self._gate.number(request, _SCOPE)
            form = read_form(request.headers.get("content-type", ""), await request.body())
            if missing := {"file", "type", "messaging_product"} - form.keys():
                raise GraphError(131008, f"{min(missing)} is required")
            file = form["file"]
            mimetype = form["type"].data.decode(errors="replace")
            if form["messaging_product"].data != b"whatsapp" or file.filename is None:
                raise GraphError(100, "messaging_product is whatsapp, and file has a file name")
            if file.mimetype.partition(";")[0] != mimetype.partition(";")[0]:
                raise GraphError(100, f"type says {mimetype}, the file {file.mimetype}")
            check_upload(file.data, mimetype)
            kept = self._world.add_file(
                business.phone_number_id, file.data, mimetype, file.filename, inbound=False
            )
            return JSONResponse({"id": kept.id})

        return await self._gate.through(request, case, work)

    async def _thing(self, request: Request) -> Response:
        """Answer for an id: a number's or a file's."""
        id = str(request.path_params["id"])
        if id in self._world.businesses:
            return await self._gate.through(
                request, Case(on="admin", number=id), partial(self._number, request)
            )
        if request.method == "GET":
            return await self._gate.through(request, self._case("media", id), partial(self._meta, request))
        return await self._gate.through(request, self._case("delete", id), partial(self._delete, request))

    def _case(self, on: On, id: str) -> Case:
        file = self._world.media.files.get(id)
        kind = ACCEPTED.get(file.base, ("", 0))[0] if file else ""
        return Case(on=on, number=file.number if file else "", kind=kind)

    async def _number(self, request: Request) -> Response:
        versioned(request)
        return await self._api.number(request)

    def _own(self, request: Request) -> MediaFile:
        versioned(request)
        holder = self._gate.holder(request)
        file = self._world.media.find(str(request.path_params["id"]), self._world.now())
        asked = request.query_params.get("phone_number_id", file.number)
        if asked != file.number or file.number not in {one.phone_number_id for one in holder}:
            raise GraphError(100, "the file belongs to another number", subcode=33)
        return file

    async def _meta(self, request: Request) -> Response:
        file = self._own(request)
        struck = self._world.faults.strike(self._case("media", file.id), _META)
        url = self._world.url(file, -1) if "expire" in struck else self._world.url(file)
        if "foreign" in struck:
            url = f"{self._world.foreign_host}/media-host/{file.id}"
        length = len(file.data)
        if fault := struck.get("length"):
            length = fault.bytes if fault.bytes is not None else length // 2
        return JSONResponse(
            {
                "messaging_product": "whatsapp",
                "url": url,
                "mime_type": file.mimetype,
                "sha256": "0" * 64 if "sha256" in struck else file.sha256,
                "file_size": str(length) if file.inbound else length,  # Meta is not of one mind
                "id": file.id,
            }
        )

    async def _delete(self, request: Request) -> Response:
        file = self._own(request)
        del self._world.media.files[file.id]
        return JSONResponse({"success": True})

    async def _download(self, request: Request) -> Response:
        token = str(request.path_params["token"])
        id = self._world.media.urls.get(token, ("", 0.0))[0]
        case = self._case("download", id)

        async def work() -> Response:
            try:
                self._gate.holder(request)
            except GraphError:
                return PlainTextResponse("Unauthorized", status_code=401)
            file = self._world.media.behind(token, self._world.now())
            if file is None:
                return PlainTextResponse("URL expired", status_code=404)
            return self._bytes(request, file, self._world.faults.strike(case, _DOWNLOAD))

        return await self._gate.through(request, case, work, host="media")

    def _bytes(self, request: Request, file: MediaFile, struck: Mapping[str, Fault]) -> Response:
        headers = {"Content-Type": file.mimetype}
        data = file.data
        if fault := struck.get("name"):
            headers["Content-Disposition"] = f'attachment; filename="{fault.filename}"'
        if "redirect" in struck:
            return RedirectResponse(f"{self._world.foreign_host}/media-host/{file.id}", status_code=302)
        if "corrupt" in struck and data:
            data = bytes([data[0] ^ 1]) + data[1:]
        if fault := struck.get("oversize"):
            return StreamingResponse(_in_pieces([data, b"\0" * (fault.bytes or _TOO_MUCH)]), headers=headers)
        if "truncate" in struck:
            headers["Content-Length"] = str(len(data))
            return StreamingResponse(self._half(request, data), headers=headers)
        if fault := struck.get("drip"):
            size = fault.bytes or _DROP
            pieces = [data[at : at + size] for at in range(0, len(data), size)]
            return StreamingResponse(_in_pieces(pieces, (fault.ms or 100) / 1000), headers=headers)
        return Response(data, headers=headers)

    async def _half(self, request: Request, data: bytes) -> AsyncGenerator[bytes]:
        yield data[: len(data) // 2]
        await asyncio.sleep(0.05)  # so that it is on its way before the reset
        await self._wires.reset(request.scope)


async def _in_pieces(pieces: list[bytes], pause: float = 0) -> AsyncGenerator[bytes]:
    for piece in pieces:
        yield piece
        await asyncio.sleep(pause)
