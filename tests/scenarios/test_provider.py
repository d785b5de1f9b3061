"""A provider's model through the whole line, over real HTTP."""

import base64

import pytest
from tests.support.echo_model import newest
from tests.support.openai_mock import Calls, Fails, Says
from tests.support.system import System


@pytest.mark.parametrize("stream", ["false", "true"])
async def test_words_tools_and_a_thumbs_up_pass_the_whole_line(provided: System, stream: str) -> None:
    await provided.agent.stop()
    await provided.start_agent(CLEO_STREAM=stream)
    ann, model = provided.owner(), provided.model
    model.script = [
        Says("Good **morning**, Ann."),
        Calls((("calculate", {"expression": "6*7"}),)),
        Says("That is 42."),
        Calls((("press", {"button": f"red-{stream}"}),)),
        Says("It is pressed."),
        Calls((("press", {"button": f"blue-{stream}"}),)),
        Says("Then I leave it."),
    ]
    await ann.say("hello")
    await ann.hears(r"^Good \*morning\*, Ann\.\s*$")
    await ann.say("what is 6 * 7?")
    await ann.hears(r"^That is 42\.\s*$")
    await ann.say("press red")
    await ann.react((await ann.hears("Confirm: press a button.*red")).id, "👍")
    await ann.hears(r"^It is pressed\.\s*$")
    await ann.say("press blue")
    await ann.reply((await ann.hears("Confirm: press a button.*blue")).id, "no, because I am asleep")
    await ann.hears(r"^Then I leave it\.\s*$")
    await provided.quiet()
    assert provided.pressed.count(f"red-{stream}") == 1
    assert f"blue-{stream}" not in provided.pressed
    assert len(await ann.texts()) == 6
    assert [request.get("stream", False) for request in model.requests] == [stream == "true"] * 7
    results = [message["content"] for message in model.requests[-1]["messages"] if message["role"] == "tool"]
    assert results[1] == f"Pressed red-{stream}."
    assert "The user said NO (because I am asleep)" in results[2]
    assert model.refused == []


async def test_a_model_that_is_down_for_a_while_answers_later_and_once(provided: System) -> None:
    ann = provided.owner()
    provided.model.script = [Fails(500)] * 4
    await ann.say("are you there?")
    await ann.hears("^are you there")
    await provided.quiet()
    assert len(await ann.bubbles()) == 1
    assert len(provided.model.requests) == 5


async def test_a_thumbs_up_that_was_taken_back_before_the_other_answers_counts_for_nothing(
    provided: System,
) -> None:
    ann = provided.owner()
    provided.model.script = [
        Calls((("press", {"button": "black"}), ("press", {"button": "white"}))),
        Says("Only one was pressed."),
    ]
    await ann.say("press black and white")
    black, white = await ann.hears("Confirm.*black"), await ann.hears("Confirm.*white")
    await ann.react(black.id, "👍")
    await provided.quiet()
    await ann.react(black.id, "")
    await provided.quiet()
    await ann.say("yes")  # two are open again, so this cannot be meant for one
    await ann.hears("Several questions are open")
    await ann.react(white.id, "👍")
    await ann.reply(black.id, "no")
    await ann.hears("Only one was pressed")
    await provided.quiet()
    assert "white" in provided.pressed
    assert "black" not in provided.pressed


async def test_words_that_are_quoted_reach_the_model_whoever_tells_them(provided: System) -> None:
    ann, model = provided.owner(), provided.model
    model.script = [Says("The bridge is open."), Says("Since noon.")]
    await ann.say("what is new?")
    news = await ann.hears("bridge is open")
    await ann.reply(news.id, "since when?")
    await ann.hears("Since noon")
    assert "⟦in reply to: The bridge is open.⟧" in newest(model.requests[-1])


async def test_a_place_reaches_the_model_as_one(provided: System) -> None:
    ann, model = provided.owner(), provided.model
    place = {"latitude": 52.3731, "longitude": 4.8926, "name": "Dam", "address": "Dam 1, Amsterdam"}
    await ann.send({"location": place})
    await ann.hears()
    told = newest(model.requests[-1])
    assert all(str(part) in told for part in place.values())


async def test_a_picture_is_seen_by_the_model_as_it_was_sent(provided: System) -> None:
    ann, model = provided.owner(), provided.model
    picture = b"\x89PNG\r\n\x1a\n" + bytes(range(256))
    model.script = [Says("A cat.")]
    await ann.send_file("image", picture, "image/png", caption="what is this?")
    await ann.hears(r"^A cat\.\s*$")
    assert "what is this?" in newest(model.requests[-1])
    content = model.requests[-1]["messages"][-1]["content"]
    shown = [part["image_url"]["url"] for part in content if part["type"] == "image_url"]
    assert shown == [f"data:image/png;base64,{base64.b64encode(picture).decode()}"]
