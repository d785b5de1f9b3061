"""JIDs and phone numbers: the only place that reads or writes them.

A JID is `user[_agent][:device]@server`. What WhatsApp's servers mean:

| server | who | address |
|---|---|---|
| `s.whatsapp.net`, `c.us`, `hosted` | a person by phone number | `phone:+<digits>` |
| `lid`, `hosted.lid` | a person by hidden id | `lid:<digits>` |
| `g.us` | a group | `group:<id>` |
| `broadcast`, `newsletter`, anything else | nobody who can be answered | none |
"""

import re

from cleo.domain.identity import Address, address, namespace, value

_USER = re.compile(r"(?P<user>[0-9\-]+)(?:_[0-9]{1,4})?(?::[0-9]{1,5})?")
_PHONE = re.compile(r"[1-9][0-9]{4,14}")
_LID = re.compile(r"[1-9][0-9]{4,19}")
_GROUP = re.compile(r"[0-9]{5,20}(?:-[0-9]{5,20})?")
_PUNCTUATION = re.compile(r"[\s().\-/\u00a0\u2010-\u2015]+")

_SERVERS = {
    "s.whatsapp.net": ("phone", _PHONE),
    "c.us": ("phone", _PHONE),
    "hosted": ("phone", _PHONE),
    "lid": ("lid", _LID),
    "hosted.lid": ("lid", _LID),
    "g.us": ("group", _GROUP),
}


def read_address(text: str) -> Address | None:
    """Read a JID, or a phone number with its country code in any spelling; None: nobody who can be answered.

    Digits are read as an international number, with or without `+` or `00` before them. The digits of a JID
    are WhatsApp's own name for the account and stay as they are.
    """
    if "@" in text:
        return _read_jid(text)
    return _read_phone(text)


def phone_number(jid: str) -> str:
    """Return the phone number behind a JID, such as `+4915112345678`; empty: there is none."""
    found = read_address(jid)
    return value(found) if found and namespace(found) == "phone" else ""


def write_jid(of: Address) -> str:
    """Write the JID of an address; raises `ValueError` for one that WhatsApp cannot have."""
    match namespace(of):
        case "phone":
            return f"{value(of).removeprefix('+')}@s.whatsapp.net"
        case "lid":
            return f"{value(of)}@lid"
        case "group":
            return f"{value(of)}@g.us"
        case other:
            raise ValueError(f"WhatsApp knows no addresses of the kind {other!r}")


def _read_jid(text: str) -> Address | None:
    name, _, server = text.partition("@")
    known = _SERVERS.get(server.lower())
    parts = _USER.fullmatch(name)
    if known is None or parts is None:
        return None
    kind, form = known
    user = parts["user"]
    if not form.fullmatch(user):
        return None
    return address(kind, f"+{user}" if kind == "phone" else user)


def _read_phone(text: str) -> Address | None:
    import phonenumbers  # noqa: PLC0415 - 60 ms that only phone numbers need, and WhatsApp speaks in JIDs

    bare = _PUNCTUATION.sub("", text.strip())
    digits = bare.removeprefix("+").removeprefix("00")
    if not _PHONE.fullmatch(digits):
        return None
    try:
        number = phonenumbers.parse("+" + digits, None)
    except phonenumbers.NumberParseException:
        return address("phone", "+" + digits)
    return address("phone", phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))
