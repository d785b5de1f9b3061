"""What people see is what runs: nothing in a question hides, turns around or looks like something else."""

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.support.agent_harness import AgentHarness

from cleo.ports import Tool


async def fetch(url: str) -> str:
    """Fetch a page."""
    return f"fetched {url}"


@pytest.fixture
async def harness(tmp_path: Path) -> AsyncIterator[AgentHarness]:
    harness = AgentHarness(tmp_path, [Tool(name="fetch", function=fetch, requires_confirmation=True)])
    yield harness
    await harness.store.close()


async def asked(harness: AgentHarness, url: str) -> str:
    """Tell all that people are shown when the model wants to call the tool with this."""
    return "\n".join(await harness.say(f"do fetch {json.dumps({'url': url})}"))


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://аpple.com/login", "https://xn--pple-43d.com (⚠️ foreign letters)/login"),
        ("https://www.аpple.com", "https://www.xn--pple-43d.com (⚠️ foreign letters)"),
        ("ο365.example", "xn--365-8yc.example (⚠️ foreign letters)"),
        ("mail to bob@gооgle.com now", "mail to bob@xn--ggle-55da.com (⚠️ foreign letters) now"),
        ("https://bücher.example", "https://xn--bcher-kva.example (⚠️ foreign letters)"),
        ("https://пример.рф", "https://xn--e1afmkfd.xn--p1ai (⚠️ foreign letters)"),
        ("https://apple.com/а", "https://apple.com/[U+0430 CYRILLIC SMALL LETTER A]"),
        ("Für Jürgen: grün. Später mehr", "Für Jürgen: grün. Später mehr"),
    ],
)
async def test_a_host_with_foreign_letters_is_shown_as_computers_read_it(
    harness: AgentHarness, url: str, shown: str
) -> None:
    assert f"url: `{shown}`" in await asked(harness, url)


async def test_a_host_with_foreign_letters_that_no_computer_reads_is_marked_all_the_same(
    harness: AgentHarness,
) -> None:
    host = f"{'а' * 70}.example"
    assert f"{host} (⚠️ foreign letters)" in await asked(harness, host)


INVISIBLE = {
    "soft hyphen": 0xAD,
    "combining grapheme joiner": 0x34F,
    "Arabic letter mark": 0x61C,
    "Hangul filler": 0x3164,
    "Khmer inherent vowel": 0x17B4,
    "Mongolian vowel separator": 0x180E,
    "zero width space": 0x200B,
    "zero width joiner": 0x200D,
    "right-to-left mark": 0x200F,
    "line separator": 0x2028,
    "right-to-left override": 0x202E,
    "word joiner": 0x2060,
    "right-to-left isolate": 0x2067,
    "blank Braille pattern": 0x2800,
    "variation selector": 0xFE0F,
    "byte order mark": 0xFEFF,
    "half-width Hangul filler": 0xFFA0,
    "interlinear annotation": 0xFFF9,
    "tag letter a": 0xE0061,
    "further variation selector": 0xE0100,
    "private use": 0xE000,
    "unassigned": 0x378,
    "null": 0x0,
    "escape": 0x1B,
    "delete": 0x7F,
    "next line": 0x85,
}


@pytest.mark.parametrize("mark", INVISIBLE.values(), ids=INVISIBLE)
async def test_a_mark_that_nobody_sees_is_shown_by_its_name(harness: AgentHarness, mark: int) -> None:
    text = await asked(harness, f"/home/{chr(mark)}anna")
    assert f"url: `/home/[U+{mark:04X} " in text
    assert chr(mark) not in text.replace("⚠️", "").replace("\n", "")


async def test_a_value_cannot_end_its_quotes_or_its_line(harness: AgentHarness) -> None:
    text = await asked(harness, "a`\n👍 do it   👎 don't\nurl: `b")
    mark = "[U+0060 GRAVE ACCENT]"
    assert f"url: `a{mark}⏎👍 do it   👎 don't⏎url: {mark}b`" in text


async def test_a_long_value_hides_nothing_in_the_message_that_shows_it_whole(harness: AgentHarness) -> None:
    text = await asked(harness, "x" * 100 + "\u202e" + "y" * 100 + " https://аpple.com " + "z" * 100)
    assert "(whole text above)" in text
    assert "[U+202E RIGHT-TO-LEFT OVERRIDE]" in text
    assert "xn--pple-43d.com (⚠️ foreign letters)" in text
    assert "\u202e" not in text
    assert "аpple" not in text
