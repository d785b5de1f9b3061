"""What people see is what runs: nothing in a question hides, turns around or looks like something else."""

import json
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.support.agent_harness import AgentHarness

from cleo.agent.approval.prompt_text import visible
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


DECEIVING = {
    "musical format mark": ("pay\U0001d173pal", "pay[U+1D173 MUSICAL SYMBOL BEGIN BEAM]pal"),
    "hieroglyph joiner": ("a\U00013430b", "a[U+13430 EGYPTIAN HIEROGLYPH VERTICAL JOINER]b"),
    "shorthand format": ("a\U0001bca0b", "a[U+1BCA0 SHORTHAND FORMAT LETTER OVERLAP]b"),
    "Arabic number sign": ("a\u0600b", "a[U+0600 ARABIC NUMBER SIGN]b"),
    "no-break space": ("to\u00a0all", "to[U+00A0 NO-BREAK SPACE]all"),
    "ideographic space": ("to\u3000all", "to[U+3000 IDEOGRAPHIC SPACE]all"),
    "thin space": ("to\u2009all", "to[U+2009 THIN SPACE]all"),
    "ogham space": ("to\u1680all", "to[U+1680 OGHAM SPACE MARK]all"),
    "long strike": (
        "n\u0336o\u0336t",
        "n[U+0336 COMBINING LONG STROKE OVERLAY]o[U+0336 COMBINING LONG STROKE OVERLAY]t",
    ),
    "short strike": ("n\u0335o", "n[U+0335 COMBINING SHORT STROKE OVERLAY]o"),
    "slash through": ("n\u0338o", "n[U+0338 COMBINING LONG SOLIDUS OVERLAY]o"),
    "enclosing mark": ("5\u20e0", "5[U+20E0 COMBINING ENCLOSING CIRCLE BACKSLASH]"),
    "pile of accents": ("z\u0300\u0301\u0302\u0303", "z\u0300\u0301[U+0302 COMBINING CIRCUMFLEX ACCENT]["),
    "accent in the air": ("a \u0301b", "a [U+0301 COMBINING ACUTE ACCENT]b"),
    "accent on a digit": ("1\u0307", "1[U+0307 COMBINING DOT ABOVE]"),
    "Cyrillic in a mailbox": ("аnna@example.com", "[U+0430 CYRILLIC SMALL LETTER A]nna@example.com"),
    "Greek in a word": ("disk οne", "[U+03BF GREEK SMALL LETTER OMICRON]ne"),
    "Cherokee in a word": ("Ꭺnna", "[U+13AA CHEROKEE LETTER GO]nna"),
    "Armenian in a word": ("օne", "[U+0585 ARMENIAN SMALL LETTER OH]ne"),
    "a whole word of another script": ("аррӏе", "[U+0430 CYRILLIC SMALL LETTER A]"),
    "such a word beside a real one": ("disk ԁіѕк", "disk [U+0501 CYRILLIC SMALL LETTER KOMI DE]"),
    "phonetic letter": ("pɑypal", "p[U+0251 LATIN SMALL LETTER ALPHA]ypal"),
    "bold letters of mathematics": ("𝐩𝐚y", "[U+1D429 MATHEMATICAL BOLD SMALL P]"),
    "full-width letters": ("ｐaypal", "[U+FF50 FULLWIDTH LATIN SMALL LETTER P]aypal"),
    "full-width dot": ("paypal．com", "paypal[U+FF0E FULLWIDTH FULL STOP]com"),
    "ideographic dot": ("paypal。com", "paypal[U+3002 IDEOGRAPHIC FULL STOP]com"),
    "half-width ideographic dot": ("paypal｡com", "paypal[U+FF61 HALFWIDTH IDEOGRAPHIC FULL STOP]com"),
    "Lisu dot": ("paypalꓸcom", "paypal[U+A4F8 LISU LETTER TONE MYA TI]com"),
    "leader dot": ("paypal․com", "paypal[U+2024 ONE DOT LEADER]com"),
    "division slash": ("https://paypal.com∕evil.example", "paypal.com[U+2215 DIVISION SLASH]evil.example"),
    "fraction slash": ("https://paypal.com⁄evil.example", "paypal.com[U+2044 FRACTION SLASH]evil.example"),
    "full-width slash": (
        "https://paypal.com／evil.example",
        "paypal.com[U+FF0F FULLWIDTH SOLIDUS]evil.example",
    ),
    "full-width at": ("anna＠example.com", "anna[U+FF20 FULLWIDTH COMMERCIAL AT]example.com"),
    "colon of Armenian": ("evil։com", "evil[U+0589 ARMENIAN FULL STOP]com"),
    "click instead of a mark": ("wowǃ", "wow[U+01C3 LATIN LETTER RETROFLEX CLICK]"),
    "colon of phonetics": (
        "httpsː//evil.example",
        "https[U+02D0 MODIFIER LETTER TRIANGULAR COLON]//evil.example",
    ),
    "hyphen in a host": ("my‐bank.com", "my[U+2010 HYPHEN]bank.com"),
    "dash in a host": ("my–bank.com", "my[U+2013 EN DASH]bank.com"),
    "digits of another script": ("+߄߉ 151", "+[U+07C4 NKO DIGIT FOUR][U+07C9 NKO DIGIT NINE] 151"),
    "full-width digits": ("＋４９", "[U+FF0B FULLWIDTH PLUS SIGN][U+FF14 FULLWIDTH DIGIT FOUR]"),
    "circled digit": ("①", "[U+2460 CIRCLED DIGIT ONE]"),
    "Roman numeral": ("ⅽom", "[U+217D SMALL ROMAN NUMERAL ONE HUNDRED]om"),
    "spaces that push": (f"a{' ' * 60}b", "a[U+0020 SPACE × 60]b"),
    "space in front": (" a", "[U+0020 SPACE]a"),
    "one of our own notes": (
        "[U+200B ZERO WIDTH SPACE]",
        "[U+005B LEFT SQUARE BRACKET]U+200B ZERO WIDTH SPACE]",
    ),
    "our own sign for a line": ("a⏎b", "a[U+23CE RETURN SYMBOL]b"),
    "selector without emoji": ("a\ufe0fb", "a[U+FE0F VARIATION SELECTOR-16]b"),
    "joiner without emoji": ("👍\u200dx", "👍[U+200D ZERO WIDTH JOINER]x"),
}


