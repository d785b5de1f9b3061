"""Messages to somebody else, and files that come back."""

import json
from dataclasses import asdict

import pytest
from tests.support.tool_harness import ToolHarness

from cleo.domain.content import File, FileId, Text
from cleo.domain.errors import ToolError
from cleo.domain.identity import Address
from cleo.ports import Record
from cleo.tools.files import delete_file, list_files, send_file
from cleo.tools.messages import send_message


@pytest.mark.parametrize(
    "written",
    ["+49 151 23456789", "0049 151/23456789", "(0151) 2345-6789", "tel:+4915123456789", "0151 23 45 67 89"],
)
async def test_a_number_in_any_spelling_is_one_address(harness: ToolHarness, written: str):
    await harness.meet(Address("phone:+4917012345678"))
    said = await harness.call(send_message, to=written, text=" I am late ")
    [sent] = harness.said
    assert sent.to == Address("phone:+4915123456789")
    assert sent.content == Text(body="I am late")
    assert "+49 1512 3456789" in said


async def test_a_number_without_country_needs_a_country_to_start_from(harness: ToolHarness):
    await harness.meet(Address("lid:123456"))
    with pytest.raises(ToolError, match="country code"):
        await harness.call(send_message, to="0151 23456789", text="hi")
    assert harness.said == []


@pytest.mark.parametrize("to", ["Anna", "", "12", "+49 1", "+999 123456789", "🙂"])
async def test_what_is_no_number_is_refused(harness: ToolHarness, to: str):
    await harness.meet(Address("phone:+4917012345678"))
    with pytest.raises(ToolError, match=r"phone number.*Nothing was sent"):
        await harness.call(send_message, to=to, text="hi")
    assert harness.said == []


@pytest.mark.parametrize("text", ["", "  ", "x" * 4001])
async def test_a_text_that_cannot_be_sent_is_refused(harness: ToolHarness, text: str):
    await harness.meet(Address("phone:+4917012345678"))
    with pytest.raises(ToolError, match="Nothing was sent"):
        await harness.call(send_message, to="+49 151 23456789", text=text)


async def receive(harness: ToolHarness, seq: int, name: str, *, stored: str | None = "ab" * 32) -> None:
    file = File(kind="document", name=name, stored=FileId(stored) if stored else None)
    record = Record(
        id=f"file:{seq}",
        conversation=harness.conversation,
        kind="file",
        name=name,
        body=json.dumps(asdict(file)),
        at=harness.clock.now() + seq,
    )
    await harness.store.write(lambda tx: tx.records.add(record))


async def test_a_file_comes_back_by_number_name_or_as_the_last(harness: ToolHarness):
    await receive(harness, 1, "report.pdf")
    await receive(harness, 2, "holiday.jpg")
    assert await harness.call(list_files) == (
        "Your files:\n1. report.pdf — sent 2026-11-23 15:04\n2. holiday.jpg — sent 2026-11-23 15:04"
    )
    for wanted, name in [
        ("1", "report.pdf"),
        ("holiday.jpg", "holiday.jpg"),
        ("report", "report.pdf"),
        ("last", "holiday.jpg"),
    ]:
        assert name in await harness.call(send_file, file=wanted)
        content = harness.said[-1].content
        assert isinstance(content, File) and content.name == name and content.stored == "ab" * 32


async def test_numbers_of_files_stay_when_one_is_deleted(harness: ToolHarness):
    for seq in (1, 2, 3):
        await receive(harness, seq, f"photo {seq}.jpg")
    line = "2. photo 2.jpg — sent 2026-11-23 15:04"
    for _ in range(2):
        assert await harness.call(delete_file, key="k", file=line) == f"Deleted the file {line}"
    assert "3. photo 3.jpg" in await harness.call(list_files)
    with pytest.raises(ToolError, match="no file"):
        await harness.call(send_file, file="2")


async def test_a_file_that_never_arrived_is_said(harness: ToolHarness):
    await receive(harness, 1, "lost.pdf", stored=None)
    with pytest.raises(ToolError, match="could not be fetched"):
        await harness.call(send_file, file="1")
    assert harness.said == []


async def test_without_files_it_says_so(harness: ToolHarness):
    assert await harness.call(list_files) == "Nobody sent a file here yet."
    with pytest.raises(ToolError):
        await harness.call(send_file, file="last")
