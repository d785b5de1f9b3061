"""Takes out what a model wrote for itself: thoughts between tags, and all but the last channel of some formats.

Code stays as it is, also code about such tags.
"""

import re
from collections.abc import Iterator

_WORD = r"(?:think|thinking|thought|reasoning)"
_MARK = re.compile(
    rf"(?P<fence>```|~~~)|(?P<code>`[^`\n]*`)"
    rf"|(?P<open><{_WORD}>|\[THINK(?:ING)?\]|◁think▷)"
    rf"|(?P<close></{_WORD}>|\[/THINK(?:ING)?\]|◁/think▷)",
    re.IGNORECASE,
)
_CHANNEL = re.compile(r"<\|channel\|>\s*(?P<name>\w+)(?:(?!<\|).){0,200}<\|message\|>", re.DOTALL)
_CHANNEL_END = re.compile(r"<\|(?:end|return|call|start|channel)\|>")
_CONTROL = re.compile(r"<\|(?:start|end|return|message|call)\|>(?:assistant)?")


def without_thoughts(text: str) -> str:
    """Return what is for the person; empty when all of it was thought. Takes linear time."""
    if "<|channel|>" in text:
        text = _last_channel(text)
    if not _MARK.search(text):
        return text
    kept: list[str] = []
    place, thinking = 0, False
    for mark in _outside_of_code(text):
        if mark.lastgroup == "close":
            if not thinking:  # its opening tag was part of the prompt
                kept.clear()
            thinking, place = False, mark.end()
        elif not thinking:
            kept.append(text[place : mark.start()])
            thinking = True
    if not thinking:
        kept.append(text[place:])
    return "".join(kept).strip()


def _outside_of_code(text: str) -> Iterator[re.Match[str]]:
    """Find the tags that are no code. Within a thought nothing is code."""
    fence, thinking = "", False
    for mark in _MARK.finditer(text):
        if mark["fence"] and not thinking:
            fence = _next_fence(text, mark, fence)
        elif (mark["open"] or mark["close"]) and not fence:
            thinking = bool(mark["open"])
            yield mark


def _next_fence(text: str, mark: re.Match[str], fence: str) -> str:
    """Return the fence that is open after a mark; one that nothing closes opens none."""
    if fence:
        return "" if mark["fence"] == fence else fence
    return mark["fence"] if text.find(mark["fence"], mark.end()) >= 0 else ""


def after_thought(thought: str) -> str:
    """Return what follows a closing tag inside of what was taken for a thought: an answer, in truth."""
    closed = [mark for mark in _MARK.finditer(thought) if mark.lastgroup == "close"]
    return thought[closed[-1].end() :] if closed else ""


def _last_channel(text: str) -> str:
    """Keep what stands in the channel `final`, and what stands before all channels."""
    kept = [_CONTROL.sub("", text[: text.index("<|channel|>")])]
    for found in _CHANNEL.finditer(text):
        if found["name"].casefold() == "final":
            end = _CHANNEL_END.search(text, found.end())
            kept.append(text[found.end() : end.start() if end else len(text)])
    return "".join(kept)
