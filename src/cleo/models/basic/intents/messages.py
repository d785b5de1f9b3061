"""Messages to somebody else: "tell +49 151 2345678 that I am late"."""

import re

from cleo.models.basic.request import Asked, Do, Plan, Say

_PHONE = r"(?P<to>(?:\+|00)?\(?\d[\d\s()./-]{5,22}\d)"
_VERB = r"(?:tell|text|message|whatsapp|inform|write(?: to)?|ping|sms|notify)"
_SEND = (
    rf"{_VERB} {_PHONE}\s*(?:that|saying|to say|:|,|-|–)\s*(?P<text>\S.*)",
    rf"let {_PHONE} know\s*(?:that|:|,)?\s*(?P<text>\S.*)",
    rf"(?:send|write)(?: a| the| this)?(?: whatsapp| text)?(?: message)? to {_PHONE}\s*(?:that|saying|to "
    rf"say|:|,|-|–)\s*(?P<text>\S.*)",
    rf"(?:send|write) {_PHONE}(?: a)?(?: whatsapp| text)?(?: message)?\s*(?:that|saying|to say|:|,|-|"
    rf"–)\s*(?P<text>\S.*)",
    rf"(?:send|write)(?: the message| the text| this)?:? (?P<text>\S.*?) to {_PHONE}",
    rf"{_VERB} {_PHONE} (?P<text>(?:i|i'm|i'll|we|we're|we'll|hi|hello|yes|no|please|the|my|our)\b.*)",
)
_NO_TEXT = (rf"{_VERB} {_PHONE}", rf"send(?: a)?(?: message)? to {_PHONE}")
_NO_NUMBER = (
    r"(?:tell|text|message|whatsapp|inform) (?!me\b|us\b|you\b)(?P<who>[\w'-]+(?: [\w'-]+)?) (?:that|saying|"
    r"to say|:) ?(?P<text>.+)",
    r"let (?!me\b|us\b|you\b|'s\b)(?P<who>[\w'-]+(?: [\w'-]+)?) know (?P<text>.+)",
    r"send (?:a )?(?:whatsapp |text )?message to (?P<who>[\w'-]+(?: [\w'-]+)?)(?:[: ].*)?",
)
_FILE = re.compile(
    r"(?:the |my )?(?:(?:file|photo|picture|document|video)\b.{0,40}|[\w()-]+\.[a-z]{2,4})", re.IGNORECASE
)
_EXAMPLE = '"tell +49 151 2345678 that I am late"'


def send_message(asked: Asked) -> Plan | None:
    """Write to a phone number; a name alone is not enough."""
    for pattern in _SEND:
        found = asked.match_raw(pattern)
        if found:
            text = found["text"].strip().strip('"“”')
            if _FILE.fullmatch(text):
                return Say(text="I can send only words to somebody else, no files.")
            return Do(tool="send_message", args={"to": found["to"].strip(), "text": text})
    if any(asked.match(pattern) for pattern in _NO_TEXT):
        return Say(text=f"What shall I write? For example {_EXAMPLE}.")
    for pattern in _NO_NUMBER:
        found = asked.match(pattern)
        if found:
            return Say(text=f"I need the phone number of {found['who']}. Write it like {_EXAMPLE}.")
    return None