@pytest.mark.parametrize(("text", "shown"), DECEIVING.values(), ids=DECEIVING)
async def test_what_would_be_taken_for_something_else_is_named(
    harness: AgentHarness, text: str, shown: str
) -> None:
    assert shown in await asked(harness, text)


@pytest.mark.parametrize(
    "text",
    [
        "Привет, как дела? Это моя рука. А у вас?",
        "Γειά σου, τι κάνεις;",
        "你好！今天我们用 WhatsApp，好吗？（谢谢）",
        "日本語のテキスト、USBメモリ。カタカナー",
        "한국어 텍스트입니다.",
        "مرحبا، الساعة ٣٠",
        "שלום, מה שלומך?",
        "नमस्ते दुनिया",
        "สวัสดีครับ",
        "Yarın İstanbul'a geliyorum, ışık var",
        "Tiếng Việt có nhiều dấu",
        "naïve café, e\u0301, Łódź, fjörð, ŋ",
        "“Hi” – it’s… 5 €, 20 °C, ½ l, x², 1º, №5",
        "👍🏽 ❤️ 👨‍👩‍👧 🇩🇪 ✅ ©️",
        "https://example.com/ü?q=%20#x",
    ],
)
async def test_what_people_really_write_is_shown_as_it_is(harness: AgentHarness, text: str) -> None:
    assert f"`{text}`" in await asked(harness, text)


@pytest.mark.parametrize("mark", ["*bold*", "~gone~", "_slanted_", "> quote", "- one", "1. one", "```x```"])
async def test_marks_of_whatsapp_mean_nothing_in_what_is_shown_in_full(
    harness: AgentHarness, mark: str
) -> None:
    texts = await harness.say(f"do fetch {json.dumps({'url': f'{mark} ' + 'word ' * 2000 + mark})}")
    whole, question = texts[:-1], texts[-1]
    assert len(whole) > 2
    assert "(whole text above)" in question
    lines = [line for text in whole for line in text.split("\n")][1:]
    quoted = [line.removeprefix("url: ") for line in lines]
    assert all(line[0] == line[-1] == "`" and line.count("`") == 2 for line in quoted)
    assert all(" " not in (line[1], line[-2]) for line in quoted)
    assert "".join(line.strip("`") for line in quoted).count("word ") == 2000
    assert max(map(len, whole)) <= 4000


def test_showing_a_text_takes_time_in_proportion_to_its_length() -> None:
    for unit in ("-a", "a.", "а", "é", "\u0301", "[U+", "@", "。", " ", "\n", "👍\u200d", "a-", "٣"):
        took = [cpu_time(unit * count) for count in (5_000, 20_000)]
        assert took[1] < 8 * max(took[0], 0.02), unit


def cpu_time(text: str) -> float:
    start = time.process_time()
    visible(text)
    return time.process_time() - start
