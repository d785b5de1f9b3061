"""What people can ask for."""

from cleo.ports import ToolContext
from cleo.tools.definition.decorator import tool

_TEXT = """I can, among other things:
• remind you, once or again and again: "remind me tomorrow at 9 to call Anna"
• keep notes and find them: "note: the gate code is 4711" · "what was the gate code?"
• keep lists: "add milk and bread to the shopping list" · "show my lists"
• calculate and convert: "20% of 50" · "6 feet in cm" · "what time is it in Tokyo?"
• keep files that you send me and give them back: "my files" · "send me file 2"
• write to somebody else: "tell +49 151 2345678 that I am late"
Before I delete something or write to somebody else I ask; 👍 on my question does it, 👎 does not."""


@tool(read_only=True)
async def help(ctx: ToolContext) -> str:
    """Tell what people can ask for here, with examples, and how they confirm with 👍."""
    return _TEXT
