"""Notes and lists: kept, found, and gone only when they are meant."""

import re

import pytest
from tests.support.tool_harness import ToolHarness

from cleo.domain.conversation import ConversationId
from cleo.domain.errors import ToolError
from cleo.ports import Tool
from cleo.tools.lists import add_to_list, clear_list, delete_list, remove_from_list, show_list
from cleo.tools.notes import add_note, delete_note, find_notes, list_notes


async def test_a_note_is_kept_once_however_often_the_call_is_repeated(harness: ToolHarness):
    for _ in range(3):
        assert (
            await harness.call(add_note, key="k", text="gate code 4711") == "📝 Note 1 kept: gate code 4711"
        )
    assert await harness.call(list_notes) == "Your notes:\n1. gate code 4711"


async def test_notes_are_found_by_words_in_any_order_and_by_number(harness: ToolHarness):
    await harness.call(add_note, text="The code of the gate is 4711")
    await harness.call(add_note, text="Milk is sour")
    assert "1. The code" in await harness.call(find_notes, words="gate code")
    assert "2. Milk" in await harness.call(find_notes, words="2")
    assert "1. The code" in await harness.call(find_notes, words="what is the gate code")
    assert "No note" in await harness.call(find_notes, words="bicycle")


async def test_a_number_is_never_given_to_another_note(harness: ToolHarness):
    await harness.call(add_note, text="one")
    await harness.call(add_note, text="two")
    await harness.call(delete_note, note="2")
    await harness.call(add_note, text="three")
    assert await harness.call(list_notes) == "Your notes:\n1. one\n3. three"
    with pytest.raises(ToolError, match="no note"):
        await harness.call(delete_note, note="2. two")


async def test_a_line_that_is_gone_is_not_looked_for_in_other_notes(harness: ToolHarness):
    await harness.call(add_note, text="the list says 2. two")
    await harness.call(add_note, text="two")
    await harness.call(delete_note, note="2. two")
    with pytest.raises(ToolError, match="no note"):
        await harness.call(delete_note, note="2. two")
    assert "1. the list says 2. two" in await harness.call(list_notes)


async def test_a_repeated_delete_takes_nothing_else(harness: ToolHarness):
    await harness.call(add_note, text="same")
    await harness.call(add_note, text="same")
    first = await harness.call(delete_note, key="k", note="1. same")
    assert await harness.call(delete_note, key="k", note="1. same") == first
    assert await harness.call(list_notes) == "Your notes:\n2. same"


async def test_words_are_whole_words(harness: ToolHarness):
    await harness.call(add_note, text="buy meat")
    with pytest.raises(ToolError, match="no note"):
        await harness.call(delete_note, note="eat")


async def test_other_chats_see_nothing(harness: ToolHarness):
    await harness.call(add_note, text="secret")
    harness.conversation = ConversationId("whatsapp/bob")
    assert await harness.call(list_notes) == "You have no notes."
    await harness.call(add_note, text="mine")
    assert "1. mine" in await harness.call(list_notes)


@pytest.mark.parametrize("text", ["", " \n", "x" * 10_001])
async def test_a_note_that_cannot_be_is_refused(harness: ToolHarness, text: str):
    with pytest.raises(ToolError):
        await harness.call(add_note, text=text)


async def test_a_list_grows_shrinks_and_goes(harness: ToolHarness):
    await harness.call(add_to_list, items=["milk", " ", "bread"], list="My Shopping List")
    assert await harness.call(show_list, list="shopping") == "Your shopping list:\n1. milk\n2. bread"
    assert await harness.call(remove_from_list, item="Milk") == "✔️ Ticked off: milk"
    assert await harness.call(clear_list, list="shopping") == "Emptied the shopping list (1 items)."
    assert await harness.call(show_list) == "Your shopping list is empty."
    await harness.call(delete_list, list="shopping")
    assert await harness.call(show_list) == "You have no lists."


