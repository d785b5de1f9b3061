"""Files: "my files", "send me file 2", "delete the file report.pdf"."""

import re

from cleo.models.basic.request import Asked, Do, Find, Plan, Say, plain_number

_KINDS = r"(?:files?|documents?|docs?|pdfs?|photos?|pictures?|pics?|images?|videos?|attachments?|recordings?)"
_LIST = (
    rf"(?:(?:list|show|see|display|give)(?: me)?|what are)?(?: ?all)?(?: ?of)?(?: ?the| ?my)? ?{_KINDS}",
    rf"(?:what|which|any|do i have any|how many) {_KINDS}(?: do (?:i|you) have| are there| have i sent(?: "
    rf"you)?| did i send(?: you)?)?",
)
_SEND = (
    rf"(?:send|give|get|show|return|bring)(?: me)?(?: back)?(?: the| my| that)? ?{_KINDS} (?:number |no\.? |"
    rf"#|named |called )?"
    r"(?P<file>.+?)(?: back| again)*",
    rf"(?:send|give|get|show|return|bring) (?:me )?(?:back )?(?:the |my |that )?(?P<file>last|latest|newest|"
    rf"first|second|third)(?: {_KINDS})"
    r"(?: back| again)*",
    r"(?:send|give|get|return|bring)(?: me)?(?: back)?(?: the| my| that)? (?P<file>[\w()-][\w "
    r"()-]*\.[a-z0-9]{2,5})(?: back| again)*",
    r"(?:send|give) (?:me )?(?:the |my |that )?(?P<file>[\w .()-]+?)(?: back)(?: again)?",
)
_DELETE = (
    rf"(?:delete|remove|erase|drop|forget|trash|get rid of)(?: my| the| that| this)? {_KINDS}"
    r"(?: number| no\.?| #| named| called|:)? ?(?P<file>.*)",
    r"(?:delete|remove|erase|trash|get rid of)(?: my| the| that)? (?P<file>[\w()-][\w ()-]*\.[a-z0-9]{2,5})",
)


def list_files(asked: Asked) -> Plan | None:
    """Show what people sent."""
    return Do(tool="list_files", args={}) if any(asked.match(pattern) for pattern in _LIST) else None


def send_file(asked: Asked) -> Plan | None:
    """Send one back."""
    for pattern in _SEND:
        found = asked.match(pattern)
        if found:
            return Do(tool="send_file", args={"file": _named(found["file"])})
    return None


def delete_file(asked: Asked) -> Plan | None:
    """Delete one, found by number or name."""
    for pattern in _DELETE:
        found = asked.match(pattern)
        if found:
            wanted = _named(found["file"])
            if not wanted:
                return Say(text='Which file? "my files" shows them; then write "delete file 2".')
            look = Do(tool="list_files", args={})
            return Find(look=look, wanted=wanted, then="delete_file", argument="file", noun="file")
    return None


def _named(text: str) -> str:
    plain = text.strip().strip("\"'“”")
    order = {"first": "1", "second": "2", "third": "3", "latest": "last", "newest": "last"}
    return order.get(plain.casefold()) or plain_number(
        re.sub(r"^(?:the|my) ", "", plain, flags=re.IGNORECASE)
    )
