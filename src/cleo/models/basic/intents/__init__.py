"""What the rule model understands: one file a subject. The first rule that fits a request counts."""

from cleo.models.basic.intents import figures, files, lists, messages, notes, reminders, small_talk
from cleo.models.basic.request import Rule

RULES: tuple[Rule, ...] = (
    *small_talk.RULES,
    *notes.RULES,
    *reminders.RULES,
    *messages.RULES,
    *files.RULES,
    *lists.RULES,
    *figures.RULES,
    *notes.SEARCH_RULES,
)

__all__ = ["RULES"]
