"""Reminders: "remind me tomorrow at 9 to call Anna", "my reminders", "cancel the reminder about Anna"."""

import re

from cleo.models.basic.dates import read_time
from cleo.models.basic.request import Action, Call, Reader, Reply, Request, lookup, reply, rule
from cleo.models.basic.time_resolution import Schedule
from cleo.models.basic.time_span import has_time, split_time

_NOUN = r"(?:reminder|alarm|timer)"
_CANCEL = r"(?:cancel|delete|remove|stop)"
_ONE_AT_A_TIME = 'I cancel one at a time. "my reminders" shows them; then write "cancel reminder 2".'
_EXAMPLE = 'Write it like "remind me tomorrow at 9:00 to call Anna" or "remind me every Monday at 9:00 to call Anna".'


def _set(default: str = "", lead: str = "") -> Reader:
    """Make a reader of the group `rest`: text and time; or a time alone, for which `lead` may be left out."""

    def read(found: re.Match[str], request: Request) -> Action:
        rest = found["rest"].strip(" :")
        alone = read_time(rest, request.now) or read_time(lead + rest, request.now)
        if alone:
            return _call(default, alone) if default else Reply(f"What shall I remind you of? {_EXAMPLE}")
        span = split_time(rest, request.now)
        is_fact = rest.casefold().startswith("that ")  # "that the train leaves at 9": and the reminder?
        if span.when and not is_fact:
            return _call(span.text, span.when)
        if span.mentions_time:
            return Reply(f"I am not sure which time you mean by “{rest}”, so I set nothing. {_EXAMPLE}")
        return Reply(f"When shall I remind you? {_EXAMPLE}")

    return read


def _time_first(found: re.Match[str], request: Request) -> Action | None:
    when = read_time(found["time"], request.now)
    return _call(found["text"], when) if when and not has_time(found["text"]) else None


def _call(text: str, when: Schedule) -> Call:
    repeat = {"repeat": when.repeat} if when.repeat else {}
    return Call("set_reminder", {"text": text, "when": when.at.isoformat(), **repeat})


RULES = (
    rule(
        "list_reminders",
        rf"(?:(?:list|show)(?: me)? )?(?:all )?(?:my |the |upcoming )?{_NOUN}s",
        rf"(?:do i have any|what) {_NOUN}s(?: do i have| have i got)?",
    ),
    rule("cancel_reminder", rf"{_CANCEL} (?:all )?(?:my |the )?{_NOUN}s(?: .+)?", read=reply(_ONE_AT_A_TIME)),
    rule(
        "cancel_reminder",
        rf"{_CANCEL} (?:my |the |that )?{_NOUN}(?: (?:about |to |for |of )?(?P<wanted>.+))?",
        r"stop reminding me (?:to |about |of )(?P<wanted>.+)",
        read=lookup("list_reminders", "cancel_reminder", "reminder"),
    ),
    rule("set_reminder", r"(?P<time>.{1,80}?),? remind me (?:to |about |of )?(?P<text>.+)", read=_time_first),
    rule(
        "set_reminder",
        r"remind me\b(?P<rest>.*)",
        r"(?:(?:set|add|create|make) (?:me )?|i need )an? (?:new )?reminder\b(?P<rest>.*)",
        r"(?:remember|don't (?:let me )?forget) (?P<rest>to .+)",
        read=_set(),
    ),
    rule("set_reminder", r"wake me(?: up)? (?P<rest>.+)", read=_set("Wake up")),
    rule("set_reminder", r"(?:ping|nudge) me (?P<rest>.+)", read=_set("You asked me to ping you")),
    rule("set_reminder", r"(?:set (?:me )?an )?alarm (?:for )?(?P<rest>.+)", read=_set("Alarm", "at ")),
    rule(
        "set_reminder",
        r"(?:(?:set|start) (?:me )?a )?timer (?:for |of )?(?P<rest>.+)",
        r"(?:set|start) (?:me )?a (?P<rest>.+) timer",
        read=_set("Your timer is over", "in "),
    ),
)
