"""Lists: "add milk to the shopping list", "what do I need to buy?", "I bought bread", "clear my to-do list"."""

import re

from cleo.models.basic.request import Asked, Do, Plan, Say, plain_number
from cleo.models.basic.time_span import has_time

_LIST = r"(?:my |the |our |this |that )?(?P<list>[\w' -]*?) ?list"
_ADD = (
    rf"(?:add|put|write|append|place|stick|include) (?P<items>.+?) (?:to|on|onto|on to|in|into) {_LIST}",
    rf"(?:on|to) {_LIST}:?,? (?:add|put|write) (?P<items>.+)",
    rf"(?:add|put) (?:to|on) {_LIST}:? (?P<items>.+)",
    rf"{_LIST}: (?P<items>.+)",
)
_BUY = (
    r"(?:(?:we|i) (?:need|have|must|should|ought|gotta)(?: to)? )?buy (?:me |us )?(?P<items>.+)",
    r"(?:we|i)(?:'re| are|'m| am) (?:out of|running out of|low on) (?P<items>.+)",
    r"(?:we|i) need (?:some |more )(?P<items>.+)",
    r"(?:add|put) (?P<items>.+) to (?:my |the |our )?(?:shopping|groceries|grocery)",
)
_TODO = (
    r"(?:add|create|new)(?: a| an)?(?: new)? (?:task|to-?do|todo)(?: item)?(?: to)?:? (?P<items>.+)",
    r"(?:task|to-?do|todo): (?P<items>.+)",
)
_SHOW = (
    rf"(?:(?:show|display|read|list|see|open|view|check|give|tell)(?: me)?(?: out)?|what(?:'s| is| are)(?: "
    rf"there)?(?: still| left)? (?:on|in))"
    rf"(?: what(?:'s| is) on)?(?: all)? {_LIST}",
    r"what (?:else )?(?:is|'s) (?:still )?(?:on|in) (?:my |the |our )?(?P<list>[\w' -]+?) list(?: now| "
    r"today| right now)?",
    rf"{_LIST}",
    r"(?:what's|what is) left on (?:my |the |our )?(?P<list>[\w' -]*?) ?list",
)
_SHOW_SHOPPING = (
    r"what (?:else )?(?:do|must|should) (?:i|we) (?:still )?(?:need|have)?(?: to)? ?(?:buy|get|shop for|"
    r"shop|pick up)(?: at the (?:shop|store|supermarket))?",
    r"what (?:do|else do) (?:i|we) (?:still )?need from the (?:shop|store|supermarket)",
)
_SHOW_TODO = (
    r"what (?:else )?(?:do|must|should) (?:i|we) (?:still )?(?:need to |have to )?do",
    r"(?:(?:show|list)(?: me)? )?(?:my |the )?(?:tasks|to-?dos|todos)|what are my (?:tasks|to-?dos|todos)",
)
_SHOW_ALL = (
    r"(?:(?:show|list|what are)(?: me)? )?(?:all )?(?:of )?(?:my |the )?lists|(?:what|which) lists "
    r"(?:do i have|are there)"
)
_REMOVE = (
    rf"(?:remove|take|cross|tick|strike|check|scratch|delete|drop)(?: off)? (?P<item>.+?)(?: off| out)? "
    rf"(?:of|off|from|on|off of|out of) {_LIST}",
    r"(?:tick|cross|check|strike|scratch) (?:off|out) (?P<item>.+)",
    r"(?:tick|cross|check|scratch) (?P<item>.+) off",
    r"(?:mark|set|check) (?P<item>.+?) (?:as |to )?(?:done|finished|complete|completed|bought|off)",
)
_DONE = (
    r"(?:i(?:'ve| have)?|we(?:'ve| have)?) (?:just |already |now )?(?:finished|completed|done|did)(?: "
    r"with)? (?P<item>.+)",
    r"(?:i(?:'ve| have)?|we(?:'ve| have)?) (?:just |already |now )?(?:bought|picked up) (?P<item>.+)",
    r"(?:done|finished)(?: with)?:? (?P<item>.+)",
    r"(?P<item>(?:task|item|to-?do|todo) .+) (?:is|are)(?: now)? (?:done|finished|complete|completed)",
)
_CLEAR = (
    rf"(?:clear|empty|wipe|reset|clean)(?: out| up)? {_LIST}|(?:delete|remove) everything (?:on|from|"
    rf"in) {_LIST.replace('list>', 'list2>')}"
)
_DELETE = rf"(?:delete|remove|drop|erase|trash|get rid of) {_LIST}"
_VAGUE = re.compile(
    r"(?:it|that|this|them|those|everything|all|nothing|something|well|so|not|my best)\b", re.IGNORECASE
)
_NOT_NAMES = re.compile(r"\b(?:note|reminder|file|a|an|any|every|mailing|email|phone)\b", re.IGNORECASE)


