"""Parse `multipart/form-data`, without changing a byte of the files."""

from dataclasses import dataclass
from email.message import Message
from email.parser import BytesHeaderParser

from cloud_simulator.errors import GraphError


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One part of a form; `filename` is None for a plain field."""

    name: str
    filename: str | None
    mimetype: str
    data: bytes


def read_form(content_type: str, body: bytes) -> dict[str, Part]:
    """Return the parts of a form by name; raises `GraphError`."""
    header = Message()
    header["Content-Type"] = content_type
    boundary = header.get_boundary()
    if header.get_content_type() != "multipart/form-data" or not boundary:
        raise GraphError(100, "a file is uploaded as multipart/form-data")
    pieces = (b"\r\n" + body).split(b"\r\n--" + boundary.encode())
    if len(pieces) < 3 or not pieces[-1].startswith(b"--"):
        raise GraphError(100, "the form has no end")
    parts = [_part(piece) for piece in pieces[1:-1]]
    return {part.name: part for part in parts}


def _part(piece: bytes) -> Part:
    head, _, data = piece.removeprefix(b"\r\n").partition(b"\r\n\r\n")
    headers = BytesHeaderParser().parsebytes(head + b"\r\n\r\n")
    name = headers.get_param("name", header="content-disposition")
    mimetype = str(headers.get("Content-Type", ""))
    return Part(name=str(name), filename=headers.get_filename(), mimetype=mimetype, data=data)
