"""Notes: short texts that people want to find again."""

from cleo.domain.errors import ToolError
from cleo.ports import Record, ToolContext, Transaction
from cleo.tools.definition.decorator import tool
from cleo.tools.listed import Listed, next_number, pick, show
from cleo.tools.once import once

_KIND = "note"
_LONGEST = 10_000
_TOO_COMMON = frozenset(
    {
        "a",
        "an",
        "and",
        "are",
        "for",
        "in",
        "is",
        "it",
        "my",
        "of",
        "on",
        "s",
        "the",
        "to",
        "was",
        "what",
        "with",
    }
)


@tool(requires_confirmation=False, repeatable=True, title="keep a note")
async def add_note(ctx: ToolContext, text: str) -> str:
    """Keep a note for this chat: a code, an address, a thought; anything that should be found again.

    Args:
        text: The note in the person's words.
    """
    text = text.strip()
    if not text:
        raise ToolError("The note is empty. Nothing was kept.")
    if len(text) > _LONGEST:
        raise ToolError(f"The note has {len(text)} characters; a note holds {_LONGEST}. Split it.")

    def work(tx: Transaction) -> str:
        number = next_number(tx, ctx, _KIND)
        tx.records.add(
            Record(
                id=f"{_KIND}/{ctx.key}",
                conversation=ctx.conversation,
                kind=_KIND,
                name=str(number),
                body=text,
                at=ctx.clock.now(),
            )
        )
        return f"📝 Note {number} kept: {text}"

    return await once(ctx, work)


@tool(read_only=True)
async def list_notes(ctx: ToolContext) -> str:
    """List all notes of this chat with their numbers, oldest first."""
    notes = await ctx.store.read(lambda tx: _notes(ctx, tx))
    return show(notes, "Your notes:", "You have no notes.")


@tool(read_only=True)
async def find_notes(ctx: ToolContext, words: str) -> str:
    """Find the notes of this chat that contain these words, or the one with this number.

    Args:
        words: Words that the note contains, in any order; or its number.
    """
    notes = await ctx.store.read(lambda tx: _notes(ctx, tx))
    found = _with_words(notes, words)
    return show(found, "Found:", f"No note has {words.strip()!r} in it.")


async def _resolve_note(ctx: ToolContext, note: str) -> dict[str, object]:
    found = await ctx.store.read(lambda tx: pick(_notes(ctx, tx), note, "note"))
    return {"note": found.resolved}


@tool(requires_confirmation=True, prepare=_resolve_note, repeatable=True, title="delete a note")
async def delete_note(ctx: ToolContext, note: str) -> str:
    """Delete one note of this chat for good.

    Args:
        note: Its whole line as list_notes shows it, number and text: the person sees it before saying yes.
    """

    def work(tx: Transaction) -> str:
        found = pick(_notes(ctx, tx), note, "note")
        tx.records.delete(found.id)
        return f"Deleted the note: {found}"

    return await once(ctx, work)


def _notes(ctx: ToolContext, tx: Transaction) -> list[Listed]:
    return [
        Listed(id=record.id, number=int(record.name), text=record.body)
        for record in tx.records.of(ctx.conversation, _KIND)
    ]


def _with_words(notes: list[Listed], wanted: str) -> list[Listed]:
    if wanted.strip().isdigit():
        by_number = [note for note in notes if note.number == int(wanted)]
        if by_number:
            return by_number
    words = [
        word for word in wanted.casefold().split() if word not in _TOO_COMMON
    ] or wanted.casefold().split()
    return [note for note in notes if words and all(word in note.text.casefold() for word in words)]
