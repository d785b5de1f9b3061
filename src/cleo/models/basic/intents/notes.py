"""Notes: "note: the gate code is 4711", "what was the gate code?", "delete note 2"."""

import re

from cleo.models.basic.request import Action, Call, Request, lookup, reply, rule

_NOTE = r"(?:new |quick )?note(?: to self)?"
_TEXT = r"(?P<text>(?s:.+))"
_DELETE = r"(?:delete|remove|erase|forget)"
_ONE_AT_A_TIME = 'I delete one at a time. "my notes" shows them; then write "delete note 2".'


def _add(found: re.Match[str], request: Request) -> Action:
    return Call("add_note", {"text": found["text"].strip()})


RULES = (
    rule(
        "add_note",
        rf"{_NOTE}(?: ?:| [–-] ){_TEXT}",
        rf"(?:make|take|add|write|keep) (?:me )?a {_NOTE}(?: ?[:,]| that\b){_TEXT}",
        rf"(?:note|remember|keep in mind|save this|write down|jot down)(?: that\b| this:|:){_TEXT}",
        read=_add,
        verbatim=True,
    ),
    rule("list_notes", r"(?:(?:list|show|read)(?: me)? )?(?:all )?(?:my |the )?notes|what notes do i have"),
    rule(
        "delete_note",
        rf"{_DELETE} (?:my |the |that )?note (?:about |on |with )?(?P<wanted>.+)",
        read=lookup("find_notes", "delete_note", "note", argument="words"),
    ),
    rule("delete_note", rf"{_DELETE} (?:all )?(?:my |the |a )?notes?(?: .+)?", read=reply(_ONE_AT_A_TIME)),
)
SEARCH_RULES = (
    rule(
        "find_notes",
        r"(?:find|search|look for|show(?: me)?) (?:my |the )?notes? (?:for |about |on |with )?(?P<words>.+)",
        r"(?:what|where|who|when)(?:'s| is| was| are| were) (?:my|our) (?P<words>.+)",
        r"(?:what|where|who|when) (?:was|were) the (?P<words>.+)",
        r"what did i (?:note|write down) about (?P<words>.+)",
        r"where did i (?:put|leave|park) (?P<words>.+)",
    ),
)
