"""Meta's error numbers: their class, which decides what is done, and words for people.

Source: the table in Meta's error reference, as noted in the developer reference of the Cloud backend. Titles change
and are never read; a number that is not named here has no class of its own.
"""

import re
from collections.abc import Iterable
from typing import Final, Literal

ErrorClass = Literal[
    "retry",
    "throttle",
    "auth",
    "sender",
    "quality",
    "window",
    "recipient",
    "payload",
    "media",
    "groups",
    "unknown",
]
"""`retry` may work soon · `throttle` may work after a pause · `auth`, `sender` and `quality` concern every message of
this number · `window` waits for the person · `recipient`, `payload` and `groups` will never work as they are ·
`media` is about a file of the person."""

WINDOW: Final = 131047
PAIR_LIMIT: Final = 131056
"""Too many messages to one person; the other chats go on."""

_Entry = tuple[ErrorClass, str]

_RENEW = "Make a new system-user token and set it as WHATSAPP_CLOUD_TOKEN."
_MANAGER = "Look at the number in the WhatsApp Manager."
_PAY = "Set up the payment method of the WhatsApp account in Meta's Business settings."
_BUSY = "WhatsApp is busy or broken just now; it will be tried again."
_SLOW = "WhatsApp asks to send more slowly; it will be tried again after a pause."
_REGISTER = f"The number of WHATSAPP_CLOUD_PHONE_NUMBER_ID is not registered with the Cloud API. {_MANAGER}"
_TEMPLATE = "Check the templates, and WHATSAPP_CLOUD_FALLBACK_TEMPLATE (for example hello_again:en), there."
_WRONG = "WhatsApp does not take a message of this form."
_GROUP = "WhatsApp does not do this in groups of this number."
_STRANGE = "WhatsApp refused the message for a reason that Cleo does not know."
_NO_PERMISSION = (3, 10, 131005, *range(200, 300))


def _entries(codes: Iterable[int], entry: _Entry) -> dict[int, _Entry]:
    return dict.fromkeys(codes, entry)


_TABLE: Final[dict[int, _Entry]] = {
    **_entries((1, 2, 131000, 131016, 131057, 133004), ("retry", _BUSY)),
    **_entries((4, 80007, 130429, 429, 131208), ("throttle", _SLOW)),
    PAIR_LIMIT: (
        "throttle",
        "Too many messages went to this person in a short time; it will be tried again after a pause.",
    ),
    # The token
    **_entries(
        (0, 190), ("auth", f"WhatsApp does not accept the token: it is wrong or has expired. {_RENEW}")
    ),
    **_entries(
        _NO_PERMISSION,
        ("auth", f"The token may not do this; it needs whatsapp_business_messaging. {_RENEW}"),
    ),
    # The number or its account
    **_entries(
        (131031, 368),
        ("sender", "Meta has restricted this WhatsApp account. Meta's Business Support Home says why."),
    ),
    **_entries((131045, *range(133005, 133017)), ("sender", _REGISTER)),
    131037: ("sender", f"The display name of the number is not approved yet. {_MANAGER}"),
    **_entries((131042, 131044), ("sender", f"Meta cannot charge for messages. {_PAY}")),
    **_entries(
        (131048, 131064),
        (
            "quality",
            f"WhatsApp limits this number, because too many people blocked or reported it. {_MANAGER}",
        ),
    ),
    # This chat
    WINDOW: (
        "window",
        "The person has not written in the last 24 hours, so WhatsApp takes only approved templates.",
    ),
    131049: (
        "recipient",
        "WhatsApp does not deliver it to this person now, so that they do not get too many such messages. "
        "Trying again makes sense after a day at the earliest.",
    ),
    131021: ("recipient", "A number cannot write to itself."),
    131026: (
        "recipient",
        "It cannot be delivered: this person may have no WhatsApp or an old version of it, or does not want messages "
        "from this number.",
    ),
    131030: (
        "recipient",
        "A test number writes only to people on its list. Add this person in the app dashboard at Meta.",
    ),
    131050: ("recipient", "This person does not want such messages from this number."),
    131062: ("recipient", "This kind of message needs the person's phone number, which is not known."),
    130472: (
        "recipient",
        "Meta holds back such messages to this person for an experiment; once they write, answers arrive.",
    ),
    130497: ("recipient", "This account may not write to people in that country."),
    137000: (
        "recipient",
        "The identity of this person on WhatsApp has changed, so the message was not delivered.",
    ),
    # The message
    **_entries((100, 131008, 131009, 131051, 131063, 135000), ("payload", _WRONG)),
    131053: ("payload", "WhatsApp could not use the file: its content does not fit its kind, or is damaged."),
    132001: ("payload", f"There is no such template in that language. {_TEMPLATE}"),
    132015: ("payload", f"The template is paused for its low quality. {_TEMPLATE}"),
    132016: ("payload", f"The template is disabled for its low quality. {_TEMPLATE}"),
    **_entries(
        (132000, *range(132002, 132015), 132068, 132069),
        ("payload", f"The template cannot be sent as it is. {_TEMPLATE}"),
    ),
    131052: (
        "media",
        "WhatsApp could not give out the file that the person sent. They can send it once more.",
    ),
    **_entries((131020, 131041, 131201, 131204, 131207, 131212, 131215), ("groups", _GROUP)),
}

_LONGEST_DETAILS = 200
_QUOTED: Final[frozenset[ErrorClass]] = frozenset({"payload", "groups", "unknown"})
_PERSONAL = re.compile(r"\+?\d[\d ()\-]{5,}\d")
_UNPRINTABLE = re.compile(r"[\s\x00-\x1f\x7f-\x9f]+")


def error_class_of(code: int | None) -> ErrorClass:
    """Return the class of an error number; `unknown` when it is not in the table."""
    found = _TABLE.get(code) if code is not None else None
    return found[0] if found else "unknown"


def is_window(code: int | None) -> bool:
    """Return whether it was refused only because the person has not written lately."""
    return error_class_of(code) == "window"


def lacks_permission(code: int | None) -> bool:
    """Return whether the token lacks the permission for just this."""
    return code in _NO_PERMISSION


def reason_of(code: int | None, title: str, details: str) -> str:
    """Return what happened and what to do, for people, with Meta's own words where those say more.

    `title` is used only when nothing else is known. Numbers of people are taken out of Meta's words.
    """
    found = _TABLE.get(code) if code is not None else None
    number = f" ({code})" if code is not None else ""
    if found is None:
        return f"{_STRANGE.removesuffix('.')}{number}.{_meta_says(details or title)}"
    words, told = found[1], found[0] in _QUOTED
    return words + (_meta_says(details) if told else "")


def _meta_says(text: str) -> str:
    clean = _PERSONAL.sub("…", _UNPRINTABLE.sub(" ", text)).strip()
    if not clean:
        return ""
    cut = clean if len(clean) <= _LONGEST_DETAILS else clean[: _LONGEST_DETAILS - 1].rstrip() + "…"
    return f" Meta says: {cut}"
