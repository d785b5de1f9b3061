"""Files that people sent: listed, sent back, forgotten."""

from dataclasses import dataclass
from datetime import datetime

from pydantic import TypeAdapter, ValidationError

from cleo.domain.content import File
from cleo.domain.errors import ToolError
from cleo.ports import Record, ToolContext, Transaction
from cleo.tools.definition.decorator import tool
from cleo.tools.listed import Listed, pick, show
from cleo.tools.once import once

_KIND = "file"
_GONE = "file-gone"
_FILE = TypeAdapter(File)


@dataclass(frozen=True, slots=True)
class _Kept:
    record: Record
    listed: Listed


@tool(read_only=True)
async def list_files(ctx: ToolContext) -> str:
    """List the files that people sent to this chat, oldest first, with their numbers."""
    kept = await ctx.store.read(lambda tx: _kept(ctx, tx))
    return show([one.listed for one in kept], "Your files:", "Nobody sent a file here yet.")


@tool(requires_confirmation=False, repeatable=True, title="send a file back")
async def send_file(ctx: ToolContext, file: str) -> str:
    """Send a file back to this chat that somebody sent here earlier.

    Args:
        file: Its number, its name or a part of the name, as list_files shows it; "last" for the newest.
    """
    kept = await ctx.store.read(lambda tx: _kept(ctx, tx))
    found = _pick(kept, file)
    content = _content(found.record)
    await ctx.say(content)
    return f"📎 Here is {found.record.name}."


async def _resolve_file(ctx: ToolContext, file: str) -> dict[str, object]:
    found = await ctx.store.read(lambda tx: _pick(_kept(ctx, tx), file))
    return {"file": found.listed.resolved}


@tool(requires_confirmation=True, prepare=_resolve_file, repeatable=True, title="delete a file")
async def delete_file(ctx: ToolContext, file: str) -> str:
    """Delete a file that somebody sent to this chat.

    Args:
        file: Its whole line as list_files shows it, number and name: the person sees it before saying yes.
    """

    def work(tx: Transaction) -> str:
        found = _pick(_kept(ctx, tx), file)
        tx.records.delete(found.record.id)
        tx.records.add(_gravestone(found.record))
        return f"Deleted the file {found.listed}"

    return await once(ctx, work)


def _kept(ctx: ToolContext, tx: Transaction) -> list[_Kept]:
    here = [*tx.records.of(ctx.conversation, _KIND), *tx.records.of(ctx.conversation, _GONE)]
    here.sort(key=lambda record: (record.at, record.id.removeprefix(f"{_GONE}/")))
    return [
        _Kept(record, Listed(id=record.id, number=number, text=_line(ctx, record)))
        for number, record in enumerate(here, start=1)
        if record.kind == _KIND
    ]


def _gravestone(record: Record) -> Record:
    """Keeps the place of a deleted file, so that the others keep their numbers."""
    return Record(
        id=f"{_GONE}/{record.id}",
        conversation=record.conversation,
        kind=_GONE,
        name="",
        body="",
        at=record.at,
    )


def _pick(kept: list[_Kept], wanted: str) -> _Kept:
    if kept and wanted.strip().casefold() in ("last", "latest", "newest", "the last one"):
        return kept[-1]
    found = pick([one.listed for one in kept], wanted, "file")
    return next(one for one in kept if one.listed is found)


def _line(ctx: ToolContext, record: Record) -> str:
    sent = datetime.fromtimestamp(record.at, ctx.zone)
    return f"{record.name} — sent {sent:%Y-%m-%d %H:%M}"


def _content(record: Record) -> File:
    try:
        file = _FILE.validate_json(record.body)
    except ValidationError:
        raise ToolError(f"What is kept about {record.name} cannot be read. Nothing was sent.") from None
    if file.stored is None:
        raise ToolError(f"{record.name} could not be fetched when it was sent, so it is not here.")
    return file
