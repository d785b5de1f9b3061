"""Notes: "note: the gate code is 4711", "what was the gate code?", "delete note 2"."""

import re

from cleo.models.basic.request import Asked, Do, Find, Plan, Say, plain_number

_ADD = (
    r"(?:please )?(?:make|take|add|create|write|leave|save|keep|new)(?: me)?(?: a| another| this)?(?: new| "
    r"quick)? ?notes?"
    r"(?: down)?(?: (?:that|of|saying|which says|to self|for me))*\s*[:,–-]?\s+(?P<text>.+)",
    r"notes?(?: to self| down)?\s*[:,–-]\s*(?P<text>.+)",
    r"(?:note|jot|write)(?: this| that| it)? down(?: that)?\s*[:,]?\s+(?P<text>.+)",
    r"(?:please )?note (?:that|this:?) (?P<text>.+)",
    r"note (?!about\b|on\b|with\b|number\b|no\b|#|\d)(?P<text>\S+\s+.+)",
    r"(?:remember|memorize|memorise|memo|keep in mind|save this|store this)(?: this)?(?: that|:)\s*(?P<text>.+)",
    r"(?:remember|keep in mind) (?P<text>(?!to\b|when\b|how\b|what\b|who\b|me\b|the time\b).+ (?:is|are|was|"
    r"has|have)\b .+)",
)
_LIST = (
    r"(?:(?:list|show|see|display|read|give|tell)(?: me)?(?: out)?|what are|what's in)?(?: ?all)?"
    r"(?: ?of)?(?: ?the| ?my)? ?notes"
    r"(?: do i have| are there)?",
    r"(?:what|which|any|do i have any|how many) notes(?: do i have| are there| have i(?: got| written)?)?",
)
_FIND = (
    r"(?:find|search|look for|look up|show|get|read)(?: me)?(?: for)?(?: in)?(?: the| my| all| any| a)*(?: notes?)"
    r"(?: for| about| on| with| containing| that mentions?| that says?| number| no\.?)* (?P<words>.+)",
    r"(?:search|look)(?: through| in)?(?: my)? notes for (?P<words>.+)",
    r"(?:what did i|did i) (?:note|write|save|write down|say|tell you|store)(?: down)?(?: about| on| for) "
    r"(?P<words>.+)",
    r"(?:what|where|who|when)(?:'s| is| was| were| are) (?:my|our) (?P<words>.+?)(?: again)?",
    r"(?:what|where|who)(?: was| were) (?:the|that) (?P<words>.+?)(?: again)?",
    r"(?:what|where|who)(?:'s| is| are) (?:the|that) (?P<words>.+) again",
    r"(?:do you|can you) remember (?:my |the |what (?:was |is )?(?:my |the )?)?(?P<words>.+)",
    r"where did i (?:put|leave|park) (?:my |the )?(?P<words>.+)",
)
_DELETE = (
    r"(?:delete|remove|erase|drop|forget|trash|throw away|get rid of|bin)(?: my| the| that| this)? note"
    r"(?: about| on| with| that says| saying|:)? ?(?P<words>.*)",
    r"(?:delete|remove|erase|drop|forget|trash|get rid of|bin)(?: my| the| that)? (?P<words>.+?) note",
)
_EXAMPLE = '"note: the gate code is 4711"'


def add_note(asked: Asked) -> Plan | None:
    """Keep a text."""
    for pattern in _ADD:
        found = asked.match_raw(pattern)
        if found:
            return Do(tool="add_note", args={"text": found["text"].strip()})
    if asked.match(r"(?:(?:make|take|add|create|new)(?: a)? )?note:?"):
        return Say(text=f"What shall I note? Write it like {_EXAMPLE}.")
    return None


def list_notes(asked: Asked) -> Plan | None:
    """Show them all."""
    return Do(tool="list_notes", args={}) if any(asked.match(pattern) for pattern in _LIST) else None


def find_notes(asked: Asked) -> Plan | None:
    """Look one up."""
    for pattern in _FIND:
        found = asked.match(pattern)
        if found:
            return Do(tool="find_notes", args={"words": plain_number(_bare(found["words"]))})
    return None


def delete_note(asked: Asked) -> Plan | list[Plan] | None:
    """Delete one, found by number or words; or several by their numbers."""
    several = asked.match(
        r"(?:delete|remove|erase|drop) (?:my |the )?notes? (?P<numbers>\d+(?:(?:, ?| and |, and )(?:note )?\d+)+)"
    )
    if several:
        return [_delete(number) for number in re.findall(r"\d+", several["numbers"])]
    if asked.match(r"(?:delete|remove|erase|clear|forget)(?: all)?(?: of)?(?: my| the)? notes"):
        return Say(text='I delete notes one at a time. "my notes" shows them; then write "delete note 2".')
    for pattern in _DELETE:
        found = asked.match(pattern)
        if found:
            wanted = plain_number(_bare(found["words"]))
            if not wanted:
                return Say(text='Which note? "my notes" shows them; then write "delete note 2".')
            return _delete(wanted)
    return None


def _delete(wanted: str) -> Plan:
    look = Do(tool="find_notes", args={"words": wanted})
    return Find(look=look, wanted=wanted, then="delete_note", argument="note", noun="note")


def _bare(words: str) -> str:
    """Without quotes around, and without "about"."""
    return re.sub(r"^(?:about|the|my) ", "", words.strip().strip("\"'“”‘’"), flags=re.IGNORECASE)
