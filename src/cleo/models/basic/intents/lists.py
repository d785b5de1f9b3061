"""Lists: "add milk to the shopping list", "what do I need to buy?", "I bought bread", "clear my to-do list"."""

import re

from cleo.models.basic.request import Action, Call, Reader, Reply, Request, bare, call, rule
from cleo.models.basic.time_span import has_time

_NO_NAME = "note|reminder|file|mailing|email|phone|an?|any|every|the|my|not|don't|of|off|on|in|at|to|from"
_WORD = rf"(?!(?:{_NO_NAME})(?![\w'-]))[\w'-]{{1,30}}"
_NAMED_LIST = rf"(?:my |the |our )?(?P<list>{_WORD}(?: {_WORD})?) list"
_LIST = rf"(?:{_NAMED_LIST}|(?:my |the |our )?list)"
_ITEMS = r"(?P<items>(?!(?:it|that|this|them|those|all|everything|nothing|something|not|no)\b)(?s:.+))"
_HAVE = r"(?:i|i've|i have|we|we've|we have)(?: just)?"
_SHOULD = r"what (?:do|should) (?:i|we) (?:still )?(?:need to |have to )?"
_EXAMPLES = "“add milk to the shopping list” or, to be reminded, “remind me tomorrow at 9:00 to buy milk”"


def _add(name: str = "") -> Reader:
    def read(found: re.Match[str], request: Request) -> Action:
        if has_time(found["items"]):
            return Reply(f"I am not sure what to do with “{found['items']}”. Write {_EXAMPLES}.")
        return Call("add_to_list", {"items": _items(found["items"]), **_list(found, name)})

    return read


def _remove(name: str = "") -> Reader:
    return lambda found, request: [
        Call("remove_from_list", {"item": bare(one), **_list(found, name)}) for one in _items(found["items"])
    ]


def _list(found: re.Match[str], name: str) -> dict[str, object]:
    name = found.groupdict().get("list") or name
    return {"list": name} if name else {}


def _items(text: str) -> list[str]:
    """Cut at commas, line ends and "and"; take bullets and articles off."""
    start = re.compile(r"^(?:[-•*] ?)?(?:(?:some|the|an?|my) )?", re.IGNORECASE)
    items = [start.sub("", item.strip()) for item in re.split(r"[,;\n]|(?:^| )and(?= |$)", text)]
    return [item for item in items if item]


RULES = (
    rule("clear_list", rf"(?:clear|empty) {_NAMED_LIST}"),
    rule("delete_list", rf"(?:delete|remove|get rid of) {_NAMED_LIST}"),
    rule("add_to_list", rf"(?:add|put) {_ITEMS} (?:to|on|in) {_LIST}", rf"{_LIST}: ?{_ITEMS}", read=_add()),
    rule("add_to_list", rf"(?:(?:i|we) (?:need|have) to )?buy {_ITEMS}", read=_add("shopping")),
    rule("add_to_list", rf"(?:new |add (?:a )?)?(?:task|to-?do): ?{_ITEMS}", read=_add("to-do")),
    rule(
        "remove_from_list",
        rf"(?:remove|take|cross|tick|check) {_ITEMS} (?:off|from|off of) {_LIST}",
        rf"(?:tick|cross|check) off {_ITEMS}",
        rf"mark {_ITEMS} as done",
        rf"{_HAVE} bought {_ITEMS}",
        read=_remove(),
    ),
    rule("remove_from_list", rf"{_HAVE} (?:finished|done) (?:task|to-?do) {_ITEMS}", read=_remove("to-do")),
    rule("show_list", r"(?:(?:show|list)(?: me)? )?(?:all )?(?:my |the )?lists"),
    rule("show_list", rf"{_SHOULD}buy", read=call("show_list", list="shopping")),
    rule("show_list", rf"{_SHOULD}do", read=call("show_list", list="to-do")),
    rule("show_list", rf"(?:(?:show|read|see|open)(?: me)? |what(?:'s| is) (?:left )?on )?{_LIST}"),
)
