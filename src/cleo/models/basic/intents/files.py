"""Files: "my files", "send me file 2", "delete the file report.pdf"."""

from cleo.models.basic.request import call, lookup, rule

_NOUN = r"(?:file|document|photo|picture|image|video|recording)"
_THE = r"(?:the |my |that )?"
_SEND = rf"(?:send|give|show)(?: me)?(?: back)? {_THE}"
_BACK = r"(?: back| again)?"

RULES = (
    rule("list_files", rf"(?:(?:list|show)(?: me)? )?(?:all )?{_THE}{_NOUN}s|which {_NOUN}s do i have"),
    rule("send_file", rf"{_SEND}(?:last|latest|newest) {_NOUN}{_BACK}", read=call("send_file", file="last")),
    rule(
        "send_file",
        rf"{_SEND}{_NOUN} (?P<file>.+?){_BACK}",
        rf"{_SEND}(?P<file>[\w-]+\.[a-z0-9]{{2,5}}){_BACK}",
    ),
    rule(
        "delete_file",
        rf"(?:delete|remove|erase) {_THE}{_NOUN}(?: (?P<wanted>.+))?",
        read=lookup("list_files", "delete_file", "file"),
    ),
)
