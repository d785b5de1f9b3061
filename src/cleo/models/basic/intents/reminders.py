"""Reminders: "remind me tomorrow at 9 to call Anna", "my reminders", "cancel the reminder about Anna"."""

import re

from cleo.models.basic.dates import read_when
from cleo.models.basic.request import Asked, Do, Find, Plan, Say, plain_number
from cleo.models.basic.time_resolution import When
from cleo.models.basic.time_span import has_time, split_when

_NOUN = r"(?:reminders?|alarms?|timers?)"
_LIST = (
    rf"(?:(?:list|show|see|display|read|tell|give|check)(?: me)?|what are|which are)?(?: ?all)?(?: ?of)?"
    rf"(?: ?the| ?my)?(?: ?pending| ?open| ?upcoming| ?active| ?current)? ?{_NOUN}"
    r"(?: do i have| are there| have i set)?(?: list)?",
    rf"(?:what|which|how many|do i have any|are there any|any|have i(?: got)? any) {_NOUN}"
    r"(?: do i have| have i(?: got| set)?| are (?:there|set|pending|open|coming up)| left)?(?: set| pending| open)?",
    r"what (?:will|are) you (?:going to )?remind(?:ing)? me (?:of|about)",
)
_CANCEL = (
    rf"(?:cancel|delete|remove|drop|stop|clear|kill|get rid of|switch off|turn off) (?:my |the |that |this )?{_NOUN}"
    r"(?: (?:about|to|for|of|called|named|that says)|:)? ?(?P<which>.*)",
    rf"(?:cancel|delete|remove|drop|stop|clear|get rid of) (?:my |the |that )?(?P<which>.+?) {_NOUN}",
    r"(?:stop|quit) reminding me (?:to |about |of )?(?P<which>.+)",
    r"(?:don't|do not) remind me (?:to |about |of )(?P<which>.+?)(?: any ?more| any longer)",
)
_ALL = r"(?:cancel|delete|remove|stop|clear)(?: all)?(?: of)?(?: my| the)? (?:reminders|alarms|timers)"
_SET = (
    (
        r"(?:set|start)(?: me)?(?: up)?(?: a| an| the)? timer (?:for|of)?\s*(?P<rest>.+)",
        "Your timer is over",
        "in ",
    ),
    (r"(?:a )?timer:? (?:for )?(?P<rest>.+)", "Your timer is over", "in "),
    (
        r"(?:set|start|make|add)(?: me)?(?: up)?(?: a| an| the| my)? (?P<rest>.+?) timer",
        "Your timer is over",
        "in ",
    ),
    (
        r"(?:set|make|add|create)(?: me)?(?: up)?(?: a| an| the| my| another)? alarm(?: clock)?(?: "
        r"for)?:?\s*(?P<rest>.+)",
        "Alarm",
        "at ",
    ),
    (r"(?:an? |my )?(?:alarm|wake[- ]?up call)(?: clock)?:?(?: for)? (?P<rest>.+)", "Alarm", "at "),
    (r"wake me(?: up)? (?P<rest>.+)", "Wake up", ""),
    (
        r"(?:ping|nudge|poke|buzz|alert|notify|prod)(?: me)?(?: again)? (?P<rest>.+)",
        "You asked me to ping you",
        "",
    ),
    (r"(?:give me a (?:shout|nudge|ping|heads[- ]up)) (?P<rest>.+)", "You asked me to ping you", ""),
    (
        r"(?:set|add|create|make|put|schedule|leave)(?: me)?(?: up)?(?: a| an| another| the)?(?: new)? reminder"
        r"(?: for me)?:?\s*(?P<rest>.*)",
        "",
        "",
    ),
    (r"(?:a )?(?:new )?reminder:?(?: for me)? (?P<rest>.+)", "", ""),
    (r"(?:i want|i need|give me) a reminder (?P<rest>.+)", "", ""),
    (r"remind me(?: again)?(?: please)?:?\s*(?P<rest>.*)", "", ""),
    (r"remember to (?P<rest>.+)", "", ""),
    (r"(?:don't|do not) (?:let me )?forget (?P<rest>to .+)", "", ""),
    (r"(?:make sure|see to it) (?:that )?i (?:don't forget to |remember to )(?P<rest>.+)", "", ""),
)
_EXAMPLE = '"remind me tomorrow at 9:00 to call Anna" or "remind me every Monday at 9:00 to call Anna"'


def list_reminders(asked: Asked) -> Plan | None:
    """Show what is still due."""
    return Do(tool="list_reminders", args={}) if any(asked.match(pattern) for pattern in _LIST) else None


def cancel_reminder(asked: Asked) -> Plan | None:
    """Cancel one, found by number or words."""
    if asked.match(_ALL):
        return Say(
            text='I cancel reminders one at a time. "my reminders" shows them; then write "cancel reminder 2".'
        )
    for pattern in _CANCEL:
        found = asked.match(pattern)
        if found and not re.match(r"(?:me|us)\b", found["which"]):
            look = Do(tool="list_reminders", args={})
            wanted = plain_number(re.sub(r"^(?:the|my|to) ", "", found["which"].strip()))
            return Find(
                look=look, wanted=wanted, then="cancel_reminder", argument="reminder", noun="reminder"
            )
    return None


def set_reminder(asked: Asked) -> Plan | None:
    """Set one. What is unsure is asked, never guessed."""
    early = asked.match(r"(?P<time>.+?),? (?:please )?remind me,?(?: (?:to|about|of))? (?P<text>.+)")
    if early and (when := read_when(early["time"], asked.now)) and not has_time(early["text"]):
        return _do(early["text"].strip(), when)
    for pattern, usual, lead in _SET:
        found = asked.match(pattern)
        if found:
            return _set(asked, found["rest"].strip(), usual, lead)
    return None


def _set(asked: Asked, rest: str, usual: str, lead: str) -> Plan:
    alone = read_when(rest, asked.now) or (read_when(lead + rest, asked.now) if lead else None)
    if alone is not None:
        return (
            _do(usual, alone) if usual else Say(text=f"What shall I remind you of? Write it like {_EXAMPLE}.")
        )
    split = split_when(_without_for(rest), asked.now)
    is_fact = re.match(
        r"that\b", rest, re.IGNORECASE
    )  # "that the meeting starts in 2 hours": when to be reminded?
    if split.when is not None and not is_fact:
        return _do(split.body, split.when)
    if split.timed:
        return Say(
            text=f"I am not sure which time you mean in “{rest}”, so I set nothing. Write it like {_EXAMPLE}."
        )
    bare = re.sub(r"^(?:to|that|about|of) ", "", split.body)
    return Say(text=f"When shall I remind you{f' of “{bare}”' if bare else ''}? Write it like {_EXAMPLE}.")


def _without_for(rest: str) -> str:
    """ "for tomorrow at 9 to call" and "for 9pm: call" name the time with a word that the grammar has not."""
    return re.sub(
        r"^for (?=\d|tomorrow|tonight|today|(?:mon|tues|wednes|thurs|fri|satur|sun)day)", "", rest, flags=re.I
    )


def _do(text: str, when: When) -> Do:
    args: dict[str, object] = {"text": text, "when": when.at.isoformat()}
    return Do(tool="set_reminder", args=args | ({"repeat": when.repeat} if when.repeat else {}))
