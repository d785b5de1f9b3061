"""What the model can do: one file a subject.

Users write their own tools with `from cleo.tools import tool, ToolContext`.
"""

from cleo.domain.content import File, Text
from cleo.domain.errors import ToolError
from cleo.ports import Tool, ToolContext
from cleo.tools.calculator import calculate
from cleo.tools.calendar import CronRepeats
from cleo.tools.choices import offer_choices
from cleo.tools.clock import convert_time, current_time
from cleo.tools.definition.decorator import tool
from cleo.tools.definition.load import load
from cleo.tools.files import delete_file, list_files, send_file
from cleo.tools.help import help
from cleo.tools.lists import add_to_list, clear_list, delete_list, remove_from_list, show_list
from cleo.tools.messages import send_message
from cleo.tools.notes import add_note, delete_note, find_notes, list_notes
from cleo.tools.read_more import read_more
from cleo.tools.reminders import cancel_reminder, list_reminders, set_reminder
from cleo.tools.units import convert

TOOLS: tuple[Tool, ...] = (
    set_reminder,
    list_reminders,
    cancel_reminder,
    add_note,
    list_notes,
    find_notes,
    delete_note,
    add_to_list,
    show_list,
    remove_from_list,
    clear_list,
    delete_list,
    calculate,
    convert,
    current_time,
    convert_time,
    send_message,
    offer_choices,
    list_files,
    send_file,
    delete_file,
    read_more,
    help,
)
"""Every tool that comes with Cleo."""

__all__ = ["TOOLS", "CronRepeats", "File", "Text", "Tool", "ToolContext", "ToolError", "load", "tool"]
