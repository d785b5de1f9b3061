"""What people wrote comes back byte for byte: model, tool and outbox never read it as Markdown."""

from tests.support.system import System

WORDS = (
    r"The share is \\server\_data",
    r"\d+\.\d+ and \_x\_",
    "https://en.wikipedia.org/wiki/Mercury_(planet) or https://a.b/~anna/",
    "buy *milk* and _eggs_, ~not~ **butter**",
    "`code` and ```more``` code",
    "2 * 3 * 4 is __init__",
    "see [here](https://a.b/c_d) &amp; <b>bold</b>",
    "**注意：**今天",
    "~/notes/a_b_c.txt, C:\\new_*",
)


async def test_a_note_is_shown_as_it_was_written(shared: System) -> None:
    ann = shared.owner()
    for words in WORDS:
        await ann.say(f"note: {words}")
        assert (await ann.hears("kept:")).text.endswith(f"kept: {words}")
    await ann.say("my notes")
    shown = (await ann.hears("Your notes")).text
    assert [words for words in WORDS if words not in shown] == []
