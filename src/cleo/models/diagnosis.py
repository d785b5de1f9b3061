"""What is wrong with a model, for the person who runs Cleo: by one tiny request, or by an error that was raised."""

import asyncio
import re
from dataclasses import dataclass
from typing import Literal

import httpx2
from pydantic_ai.exceptions import (
    ModelAPIError,
    ModelAuthenticationError,
    ModelConnectionError,
    ModelHTTPError,
    ModelNotFoundError,
    ModelQuotaExceededError,
    ModelRateLimitError,
    ModelTimeoutError,
)
from pydantic_ai.messages import ModelMessage, ModelRequest, UserPromptPart
from pydantic_ai.models import Model, ModelRequestParameters
from pydantic_ai.settings import ModelSettings
from pydantic_ai.tools import ToolDefinition

SECONDS = 20.0
"""How long the answer to the tiny request may take."""
Trouble = Literal["key", "unknown", "quota", "busy", "server", "unreachable", "silent", "odd"]
_KEYS = {
    "anthropic": "ANTHROPIC_API_KEY",
    "openai": "OPENAI_API_KEY",
    "openai-chat": "OPENAI_API_KEY",
    "google": "GEMINI_API_KEY",
}
_WORDS = 300
_TOOL = ToolDefinition(
    name="ping", description="Do nothing.", parameters_json_schema={"type": "object", "properties": {}}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnosis:
    """What was found, for the person who runs Cleo."""

    kind: Literal["answers"] | Trouble
    what: str
    fix: str = ""


async def ask_once(model: Model, name: str, *, seconds: float = SECONDS) -> Diagnosis:
    """Ask the model for one word, with one tool, as Cleo's own requests have; `name` as in CLEO_MODEL. Never raises
    what a model or a network can cause.
    """
    parameters = ModelRequestParameters(function_tools=[_TOOL])
    client: object = getattr(model, "client", None)
    if hasattr(
        client, "max_retries"
    ):  # the libraries of OpenAI and Anthropic ask up to three times by themselves
        setattr(client, "max_retries", 0)  # noqa: B010 - an attribute of a library that may not be installed
    prompt: list[ModelMessage] = [ModelRequest(parts=[UserPromptPart("Answer with OK.")])]
    try:
        async with asyncio.timeout(seconds), model:
            await model.request(prompt, ModelSettings(max_tokens=16, timeout=seconds), parameters)
    except Exception as error:
        return diagnose(error, name, model.base_url or "")
    return Diagnosis(kind="answers", what=f"Model: {name} answers")


def diagnose(error: BaseException, name: str, server: str = "") -> Diagnosis:
    """Say what an error of a model means, and what to do; `server` is the base URL, where it is known."""
    provider, _, model = name.partition(":")
    shown = re.sub(r"//[^/@]*@", "//", server).rstrip("/")  # without a password
    place = f"at {shown}" if server else f"of {provider}"
    kind = _kind(error)
    said = _told(error) if isinstance(error, ModelAPIError) else ""
    what = {
        "key": f"the server {place} refuses the key{said}",
        "unknown": f"the server {place} refuses requests for {model}{said}",
        "quota": f"the account {place} is used up{said}",
        "busy": f"the server {place} takes no more requests just now{said}",
        "server": f"the server {place} has trouble{said}",
        "unreachable": f"the server {place} cannot be reached ({_cause(error)})",
        "silent": f"{name} does not answer in time",
        "odd": f"what answers {place} is no server of models ({type(error).__name__})",
    }[kind]
    return Diagnosis(kind=kind, what=f"Model: {what}", fix=_fix(kind, provider, model))


_KINDS: tuple[tuple[tuple[type[BaseException], ...], Trouble], ...] = (
    ((TimeoutError, ModelTimeoutError), "silent"),
    ((ModelQuotaExceededError,), "quota"),
    ((ModelAuthenticationError,), "key"),
    ((ModelNotFoundError,), "unknown"),
    ((ModelRateLimitError,), "busy"),
    ((ModelConnectionError, httpx2.TransportError, OSError), "unreachable"),
)
_BY_STATUS: dict[int, Trouble] = {
    401: "key",
    403: "key",
    402: "quota",
    408: "server",
    409: "server",
    429: "busy",
}


def _kind(error: BaseException) -> Trouble:
    for types, kind in _KINDS:
        if isinstance(error, types):
            return kind
    if isinstance(error, ModelHTTPError):
        return _BY_STATUS.get(error.status_code, "server" if error.status_code >= 500 else "unknown")
    return "server" if isinstance(error, ModelAPIError) else "odd"


def _fix(kind: Trouble, provider: str, model: str) -> str:
    key = _KEYS.get(provider, "the key of its provider")
    by_kind: dict[Trouble, str] = {
        "key": f"Set {key} to one that may use {model}.",
        "quota": "Look at billing and limits on the provider's pages, or use another key or model.",
        "busy": "Wait, or raise the limits of the account on the provider's pages.",
        "server": "Wait, or name a second one: CLEO_MODEL_FALLBACK=openai:gpt-6.1-terra",
        "silent": "Try again, or name a faster one: CLEO_MODEL",
        "unknown": _other_name(provider, model),
    }
    return by_kind.get(kind) or _other_place(provider)


def _told(error: ModelAPIError) -> str:
    """Return the status and the provider's own words, on one line."""
    status = f"{error.status_code}" if isinstance(error, ModelHTTPError) else ""
    body: object = error.body
    for field in ("error", "message"):
        body = body.get(field, body) if isinstance(body, dict) else body  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType] - anything may come
    words = " ".join(body.split())[:_WORDS] if isinstance(body, str) else ""
    inside = ": ".join(part for part in (status, words) if part)
    return f" ({inside})" if inside else ""


def _cause(error: BaseException) -> str:
    """Return the innermost reason: a library wraps what the network said."""
    while error.__cause__ is not None:
        error = error.__cause__
    strerror = getattr(error, "strerror", None)
    words = str(strerror) if strerror else re.sub(r"^\[Errno -?\d+\] ", "", str(error))
    return words or type(error).__name__


def _other_name(provider: str, model: str) -> str:
    if provider == "ollama":
        return f"Fetch it: ollama pull {model}. Or name another one: CLEO_MODEL=ollama:qwen3"
    return f"Name one that it has, with tools: CLEO_MODEL={provider}:…"


def _other_place(provider: str) -> str:
    if provider == "ollama":
        return "Start Ollama, or say where it is: OLLAMA_HOST=http://localhost:11434"
    if provider == "openai-chat":
        return "Start the server, or say where it is: OPENAI_BASE_URL=http://localhost:8080/v1"
    return "Is this machine online? Where a proxy is needed, name it: HTTPS_PROXY=http://proxy:3128"
