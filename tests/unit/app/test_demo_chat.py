"""The demo's chat, without a WhatsApp: a phone that keeps what it is told, and says what the test lets it say."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, cast

import pytest

from cleo.app.demo.chat import Bubble, Chat
from cleo.app.demo.commands import run_command
from cleo.app.demo.script import play, read_script
from cleo.channels.whatsapp.demo.phone import Arrival, DemoError, DemoPhone


class FakePhone:
    def __init__(self) -> None:
        self.did: list[tuple[Any, ...]] = []
        self.incoming: asyncio.Queue[Arrival] = asyncio.Queue()

    async def say(self, text: str, quote: str | None = None) -> str:
        self.did.append(("say", text, quote))
        return f"mine-{len(self.did)}"

    async def send_file(self, path: Path, caption: str = "") -> str:
        self.did.append(("file", path, caption))
        return f"mine-{len(self.did)}"

    async def react(self, to: str, emoji: str, *, own: bool) -> str:
        self.did.append(("react", to, emoji, own))
        return f"mine-{len(self.did)}"

    async def press(self, title: str, to: str | None = None) -> str:
        self.did.append(("press", title, to))
        return f"mine-{len(self.did)}"

    async def arrivals(self) -> AsyncIterator[Arrival]:
        while True:
            yield await self.incoming.get()

    async def typing(self) -> AsyncIterator[bool]:
        yield True
        await asyncio.Event().wait()

    def hears(
        self, id: str, text: str, kind: str = "text", to: str = "", choices: tuple[str, ...] = ()
    ) -> None:
        arrival = Arrival(seq=1, id=id, kind=kind, text=text, to=to, choices=choices)
        self.incoming.put_nowait(arrival)


class FakeScreen:
    def __init__(self) -> None:
        self.shown: list[Bubble] = []
        self.signs: list[bool] = []

    def bubble(self, bubble: Bubble) -> None:
        self.shown.append(bubble)

    def typing(self, on: bool) -> None:
        self.signs.append(on)


class Talk:
    def __init__(self) -> None:
        self.phone = FakePhone()
        self.screen = FakeScreen()
        self.chat = Chat(cast("DemoPhone", self.phone), self.screen)

    async def hear(self, id: str, text: str, **more: Any) -> None:
        self.phone.hears(id, text, **more)
        assert await self.chat.wait_for(lambda said: said == text, 5)

    async def do(self, line: str) -> None:
        assert await run_command(self.chat, line, folder=Path("folder"))


@asynccontextmanager
async def talking() -> AsyncGenerator[Talk]:
    talk = Talk()
    listening = asyncio.create_task(talk.chat.listen())
    try:
        yield talk
    finally:
        listening.cancel()
        await asyncio.gather(listening, return_exceptions=True)


async def test_both_sides_are_numbered_as_they_appear() -> None:
    async with talking() as talk:
        await talk.chat.say("hello")
        await talk.hear("theirs", "hi")
        await talk.chat.say("bye")
    assert [(bubble.number, bubble.mine, bubble.text) for bubble in talk.screen.shown] == [
        (1, True, "hello"),
        (2, False, "hi"),
        (3, True, "bye"),
    ]
    assert talk.screen.shown[1].took is not None
    assert True in talk.screen.signs


async def test_reactions_and_replies_reach_the_message_that_the_number_names() -> None:
    async with talking() as talk:
        await talk.do("file 'a picture.png' have a look")
        await talk.hear("one", "first")
        await talk.hear("two", "second")
        for line in ("react 👍", "unreact", "react 1 🎉", "quote 2 and this?"):
            await talk.do(line)
    assert talk.phone.did == [
        ("file", Path("folder/a picture.png"), "have a look"),
        ("react", "two", "👍", False),
        ("react", "two", "", False),
        ("react", "mine-1", "🎉", True),
        ("say", "and this?", "one"),
    ]


async def test_buttons_are_pressed_by_number_or_by_words_on_the_message_that_showed_them_last() -> None:
    async with talking() as talk:
        await talk.hear("old", "Sure?", choices=("Yes", "No"))
        await talk.hear("question", "Delete?", choices=("👍 Do it", "👎 Don't"))
        await talk.hear("later", "by the way")
        for line in ("press 1", "press 👎", "press do it"):
            await talk.do(line)
    assert talk.phone.did == [
        ("press", "👍 Do it", "question"),
        ("press", "👎 Don't", "question"),
        ("press", "👍 Do it", "question"),
    ]
    assert [bubble.text for bubble in talk.screen.shown[3:5]] == ["↩ 2  [👍 Do it]", "↩ 2  [👎 Don't]"]


@pytest.mark.parametrize("what", ["", "3", "0", "perhaps", "do"])
async def test_a_press_that_names_no_button_or_two_is_told_which_there_are(what: str) -> None:
    async with talking() as talk:
        await talk.hear("question", "Delete?", choices=("👍 Do it", "👎 Don't do it"))
        with pytest.raises(DemoError, match=r"press 1 \[👍 Do it\]  or  press 2 \[👎 Don't do it\]"):
            await talk.do(f"press {what}")
    assert talk.phone.did == []


async def test_what_cleo_does_to_a_message_is_told_beside_it() -> None:
    async with talking() as talk:
        await talk.chat.say("hello")
        await talk.hear("theirs", "hi")
        await talk.hear("r", "🟢", kind="reaction", to="theirs")
        await talk.hear("e", "hi there", kind="edit", to="theirs")
        await talk.hear("d", "", kind="revoke", to="theirs")
    told = [bubble.text for bubble in talk.screen.shown if bubble.number is None]
    assert told == ["🟢 on 2", "✎ 2 now reads: hi there", "deleted 2"]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("press 1", "Cleo has offered nothing to press."),
        ("react 👍", "Cleo has not said anything yet."),
        ("react", "Write it like this: react"),
        ("unreact", "There is no reaction to take back."),
        ("quote 99 hello", "There is no message 99."),
        ("quote", "Write it like this: quote 3"),
        ("file", "Name a file"),
    ],
)
async def test_what_cannot_be_done_is_said(line: str, said: str) -> None:
    async with talking() as talk:
        with pytest.raises(DemoError, match=said):
            await talk.do(line)


async def test_each_wait_looks_behind_what_the_one_before_it_found(tmp_path: Path) -> None:
    script = tmp_path / "a.script"
    script.write_text("> hello\nwait one\nwait two\nwithin 0.1s one\n")
    async with talking() as talk:
        for text in ("one", "two"):
            talk.phone.hears(text, text)
        with pytest.raises(DemoError, match=r"a\.script, line 4: within 0\.1s one"):
            await play(talk.chat, script)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("dance", "This is no line of a script"),
        ("wait [", "is not a regular expression"),
        ("within soon hello", "'soon' is no time"),
    ],
)
def test_a_script_that_could_never_work_is_refused_before_anything_starts(
    line: str, said: str, tmp_path: Path
) -> None:
    script = tmp_path / "wrong.script"
    script.write_text(f"# comment\n\n> hello\n{line}\n")
    with pytest.raises(DemoError) as caught:
        read_script(script)
    assert f"wrong.script, line 4: {line}" in str(caught.value)
    assert said in str(caught.value)
