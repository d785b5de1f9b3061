"""Questions with answers to tap."""

from cleo.domain.content import Choices, Option
from cleo.domain.errors import ToolError
from cleo.ports import ToolContext
from cleo.tools.definition.decorator import tool

_MOST = 20
_LONGEST = 1000


@tool(repeatable=True, title="offer answers to tap")
async def offer_choices(ctx: ToolContext, question: str, options: list[str]) -> str:
    """Ask the person something that has a few short answers, as buttons or a list where WhatsApp can show them.

    The answer comes as their next message. Not for permission to do something: that is asked by the system.

    Args:
        question: What to ask, at most 1000 characters.
        options: Two to ten different answers, best at most 20 characters each.
    """
    titles = [" ".join(option.split()) for option in options]
    if not question.strip() or len(question) > _LONGEST:
        raise ToolError(f"The question must have 1 to {_LONGEST} characters. Nothing was asked.")
    if not 2 <= len(titles) <= _MOST or len(set(titles)) < len(titles) or not all(titles):
        raise ToolError(f"There must be 2 to {_MOST} different answers. Nothing was asked.")
    offered = tuple(Option(id=f"choice-{number}", title=title) for number, title in enumerate(titles, 1))
    await ctx.say(Choices(body=question.strip(), options=offered))
    return "The question is shown with its answers. Say nothing more; wait for the answer."
