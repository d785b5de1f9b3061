"""Messages to somebody else: "tell +49 151 2345678 that I am late"."""

import re

from cleo.models.basic.request import Action, Call, Request, reply, rule

_PHONE = r"(?P<to>(?:\+|00)?\(?\d[\d ()./-]{5,22}\d)"
_NAME = r"(?!me\b|us\b|you\b)[\w'-]{1,30}(?: [\w'-]{1,30})?"
_VERB = r"(?:tell|text|message|write to|send a message to)"
_TEXT = r"(?: that\b|:)(?P<text>(?s:.+))"
_EXAMPLE = 'For example "tell +49 151 2345678 that I am late".'


def _send(found: re.Match[str], request: Request) -> Action:
    return Call("send_message", {"to": found["to"], "text": found["text"].strip()})


RULES = (
    rule(
        "send_message",
        rf"{_VERB} {_PHONE}{_TEXT}",
        rf"let {_PHONE} know{_TEXT}",
        read=_send,
        verbatim=True,
    ),
    rule("send_message", rf"{_VERB} {_PHONE}", read=reply(f"What shall I write? {_EXAMPLE}")),
    rule("send_message", rf"{_VERB} {_NAME}{_TEXT}", read=reply(f"I need a phone number. {_EXAMPLE}")),
)
