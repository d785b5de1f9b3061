"""Greetings, thanks and help."""

from cleo.models.basic.request import reply, rule

UNDERSTOOD = "reminders, notes, lists, sums, units, clocks, files and messages to others"
ABOUT = "No AI model is connected: I understand a fixed set of English requests, by rules."

_HELLO = r"(?:(?:hi|hello|hey)(?: there)?|good (?:morning|afternoon|evening))(?:,? cleo)?"
_THANKS = r"(?:many )?(?:thanks|thank you|thx|cheers)(?: a lot| so much)?"
_HELP = r"help(?: me)?|\?+|menu|commands|what can (?:you|i) (?:do|ask)(?: for)?(?: here)?|how does (?:this|it) work"
_WHO = r"(?:who|what) are you|are you an? (?:ai|bot|human|robot)"

RULES = (
    rule("", _HELLO, read=reply('Hello! Write "help" to see what I can do.')),
    rule("", _THANKS, read=reply("You're welcome.")),
    rule("help", _HELP),
    rule("", _HELP, read=reply(f"{ABOUT} They are about {UNDERSTOOD}.")),
    rule("", _WHO, read=reply(f"I am Cleo. {ABOUT}")),
    rule(
        "",
        r"yes|no|ok|okay|yep|nope|yeah|sure",
        read=reply("There is no open question that this could answer."),
    ),
)
