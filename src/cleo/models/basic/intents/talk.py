"""Courtesies, and honest words about what this model is."""

import re

from cleo.models.basic.request import Asked, Do, Plan, Say

ABOUT = (
    "No AI model is connected: I understand a fixed set of English requests, by rules. "
    "Whoever runs me can connect one with CLEO_MODEL."
)
_HELLO = (
    r"(?:hi|hello|hey|yo|hallo|moin|good (?:morning|afternoon|evening|day)|greetings)(?: there| cleo| "
    r"again)*[,! ]*(?:cleo)?"
)
_HELP = (
    r"help(?: me)?|\?+|menu|commands|usage|examples?|how does (?:this|it) work|how do (?:you work|i use "
    r"(?:you|this))|"
    r"(?:what|which things) (?:can|do|could) (?:you|i) (?:do|ask(?: you)?(?: for)?|say|offer)(?: here| for "
    r"me| with you)?|"
    r"what are you(?: able to do| capable of)?|(?:show|list|tell)(?: me)?(?: your| the| all)*"
    r" (?:commands|tools|skills|abilities|what you can do)"
)


def talk(asked: Asked) -> Plan | None:
    """Answer a greeting, thanks, a call for help, or a question about the model."""
    if asked.match(_HELLO):
        return Say(text='Hello! Write "help" to see what I can do.')
    if asked.match(
        r"(?:many )?(?:thanks|thank you|thx|ty|cheers|great|perfect|cool|nice|awesome|well done)(?: .{0,20})?"
    ):
        return Say(text="You're welcome.")
    if asked.match(_HELP):
        return Do(tool="help", args={}) if "help" in asked.tools else Say(text=capabilities(asked))
    if asked.match(
        r"(?:who|what) are you|are you (?:an? )?(?:ai|bot|human|robot|llm|real).*|which model.*|what(?:'s| "
        r"is) your name"
    ):
        return Say(text=f"I am Cleo. {ABOUT}")
    if asked.match(r"(?:yes|no|ok|okay|yep|nope|yeah|sure|nah)"):
        return Say(text="There is no open question that I could take that as an answer to.")
    return None


def capabilities(asked: Asked) -> str:
    """Every tool in a line, for an agent that has no `help` tool."""
    lines = [
        f"• {name.replace('_', ' ')}: {_first_sentence(tool.description)}"
        for name, tool in asked.tools.items()
    ]
    return "\n".join(["I can:", *lines]) if lines else ABOUT


def _first_sentence(text: str | None) -> str:
    plain = re.sub(r"<[^>]+>", "", text or "").strip()
    return plain.split("\n", maxsplit=1)[0].split(". ", maxsplit=1)[0]
