"""Tools of the stories, named by CLEO_TOOLS. What they do can be counted in the file that SCENARIO_EFFECTS names."""

import os
from pathlib import Path

from cleo.ports import ToolContext
from cleo.tools import tool


@tool(requires_confirmation=True, title="press a button")
def press(ctx: ToolContext, button: str) -> str:
    """Press a button.

    Args:
        button: Its colour.
    """
    with Path(os.environ["SCENARIO_EFFECTS"]).open("a", encoding="utf-8") as effects:
        effects.write(f"{button}\n")
    return f"Pressed {button}."
