"""What the rule model understands, subject by subject, in the order in which it is tried.

An intent belongs to a tool and is tried only when the agent has that tool, with the arguments that it needs.
"""

from cleo.models.basic.intents import figures, files, lists, messages, notes, reminders
from cleo.models.basic.intents.talk import ABOUT, capabilities, talk
from cleo.models.basic.request import Intent

INTENTS: tuple[tuple[str, Intent], ...] = (
    ("add_note", notes.add_note),
    ("cancel_reminder", reminders.cancel_reminder),
    ("list_reminders", reminders.list_reminders),
    ("set_reminder", reminders.set_reminder),
    ("delete_note", notes.delete_note),
    ("list_notes", notes.list_notes),
    ("send_message", messages.send_message),
    ("delete_file", files.delete_file),
    ("list_files", files.list_files),
    ("clear_list", lists.clear_list),
    ("add_to_list", lists.add_to_list),
    ("remove_from_list", lists.remove_from_list),
    ("delete_list", lists.delete_list),
    ("show_list", lists.show_list),
    ("calculate", figures.calculate),
    ("current_time", figures.current_time),
    ("convert_time", figures.convert_time),
    ("convert", figures.convert),
    ("send_file", files.send_file),
    ("find_notes", notes.find_notes),
)

__all__ = ["ABOUT", "INTENTS", "capabilities", "talk"]
