"""Answers to tap: cut to what fits, or written out where there is nothing to tap."""

from dataclasses import replace

from cleo.channels.whatsapp.text.split import cut_between_characters
from cleo.domain.content import Choices, Option
from cleo.ports import ChoiceLimits

_MORE = "…"


def to_tap(choices: Choices, choice_limits: ChoiceLimits | None, *, in_group: bool) -> Choices | None:
    """Fit it to what can be tapped; None: it must be written out.

    Titles are cut, as long as they still differ; ids never are, and neither are the words.
    """
    if choice_limits is None or (in_group and not choice_limits.in_groups) or not choices.options:
        return None
    if (
        len(choices.options) > max(choice_limits.rows, choice_limits.buttons)
        or len(choices.body) > choice_limits.body_max
    ):
        return None
    longest = (
        choice_limits.button_max if len(choices.options) <= choice_limits.buttons else choice_limits.row_max
    )
    options = tuple(
        Option(
            id=option.id,
            title=cut(option.title, longest),
            description=cut(option.description, choice_limits.description_max),
        )
        for option in choices.options
    )
    distinct = (
        len({option.title for option in options}) == len({option.id for option in options}) == len(options)
    )
    fits = all(0 < len(option.id) <= choice_limits.id_max and option.title.strip() for option in options)
    return replace(choices, options=options) if distinct and fits and choices.body.strip() else None


def in_words(choices: Choices) -> str:
    """Write it out: the words that were given for that, else the body and a numbered list."""
    if choices.words:
        return choices.words
    rows = [
        f"{number}. {option.title}" + (f" – {option.description}" if option.description else "")
        for number, option in enumerate(choices.options, 1)
    ]
    return "\n".join([choices.body, *rows])


def cut(text: str, longest: int) -> str:
    """Shorten to at most so many characters, with a sign that something is missing."""
    return (
        text if len(text) <= longest else text[: cut_between_characters(text, longest - 1)].rstrip() + _MORE
    )
