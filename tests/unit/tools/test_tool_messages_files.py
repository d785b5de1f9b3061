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
    [
        "+49 151 23456789",
        "0049 151/23456789",
        "+49 (151) 2345-6789",
        "tel:+4915123456789",
        "+49.151.23456789",
    ],
)
async def test_a_number_in_any_spelling_is_one_address(harness: ToolHarness, written: str):
    assert (await harness.shown(send_message, to=written, text="hi"))["to"] == "+4915123456789"
    said = await harness.call(send_message, to=written, text=" I am late ")
    [sent] = harness.said
    assert sent.to == Address("phone:+4915123456789")
    assert sent.content == Text(body="I am late")
    assert "+49 1512 3456789" in said


@pytest.mark.parametrize(
    "to",
    [
        *(
            "Anna",
            "",
            "12",
            "+49 1",
            "+999 123456789",
            "🙂",
            "0151 23456789",
            "(0151) 2345-6789",
            "151 23456789",
        ),
        *(
            "＋49 151 23456789",
            "+４９ 151 23456789",
            "+٤٩ ١٥١ ٢٣٤٥٦٧٨٩",
            "+߄߉ 151 23456789",
            "+४९ 151 23456789",
        ),
        *("my wife: +1 202 555 0123", "+1 202 555 0123 (my wife)", "+1 800 FLOWERS", "x+49 151 23456789"),
        *("+49 151 23456789 ext. 5", "+49 151 23456789;ext=5", "+49 151 23456789, +1 202 555 0123"),
        *(
            "+49 151 23456789/+1 202 555 0123",
            "+49+151 23456789",
            "+49\u00a0151 23456789",
            "+49\u200b15123456789",
        ),
        "+4915123456789\n+12025550123",
        *(
            "+49 151 2345678O",
            "+49 l51 23456789",
            "tel:+49-151-23456789;phone-context=+1",
            "+49 151 " + "2" * 400,
        ),
    ],
)
async def test_what_is_not_one_whole_number_in_plain_digits_is_refused_before_anybody_is_asked(
    harness: ToolHarness, to: str
):
    await harness.meet(Address("phone:+4917012345678"))
    with pytest.raises(ToolError, match=r"phone number.*Nothing was sent"):
        await harness.shown(send_message, to=to, text="hi")
    with pytest.raises(ToolError, match=r"phone number.*Nothing was sent"):
        await harness.call(send_message, to=to, text="hi")
    assert harness.said == []


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("Anna Müller", "+4915123456789 (“Anna Müller”)"),
        ("”) and +1 202 555 0123 (“Bob", "+4915123456789 (“and Bob”)"),
        ("\u202e+12025550123", "+4915123456789"),
        ("Bob\n+12025550123", "+4915123456789 (“Bob”)"),
        ("x" * 100, f"+4915123456789 (“{'x' * 40}”)"),
        ("", "+4915123456789"),
    ],
)
async def test_a_known_number_is_shown_with_its_name_which_can_pretend_nothing(
    harness: ToolHarness, name: str, shown: str
):
    to = Address("phone:+4915123456789")
    await harness.store.write(lambda tx: tx.people.resolve(frozenset({to}), name, 0.0))
    assert (await harness.shown(send_message, to="+49 151 23456789", text="hi"))["to"] == shown
    await harness.call(send_message, to="+49 151 23456789", text="hi")
    assert [said.to for said in harness.said] == [to]


@pytest.mark.parametrize(
    ("text", "sent"),
    [
        ("**bold** and `code`", "*bold* and `code`"),
        ("# Title\n\ntext", "*Title*\n\ntext"),
        ("[ok](https://evil.example/x)", "ok (https://evil.example/x)"),
        ("~~gone~~", "~gone~"),
        ("  spaces around ", "spaces around"),
    ],
)
async def test_the_words_that_are_shown_are_those_that_are_sent(harness: ToolHarness, text: str, sent: str):
    shown = await harness.shown(send_message, to="+4915123456789", text=text)
    assert shown["text"] == sent
    await harness.call(send_message, to="+4915123456789", text=text)
    [said] = harness.said
    assert (said.content, said.is_plain) == (Text(body=sent), True)


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


@pytest.mark.parametrize(
    "wanted", ["last", "3", "photo 3", "the last one", "3. photo 3.jpg — sent 2026-11-23 15:04"]
)
async def test_a_file_that_was_meant_by_its_place_stays_the_one_that_was_shown(
    harness: ToolHarness, wanted: str
):
    for seq in (1, 2, 3):
        await receive(harness, seq, f"photo {seq}.jpg")
    shown = await harness.shown(delete_file, file=wanted)
    assert str(shown["file"]).startswith("3. photo 3.jpg — sent 2026-11-23 15:04 #")
    await receive(harness, 4, "photo 4.jpg")
    harness.frozen["later"] = shown
    assert "3. photo 3.jpg" in await harness.call(delete_file, key="later")
    assert "4. photo 4.jpg" in await harness.call(list_files)


async def test_files_that_look_alike_are_told_apart_although_their_numbers_moved(harness: ToolHarness):
    await receive(harness, 2, "plan.pdf", stored="aa" * 32)
    await receive(harness, 3, "plan.pdf", stored="bb" * 32)
    harness.frozen["later"] = await harness.shown(delete_file, file="last")
    await receive(harness, 1, "plan.pdf", stored="cc" * 32)  # it was sent earlier, and came late
    with pytest.raises(ToolError, match="no file"):
        await harness.call(delete_file, key="later")
    assert (await harness.call(list_files)).count("plan.pdf") == 3
