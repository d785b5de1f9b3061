"""Pictures that people send reach a model that sees, by real HTTP: the newest as bytes, older ones by name."""

import base64
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic_ai.models import Model
from pydantic_ai.models.openai import OpenAIChatModel
from pydantic_ai.profiles import ModelProfile
from pydantic_ai.providers.openai import OpenAIProvider
from tests.support.agent_harness import AgentHarness
from tests.support.openai_mock import Calls, OpenAIMock, Says

from cleo.agent import ImageAttacher, ModelLoop, RunLimits
from cleo.domain.content import File
from cleo.models import resolve_model
from cleo.ports import Tool
from cleo.store import DiskFiles

NEWEST = 3
LARGEST = 5 * 1024 * 1024


async def look() -> str:
    """Look."""
    return "seen"


@pytest.fixture
def server() -> Iterator[OpenAIMock]:
    with OpenAIMock() as server:
        yield server


@pytest.fixture
async def harness(tmp_path: Path, server: OpenAIMock) -> AsyncIterator[AgentHarness]:
    harness = AgentHarness(tmp_path, [Tool(name="look", function=look, read_only=True)])
    choice = resolve_model("openai-chat:mock-1", {"OPENAI_BASE_URL": server.base_url})
    async with choice.model:
        answering(harness, choice.model)
        yield harness
        await harness.store.close()


def answering(harness: AgentHarness, model: Model) -> None:
    """Let this model answer, as a whole Cleo has it."""
    seeing = ImageAttacher(DiskFiles(harness.root / "files"))
    harness.loop = ModelLoop(model=model, tools=harness.tools.values(), bounds=RunLimits(), images=seeing)
    harness.worker.loop = harness.loop


async def shows(harness: AgentHarness, data: bytes, mimetype: str = "image/png", caption: str = "") -> None:
    """Send a picture; each has a URL of its own."""
    url = f"u{len(harness.channel.files)}"
    harness.channel.files[url] = data
    await harness.say(File(kind="image", url=url, mimetype=mimetype, caption=caption, name=f"{url}.png"))


def seen(request: dict[str, Any]) -> list[bytes]:
    """The pictures in a request that the model got, in their order."""
    urls = [
        piece["image_url"]["url"]
        for message in request["messages"]
        if isinstance(message["content"], list)
        for piece in message["content"]
        if piece["type"] == "image_url"
    ]
    return [base64.b64decode(url.partition(";base64,")[2]) for url in urls]


def words(request: dict[str, Any]) -> str:
    """All that the people said in a request, pictures left out."""
    said: list[str] = []
    for message in request["messages"]:
        if message["role"] == "user":
            content = message["content"]
            pieces = [{"type": "text", "text": content}] if isinstance(content, str) else content
            said += [piece["text"] for piece in pieces if piece["type"] == "text"]
    return "\n".join(said)


async def test_a_picture_reaches_the_model_as_it_was_sent_beside_its_words(
    harness: AgentHarness, server: OpenAIMock
) -> None:
    server.script = [Says("A cat.")]
    await shows(harness, b"a cat", caption="what is this?")
    [request] = server.requests
    assert seen(request) == [b"a cat"]
    assert "data:image/png;base64," in str(request)
    assert "what is this?" in words(request)
    assert "⟦image u0.png" in words(request)
    assert harness.channel.delivered[-1].text == "A cat."


async def test_the_model_still_sees_a_picture_after_it_called_a_tool(
    harness: AgentHarness, server: OpenAIMock
) -> None:
    server.script = [Calls((("look", {}),)), Says("A cat.")]
    await shows(harness, b"a cat")
    assert [seen(request) for request in server.requests] == [[b"a cat"], [b"a cat"]]


async def test_only_the_newest_pictures_are_sent_and_the_older_ones_are_named(
    harness: AgentHarness, server: OpenAIMock
) -> None:
    for number in range(NEWEST + 2):
        await shows(harness, f"picture {number}".encode())
        sent = [f"picture {n}".encode() for n in range(number + 1)]
        assert seen(server.requests[-1]) == sent[-NEWEST:]
    for number in range(NEWEST + 2):
        assert f"⟦image u{number}.png" in words(server.requests[-1])
    await harness.say("which was the first?")
    assert seen(server.requests[-1]) == [b"picture 2", b"picture 3", b"picture 4"]


async def test_of_a_burst_the_model_sees_no_more_pictures_than_of_single_ones(
    harness: AgentHarness, server: OpenAIMock
) -> None:
    for number in range(NEWEST + 2):
        harness.channel.files[f"u{number}"] = f"picture {number}".encode()
        await harness.hear(File(kind="image", url=f"u{number}", mimetype="image/png"))
    await harness.later(5)
    assert [len(seen(request)) for request in server.requests] == [NEWEST]
    assert words(server.requests[0]).count("⟦image") == NEWEST + 2


async def test_pictures_are_kept_as_references_not_as_bytes(
    harness: AgentHarness, server: OpenAIMock
) -> None:
    await shows(harness, b"a cat" * 1000)
    [chat] = {message.to for message in harness.channel.delivered}
    bodies = await harness.store.read(lambda tx: tx.transcript.window(chat, 60))
    assert base64.b64encode(b"a cat" * 1000)[:100] not in b"".join(bodies)


async def test_a_picture_is_seen_up_to_five_megabytes(harness: AgentHarness, server: OpenAIMock) -> None:
    await shows(harness, b"x" * LARGEST)
    assert [len(data) for data in seen(server.requests[-1])] == [LARGEST]
    await shows(harness, b"y" * (LARGEST + 1))
    assert [len(data) for data in seen(server.requests[-1])] == [LARGEST]
    assert "⟦image u1.png" in words(server.requests[-1])


@pytest.mark.parametrize(
    ("mimetype", "is_seen"),
    [
        ("image/png", True),
        ("image/jpeg", True),
        ("image/webp", True),
        ("image/gif", True),
        ("image/jpeg; codecs=x", True),
        ("image/svg+xml", False),
        ("image/heic", False),
        ("application/pdf", False),
    ],
)
async def test_only_pictures_of_kinds_that_models_read_are_sent(
    harness: AgentHarness, server: OpenAIMock, mimetype: str, is_seen: bool
) -> None:
    await shows(harness, b"data", mimetype)
    [request] = server.requests
    assert seen(request) == ([b"data"] if is_seen else [])
    assert "⟦image u0.png" in words(request)


async def test_a_model_that_does_not_see_is_told_of_pictures_and_gets_none(
    harness: AgentHarness, server: OpenAIMock
) -> None:
    provider = OpenAIProvider(base_url=server.base_url, api_key="none")
    blind = ModelProfile(supports_image_input=False)
    async with OpenAIChatModel("mock-1", provider=provider, profile=blind) as model:
        answering(harness, model)
        await shows(harness, b"a cat", caption="what is this?")
    [request] = server.requests
    assert seen(request) == []
    assert "⟦image u0.png" in words(request)
    assert "what is this?" in words(request)
    assert "base64" not in str(request)


async def test_a_picture_whose_file_is_gone_is_named_and_the_answer_comes(
    harness: AgentHarness, server: OpenAIMock
) -> None:
    await shows(harness, b"a cat")
    for path in (harness.root / "files").rglob("*"):
        if path.is_file():
            path.unlink()
    server.script = [Says("I cannot see it any more.")]
    assert await harness.say("what was it?") == ["I cannot see it any more."]
    assert seen(server.requests[-1]) == []
    assert "⟦image u0.png" in words(server.requests[-1])
