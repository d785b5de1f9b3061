"""The endpoints for files, and the host from which they are downloaded."""

import asyncio
from collections.abc import AsyncGenerator, Mapping
from functools import partial

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response, StreamingResponse
from starlette.routing import Route

from cloud_simulator.connections import Connections
from cloud_simulator.entities.media import ACCEPTED, MediaFile, check_upload
from cloud_simulator.errors import GraphError
from cloud_simulator.faults import DOWNLOAD_ACTIONS, METADATA_ACTIONS, Fault, Operation, Subject
from cloud_simulator.graph.account import AccountApi
from cloud_simulator.graph.auth import MESSAGING, Auth
from cloud_simulator.graph.calls import Calls, require_version
from cloud_simulator.graph.multipart import read_form
from cloud_simulator.state import State

_OVERSIZE = 5 * 1024 * 1024
_CHUNK = 256


class MediaApi:
    """Upload, metadata, deletion and download of files."""

    def __init__(
        self, state: State, auth: Auth, calls: Calls, connections: Connections, account: AccountApi
    ) -> None:
        self._state = state
        self._auth = auth
        self._calls = calls
        self._connections = connections
        self._account = account

    @property
    def routes(self) -> list[Route]:
        """The routes of these endpoints, and of `/{id}`, which is the id of a file or of a number."""
        return [
            Route("/media-host/{token}", self._download),
            Route("/{version}/{id}/media", self._upload, methods=["POST"]),
            Route("/{version}/{id}", self._object, methods=["GET", "DELETE"]),
        ]

    async def _upload(self, request: Request) -> Response:
        subject = Subject(on="upload", number=str(request.path_params["id"]))
        return await self._calls.run(request, subject, partial(self._store, request))

    async def _store(self, request: Request) -> Response:
        require_version(request)
        business = self._auth.number(request, MESSAGING)
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
        stored = self._state.add_file(
            business.phone_number_id, file.data, mimetype, file.filename, inbound=False
        )
        return JSONResponse({"id": stored.id})

    async def _object(self, request: Request) -> Response:
        id = str(request.path_params["id"])
        if id in self._state.businesses:
            return await self._account.number(request)
        if request.method == "GET":
            return await self._calls.run(
                request, self._subject("media", id), partial(self._metadata, request)
            )
        return await self._calls.run(request, self._subject("delete", id), partial(self._delete, request))

    def _subject(self, on: Operation, id: str) -> Subject:
        file = self._state.media.files.get(id)
        kind = ACCEPTED.get(file.base, ("", 0))[0] if file else ""
        return Subject(on=on, number=file.number if file else "", kind=kind)

    def _file(self, request: Request) -> MediaFile:
        """Return the file in the path; raises `GraphError` when it is gone or belongs to others."""
        require_version(request)
        businesses = self._auth.businesses(request)
        file = self._state.media.find(str(request.path_params["id"]), self._state.now())
        number = request.query_params.get("phone_number_id", file.number)
        if number != file.number or file.number not in {one.phone_number_id for one in businesses}:
            raise GraphError(100, "the file belongs to another number", subcode=33)
        return file

    async def _metadata(self, request: Request) -> Response:
        file = self._file(request)
        faults = self._state.faults.match(self._subject("media", file.id), METADATA_ACTIONS)
        expired = "expire" in faults
        url = self._state.new_media_url(file, -1) if expired else self._state.new_media_url(file)
        if "foreign" in faults:
            url = f"{self._state.foreign_host}/media-host/{file.id}"
        length = len(file.data)
        if fault := faults.get("length"):
            length = fault.bytes if fault.bytes is not None else length // 2
        return JSONResponse(
            {
                "messaging_product": "whatsapp",
                "url": url,
                "mime_type": file.mimetype,
                "sha256": "0" * 64 if "sha256" in faults else file.sha256,
                "file_size": str(length) if file.inbound else length,  # Meta's own examples have both types
                "id": file.id,
            }
        )

    async def _delete(self, request: Request) -> Response:
        file = self._file(request)
        del self._state.media.files[file.id]
        return JSONResponse({"success": True})

    async def _download(self, request: Request) -> Response:
        token = str(request.path_params["token"])
        id = self._state.media.urls.get(token, ("", 0.0))[0]
        subject = self._subject("download", id)

        async def endpoint() -> Response:
            try:
                self._auth.businesses(request)
            except GraphError:
                return PlainTextResponse("Unauthorized", status_code=401)
            file = self._state.media.find_by_token(token, self._state.now())
            if file is None:
                return PlainTextResponse("URL expired", status_code=404)
            return self._content(request, file, self._state.faults.match(subject, DOWNLOAD_ACTIONS))

        return await self._calls.run(request, subject, endpoint, host="media")

    def _content(self, request: Request, file: MediaFile, faults: Mapping[str, Fault]) -> Response:
        headers = {"Content-Type": file.mimetype}
        data = file.data
        if fault := faults.get("name"):
            headers["Content-Disposition"] = f'attachment; filename="{fault.filename}"'
        if "redirect" in faults:
            return RedirectResponse(f"{self._state.foreign_host}/media-host/{file.id}", status_code=302)
        if "corrupt" in faults and data:
            data = bytes([data[0] ^ 1]) + data[1:]
        if fault := faults.get("oversize"):
            return StreamingResponse(_chunks([data, b"\0" * (fault.bytes or _OVERSIZE)]), headers=headers)
        if "truncate" in faults:
            headers["Content-Length"] = str(len(data))
            return StreamingResponse(self._half(request, data), headers=headers)
        if fault := faults.get("drip"):
            size = fault.bytes or _CHUNK
            chunks = [data[at : at + size] for at in range(0, len(data), size)]
            return StreamingResponse(_chunks(chunks, (fault.ms or 100) / 1000), headers=headers)
        return Response(data, headers=headers)

    async def _half(self, request: Request, data: bytes) -> AsyncGenerator[bytes]:
        yield data[: len(data) // 2]
        await asyncio.sleep(0.05)  # so that it is sent before the reset
        await self._connections.reset(request.scope)


async def _chunks(chunks: list[bytes], pause: float = 0) -> AsyncGenerator[bytes]:
    for chunk in chunks:
        yield chunk
        await asyncio.sleep(pause)