async def test_without_a_name_it_is_the_only_list_or_shopping(harness: ToolHarness):
    await harness.call(add_to_list, items=["milk"])
    await harness.call(add_to_list, items=["bread"])
    assert await harness.call(show_list) == "Your shopping list:\n1. milk\n2. bread"
    await harness.call(add_to_list, items=["call Bob"], list="tasks")
    both = await harness.call(show_list)
    assert "shopping" in both and "to-do" in both


async def test_a_repeat_adds_and_ticks_off_once(harness: ToolHarness):
    for _ in range(2):
        await harness.call(add_to_list, key="a", items=["egg", "egg"])
    for _ in range(2):
        await harness.call(remove_from_list, key="b", item="1")
    assert await harness.call(show_list) == "Your shopping list:\n2. egg"


async def test_what_is_not_there_is_said_with_what_is(harness: ToolHarness):
    await harness.call(add_to_list, items=["milk"])
    for tool in (clear_list, delete_list, show_list):
        with pytest.raises(ToolError, match=r"no party list.*There are: shopping"):
            await harness.call(tool, list="party")
    with pytest.raises(ToolError, match="no item 'butter'"):
        await harness.call(remove_from_list, item="butter")
    with pytest.raises(ToolError):
        await harness.call(add_to_list, items=[])


@pytest.mark.parametrize("wanted", ["2", "number 2", "same", "2. same note"])
async def test_a_question_names_the_one_note_that_is_meant(harness: ToolHarness, wanted: str):
    await harness.call(add_note, text="another note")
    await harness.call(add_note, text="same note")
    shown = await harness.shown(delete_note, note=wanted)
    assert re.fullmatch(r"2\. same note #[0-9a-f]{8}", str(shown["note"]))
    await harness.call(add_note, text=f"2. same note {str(shown['note'])[-9:]}")
    harness.frozen["later"] = shown
    await harness.call(delete_note, key="later")
    listed = await harness.call(list_notes)
    assert "1. another note" in listed
    assert "3. 2. same note" in listed
    assert "\n2. " not in listed


async def test_what_could_be_several_notes_is_asked_back_before_anybody_is_asked(harness: ToolHarness):
    await harness.call(add_note, text="milk is sour")
    await harness.call(add_note, text="milk is sweet")
    with pytest.raises(ToolError, match="say which"):
        await harness.shown(delete_note, note="milk")


@pytest.mark.parametrize("tool", [clear_list, delete_list])
@pytest.mark.parametrize("wanted", ["shopping", "my shopping list", "groceries"])
async def test_a_question_shows_all_that_goes_with_a_list(harness: ToolHarness, tool: Tool, wanted: str):
    await harness.call(add_to_list, items=["milk", "bread"])
    shown = await harness.shown(tool, list=wanted)
    assert shown == {"list": "shopping (2 items: 1. milk; 2. bread)"}
    harness.frozen["later"] = shown
    assert "2 items" in await harness.call(tool, key="later")


@pytest.mark.parametrize("tool", [clear_list, delete_list])
async def test_a_list_that_changed_since_the_question_stays(harness: ToolHarness, tool: Tool):
    await harness.call(add_to_list, items=["milk"])
    harness.frozen["later"] = await harness.shown(tool, list="shopping")
    await harness.call(add_to_list, items=["bread"])
    with pytest.raises(ToolError, match="changed since the question"):
        await harness.call(tool, key="later")
    assert "2. bread" in await harness.call(show_list)
    harness.frozen["again"] = await harness.shown(tool, list="shopping")
    await harness.call(remove_from_list, item="milk")
    with pytest.raises(ToolError, match="changed since the question"):
        await harness.call(tool, key="again")


async def test_an_empty_list_is_shown_as_one(harness: ToolHarness):
    await harness.call(add_to_list, items=["milk"])
    await harness.call(clear_list, list="shopping")
    assert await harness.shown(delete_list, list="shopping") == {"list": "shopping (0 items)"}
    assert "0 items" in await harness.call(delete_list, list="shopping")