def show_list(asked: Asked) -> Plan | None:
    """Show one or all."""
    if asked.match(_SHOW_ALL):
        return Do(tool="show_list", args={})
    for patterns, name in ((_SHOW_SHOPPING, "shopping"), (_SHOW_TODO, "to-do")):
        if any(asked.match(pattern) for pattern in patterns):
            return Do(tool="show_list", args={"list": name})
    for pattern in _SHOW:
        found = asked.match(pattern)
        if found and len(found["list"].split()) <= 3 and not _NOT_NAMES.search(found["list"]):
            return Do(tool="show_list", args={"list": found["list"].strip()} if found["list"].strip() else {})
    return None


def add_to_list(asked: Asked) -> Plan | None:
    """Put things on one."""
    for patterns, usual in ((_ADD, ""), (_BUY, "shopping"), (_TODO, "to-do")):
        for pattern in patterns:
            found = asked.match(pattern)
            if found:
                name = found.groupdict().get("list", usual) or usual
                return _add(found["items"], name.strip())
    return None


def remove_from_list(asked: Asked) -> Plan | list[Plan] | None:
    """Tick things off."""
    for pattern in (*_REMOVE, *_DONE):
        found = asked.match(pattern)
        if (
            found
            and not _NOT_NAMES.search(found.groupdict().get("list") or "")
            and not _VAGUE.match(found["item"])
        ):
            return _remove(found["item"], (found.groupdict().get("list") or "").strip())
    return None


def clear_list(asked: Asked) -> Plan | None:
    """Empty one."""
    found = asked.match(_CLEAR)
    if not found:
        return None
    name = (found["list"] or found["list2"] or "").strip()
    return (
        Do(tool="clear_list", args={"list": name})
        if name
        else Say(text='Which list? Write "clear my shopping list".')
    )


def delete_list(asked: Asked) -> Plan | None:
    """Delete one."""
    found = asked.match(_DELETE)
    if not found or _NOT_NAMES.search(found["list"]):
        return None
    name = found["list"].strip()
    return (
        Do(tool="delete_list", args={"list": name})
        if name
        else Say(text='Which list? Write "delete my party list".')
    )


def _add(text: str, name: str) -> Plan:
    if has_time(text) or _NOT_NAMES.search(name):
        return Say(
            text=f"I am not sure what to do with “{text}”. For a list write “add milk to the shopping list”; "
            "to be reminded write “remind me tomorrow at 9:00 to buy milk”."
        )
    return Do(tool="add_to_list", args={"items": _items(text)} | ({"list": name} if name else {}))


def _remove(text: str, name: str) -> list[Plan]:
    plans: list[Plan] = []
    for item in _items(text):
        task = re.fullmatch(
            r"(?:the |my )?(?:task|to-?do|todo) (?:number |no\.? |#)?(.+)", item, re.IGNORECASE
        )
        wanted = plain_number(
            re.sub(r"^(?:item|number) ", "", task[1] if task else item, flags=re.IGNORECASE)
        )
        where = "to-do" if task and not name else name
        plans.append(Do(tool="remove_from_list", args={"item": wanted} | ({"list": where} if where else {})))
    return plans


def _items(text: str) -> list[str]:
    """Cut at commas, line ends, "and" and "&"; take bullets and articles off."""
    cut = re.split(r"\s*(?:,|;|\n|&|\band\b)\s*(?:and\b\s*)?", text.strip())
    items = [
        re.sub(r"^(?:[-•*]\s*|(?:some|the|a|an|my|more) )+", "", item.strip(), flags=re.IGNORECASE)
        for item in cut
    ]
    return [item for item in items if item]
