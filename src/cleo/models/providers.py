"""Builds the models of providers. A provider's package is imported only when it is used: each takes a second."""

import importlib
from collections.abc import Callable, Mapping
from pathlib import Path

from pydantic_ai.models import Model

from cleo.domain.errors import ConfigError
from cleo.models.ollama import model_with_tools, servers
from cleo.models.text_tool_calls import TextToolCalls
from cleo.ports.secret_text import flaw_of_secret

Environment = Mapping[str, str]


def read_secret(environment: Environment, *names: str) -> str:
    """Return the first of these variables that is set, or the content of the file that `NAME_FILE` names; else "".

    Raises `ConfigError` for what no header can carry.
    """
    for name in names:
        if value := environment.get(name, "").strip():
            return _sendable(value, name)
        if path := environment.get(f"{name}_FILE", "").strip():
            try:
                value = Path(path).expanduser().read_text(encoding="utf-8").strip()
            except (OSError, UnicodeDecodeError) as error:
                why = getattr(error, "strerror", None) or "no text in UTF-8"
                raise ConfigError(f"{name}_FILE: {path} cannot be read ({why}).") from error
            return _sendable(value, f"{name}_FILE")
    return ""


def _sendable(secret: str, name: str) -> str:
    if flaw := flaw_of_secret(secret):
        raise ConfigError(f"{name}: {flaw}. Copy it once more from the provider's page")
    return secret


def _anthropic(name: str, environment: Environment) -> Model:
    key = _key(environment, "ANTHROPIC_API_KEY")
    from pydantic_ai.models.anthropic import AnthropicModel  # noqa: PLC0415 - a second to load
    from pydantic_ai.providers.anthropic import AnthropicProvider  # noqa: PLC0415 - see above

    return AnthropicModel(name, provider=AnthropicProvider(api_key=key))


def _openai(name: str, environment: Environment) -> Model:
    key = _key(environment, "OPENAI_API_KEY")
    from pydantic_ai.models.openai import OpenAIResponsesModel  # noqa: PLC0415 - a second to load
    from pydantic_ai.providers.openai import OpenAIProvider  # noqa: PLC0415 - see above

    url = environment.get("OPENAI_BASE_URL") or None
    return OpenAIResponsesModel(name, provider=OpenAIProvider(base_url=url, api_key=key))


def _openai_chat(name: str, environment: Environment) -> Model:
    url = environment.get("OPENAI_BASE_URL", "").strip()
    key = read_secret(environment, "OPENAI_API_KEY") or (
        "none" if url else _key(environment, "OPENAI_API_KEY")
    )
    from pydantic_ai.models.openai import OpenAIChatModel  # noqa: PLC0415 - a second to load
    from pydantic_ai.providers.openai import OpenAIProvider  # noqa: PLC0415 - see above
    from pydantic_ai.providers.openai_compatible import OpenAICompatibleProvider  # noqa: PLC0415 - see above

    if url:
        custom = OpenAICompatibleProvider("custom", base_url=url, api_key=key)
        return TextToolCalls(OpenAIChatModel(name, provider=custom))
    return OpenAIChatModel(name, provider=OpenAIProvider(api_key=key))


def _google(name: str, environment: Environment) -> Model:
    key = _key(environment, "GEMINI_API_KEY", "GOOGLE_API_KEY")
    from pydantic_ai.models.google import GoogleModel  # noqa: PLC0415 - a second to load
    from pydantic_ai.providers.google import GoogleProvider  # noqa: PLC0415 - see above

    return GoogleModel(name, provider=GoogleProvider(api_key=key))


def _ollama(name: str, environment: Environment) -> Model:
    places = servers(environment)
    server = next((place for place in places[1:] if model_with_tools(place)), places[0])
    return build_ollama(name, server)


def build_ollama(name: str, server: str) -> Model:
    """Build a model of this Ollama server."""
    from pydantic_ai.models.ollama import OllamaModel  # noqa: PLC0415 - a second to load
    from pydantic_ai.providers.ollama import OllamaProvider  # noqa: PLC0415 - see above

    return TextToolCalls(
        OllamaModel(name, provider=OllamaProvider(base_url=f"{server}/v1", api_key="ollama"))
    )


def _key(environment: Environment, *names: str) -> str:
    key = read_secret(environment, *names)
    if not key:
        raise ConfigError(f"CLEO_MODEL needs {names[0]}, which is not set. Example: {names[0]}=… in .env")
    return key


_Builder = Callable[[str, Environment], Model]

PROVIDERS: dict[str, tuple[_Builder, str]] = {
    "anthropic": (_anthropic, "cleo[anthropic]"),
    "openai": (_openai, "cleo"),
    "openai-chat": (_openai_chat, "cleo"),
    "google": (_google, "cleo[google]"),
    "ollama": (_ollama, "cleo"),
}
"""The builder of each provider's models, and the package to install for it."""


def build(provider: str, name: str, environment: Environment) -> Model:
    """Build a model. Raises `ConfigError` when a package or a key is missing."""
    builder, package = PROVIDERS[provider]
    try:
        return builder(name, environment)
    except ImportError as error:
        raise ConfigError(
            f"CLEO_MODEL={provider}:{name} needs a package that is not installed. "
            f"Install it with: pip install '{package}'"
        ) from error


def build_other(setting: str) -> Model:
    """Build a model of another provider of the model library, which reads the environment itself.

    Raises `ConfigError` when a package or a key is missing.
    """
    from pydantic_ai.exceptions import UserError  # noqa: PLC0415 - only here

    infer_model = importlib.import_module("pydantic_ai.models").infer_model
    try:
        model: Model = infer_model(setting)
    except ImportError as error:
        provider = setting.partition(":")[0]
        raise ConfigError(
            f"CLEO_MODEL={setting} needs a package that is not installed. "
            f"Install it with: pip install 'pydantic-ai-slim[{provider}]'"
        ) from error
    except UserError as error:
        raise ConfigError(f"CLEO_MODEL={setting} cannot be used: {error}") from error
    return model
