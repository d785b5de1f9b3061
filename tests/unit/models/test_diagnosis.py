"""What is wrong with a model, found by one tiny request."""

import pytest
from pydantic_ai.exceptions import ModelHTTPError, ModelQuotaExceededError
from tests.support.openai_mock import Answer, Breaks, Fails, Garbage, Hangs, OpenAIMock, Says

from cleo.models import ask_once, diagnose, resolve_model

KEY = {"OPENAI_API_KEY": "sk-hunter22"}


@pytest.mark.parametrize(
    ("answer", "kind", "said", "fix"),
    [
        (Says("OK"), "answers", "Model: openai-chat:tiny answers", ""),
        (Fails(401, "bad key"), "key", "refuses the key (401: bad key)", "OPENAI_API_KEY"),
        (Fails(403), "key", "refuses the key (403", "OPENAI_API_KEY"),
        (Fails(404, "no such deployment"), "unknown", "(404: no such deployment)", "CLEO_MODEL="),
        (Fails(400, "tools are not supported"), "unknown", "for tiny (400: tools are not", "with tools"),
        (Fails(402), "quota", "is used up (402", "billing"),
        (Fails(429), "busy", "takes no more requests just now (429", "limits"),
        (Fails(500), "server", "has trouble (500", "CLEO_MODEL_FALLBACK="),
        (Garbage(), "odd", "is no server of models", "OPENAI_BASE_URL="),
        (Breaks(), "unreachable", "cannot be reached (", "OPENAI_BASE_URL="),
        (Hangs(1.0), "silent", "does not answer in time", "CLEO_MODEL"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Answer) else str(value),
)
async def test_what_a_server_answers_is_told_with_what_to_do(
    answer: Answer, kind: str, said: str, fix: str
) -> None:
    with OpenAIMock([answer]) as server:
        choice = resolve_model("openai-chat:tiny", {**KEY, "OPENAI_BASE_URL": server.base_url})
        found = await ask_once(choice.model, choice.name, seconds=0.5 if kind == "silent" else 10)
        (request,) = server.requests  # one, whatever comes
    assert (found.kind, said in found.what, fix in found.fix) == (kind, True, True), found
    assert "sk-hunter22" not in found.what
    assert request["tools"]


@pytest.mark.parametrize(
    ("setting", "environment", "fix"),
    [
        ("openai-chat:tiny", {"OPENAI_BASE_URL": "http://127.0.0.1:1/v1"}, "OPENAI_BASE_URL="),
        ("ollama:qwen3", {"OLLAMA_HOST": "127.0.0.1:1"}, "Start Ollama"),
    ],
)
async def test_a_dead_server_is_told(setting: str, environment: dict[str, str], fix: str) -> None:
    choice = resolve_model(setting, {**KEY, **environment}, probe=lambda _: None)
    found = await ask_once(choice.model, choice.name, seconds=10)
    assert found.kind == "unreachable"
    assert "cannot be reached (" in found.what
    assert fix in found.fix


def test_an_account_that_is_used_up_is_told() -> None:
    found = diagnose(ModelQuotaExceededError("gpt", "insufficient_quota"), "openai:gpt")
    assert (found.kind, found.what) == ("quota", "Model: the account of openai is used up")


def test_words_of_a_provider_are_bounded_and_on_one_line() -> None:
    body = {"error": {"message": "a\n" * 10_000}}
    found = diagnose(ModelHTTPError(400, "gpt", body), "openai:gpt")
    assert "\n" not in found.what
    assert len(found.what) < 500


def test_an_ollama_model_that_is_not_there_is_told_how_to_fetch() -> None:
    assert "ollama pull qwen3" in diagnose(ModelHTTPError(404, "qwen3"), "ollama:qwen3").fix


def test_a_password_in_the_address_of_a_server_is_not_shown() -> None:
    found = diagnose(ModelHTTPError(401, "gpt"), "openai-chat:gpt", "http://me:pa55word@llm.lan/v1/")
    assert "at http://llm.lan/v1 refuses" in found.what
