"""Lists: shopping, to-do, packing; whatever people tick off."""

import re

from cleo.domain.errors import ToolError
from cleo.ports import Record, ToolContext, Transaction
from cleo.tools.definition.decorator import tool
from cleo.tools.listed import Listed, next_number, pick, show
from cleo.tools.once import once

_LIST = "list"
_ITEM = "list-item"
_DEFAULT = "shopping"
_MOST = 200


@tool(requires_confirmation=False, repeatable=True, title="add to a list")
async def add_to_list(ctx: ToolContext, items: list[str], list: str = "") -> str:
    """Put one or more items on a list of this chat; the list is made if there is none.

    Args:
        items: What to add, one entry each.
        list: The list's name, such as shopping or to-do; empty: the only list there is, or shopping.
    """
    wanted = [item.strip() for item in items if item.strip()]
    if not wanted or len(wanted) > _MOST:
        raise ToolError(f"Give 1 to {_MOST} items, for example items=['milk', 'bread']. Nothing was added.")

    def work(tx: Transaction) -> str:
        name = _name(ctx, tx, list, make=True)
        for place, item in enumerate(wanted):
            number = next_number(tx, ctx, f"{_ITEM}/{name}")
            _keep(ctx, tx, kind=_ITEM, name=name, place=place, body=f"{number}. {item}")
        return f"🛒 Added to the {name} list: {', '.join(wanted)}"

    return await once(ctx, work)


@tool(read_only=True)
async def show_list(ctx: ToolContext, list: str = "") -> str:
    """Show what is on a list of this chat; without a name, on every list.

    Args:
        list: The list's name; empty for all.
    """

    def work(tx: Transaction) -> str:
        names = _names(ctx, tx)
        if list.strip():
            names = [_name(ctx, tx, list)]
        if not names:
            return "You have no lists."
        return "\n\n".join(
            show(_items(ctx, tx, name), f"Your {name} list:", f"Your {name} list is empty.") for name in names
        )

    return await ctx.store.read(work)


@tool(requires_confirmation=False, repeatable=True, title="tick off an item")
async def remove_from_list(ctx: ToolContext, item: str, list: str = "") -> str:
    """Tick one item off a list of this chat: it is done, bought or not wanted any more.

    Args:
        item: The item's number or words.
        list: The list's name; empty: whichever list has it.
    """

    def work(tx: Transaction) -> str:
        names = [_name(ctx, tx, list)] if list.strip() else _names(ctx, tx)
        everything = [one for name in names for one in _items(ctx, tx, name)]
        found = pick(everything, item, "item")
        tx.records.delete(found.id)
        return f"✔️ Ticked off: {found.text}"

    return await once(ctx, work)


async def _resolve_list(ctx: ToolContext, list: str) -> dict[str, object]:
    return {"list": await ctx.store.read(lambda tx: _whole(ctx, tx, _name(ctx, tx, list)))}


@tool(requires_confirmation=True, prepare=_resolve_list, repeatable=True, title="empty a list")
async def clear_list(ctx: ToolContext, list: str) -> str:
    """Take everything off a list of this chat; the empty list stays.

    Args:
        list: The list's name.
    """

    def work(tx: Transaction) -> str:
        name = _unchanged(ctx, tx, list)
        items = _empty(ctx, tx, name)
        return f"Emptied the {name} list ({items} items)."

    return await once(ctx, work)


@tool(requires_confirmation=True, prepare=_resolve_list, repeatable=True, title="delete a list")
async def delete_list(ctx: ToolContext, list: str) -> str:
    """Delete a list of this chat with everything on it.

    Args:
        list: The list's name.
    """

    def work(tx: Transaction) -> str:
        name = _unchanged(ctx, tx, list)
        items = _empty(ctx, tx, name)
        for record in tx.records.of(ctx.conversation, _LIST, name):
            tx.records.delete(record.id)
        return f"Deleted the {name} list ({items} items)."

    return await once(ctx, work)


def _name(ctx: ToolContext, tx: Transaction, wanted: str, *, make: bool = False) -> str:
    """The list that is meant, by its plain name. Raises `ToolError` when there is none and none may be made."""
    names = _names(ctx, tx)
    name = _plain(wanted) or (names[0] if len(names) == 1 else _DEFAULT)
    if name not in names:
        if not make:
            known = f"There are: {', '.join(names)}." if names else "There are no lists at all."
            raise ToolError(f"There is no {name} list. {known}")
        _keep(ctx, tx, kind=_LIST, name=name)
    return name


_OTHER_NAMES = {
    "todo": "to-do",
    "to do": "to-do",
    "task": "to-do",
    "tasks": "to-do",
    "grocery": "shopping",
    "groceries": "shopping",
}


def _plain(name: str) -> str:
    folded = " ".join(name.casefold().split())
    plain = re.sub(r"^(?:my|the|our)\s+|\s*\blists?$", "", folded).strip()
    return _OTHER_NAMES.get(plain, plain)


def _names(ctx: ToolContext, tx: Transaction) -> list[str]:
    return [record.name for record in tx.records.of(ctx.conversation, _LIST)]


def _items(ctx: ToolContext, tx: Transaction, name: str) -> list[Listed]:
    items: list[Listed] = []
    for record in tx.records.of(ctx.conversation, _ITEM, name):
        number, _, text = record.body.partition(". ")
        items.append(Listed(id=record.id, number=int(number), text=text))
    return items


def _whole(ctx: ToolContext, tx: Transaction, name: str) -> str:
    """Write a list down with everything on it."""
    items = _items(ctx, tx, name)
    return f"{name} ({len(items)} items: {'; '.join(map(str, items))})" if items else f"{name} (0 items)"


def _unchanged(ctx: ToolContext, tx: Transaction, wanted: str) -> str:
    """Find a list by its name or, with all that is on it, as a question showed it; raises when that changed since."""
    names = _names(ctx, tx)
    shown = next((name for name in names if wanted.startswith(f"{name} (")), None)
    if shown is None or wanted in names:
        return _name(ctx, tx, wanted)
    if _whole(ctx, tx, shown) != wanted:
        raise ToolError(f"The {shown} list changed since the question. Nothing was done; ask again.")
    return shown


def _empty(ctx: ToolContext, tx: Transaction, name: str) -> int:
    items = _items(ctx, tx, name)
    for item in items:
        tx.records.delete(item.id)
    return len(items)


def _keep(ctx: ToolContext, tx: Transaction, *, kind: str, name: str, place: int = 0, body: str = "") -> None:
    id = f"{kind}/{ctx.key}/{place}"
    tx.records.add(
        Record(id=id, conversation=ctx.conversation, kind=kind, name=name, body=body, at=ctx.clock.now())
    )
