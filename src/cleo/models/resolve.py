"""Chooses the model: CLEO_MODEL; else a provider whose key is set; else Ollama; else the rule model."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from pydantic_ai.models import Model

from cleo.domain.errors import ConfigError
from cleo.models.basic import BasicModel
from cleo.models.ollama import model_with_tools, servers
from cleo.models.providers import PROVIDERS, build, build_ollama, build_other, read_secret

_BASIC = "builtin:basic"
_EXAMPLES = (
    f"Examples: {_BASIC} (rules, no AI), anthropic:claude-sonnet-5-5, openai:gpt-6.1-terra, "
    "google:gemini-3.8-flash, ollama:qwen3, openai-chat:NAME with OPENAI_BASE_URL for any compatible server"
)
_BY_KEY = (
    (("ANTHROPIC_API_KEY",), "anthropic", "claude-sonnet-5-5"),
    (("OPENAI_API_KEY",), "openai", "gpt-6.1-terra"),
    (("GEMINI_API_KEY", "GOOGLE_API_KEY"), "google", "gemini-3.8-flash"),
)
_ALSO_CALLED = {"google-gla": "google", "gemini": "google", "openai-responses": "openai"}

Probe = Callable[[str], str | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """The model that was chosen. `name` as CLEO_MODEL would name it; `reason` is half a sentence for people."""

    model: Model
    name: str
    reason: str


def resolve_model(
    setting: str | None, environment: Mapping[str, str], *, probe: Probe = model_with_tools
) -> Choice:
    """Choose and build the model.

    `probe` returns the name of a model of an Ollama server that can call tools, or None. Raises `ConfigError` when
    `setting` names something that cannot be used; a key that cannot be used is skipped, and `Choice.reason` says why.
    """
    if setting and setting.strip():
        return _named(setting.strip(), environment)
    skipped: list[str] = []
    for choice in _available(environment, probe, skipped):
        return choice
    reason = "; ".join([*skipped, "no AI model is connected, see CLEO_MODEL"])
    return Choice(model=BasicModel(), name=_BASIC, reason=reason)


def _named(setting: str, environment: Mapping[str, str]) -> Choice:
    reason = "named by CLEO_MODEL"
    if setting in (_BASIC, "builtin", "basic"):
        return Choice(model=BasicModel(), name=_BASIC, reason=reason)
    provider, colon, name = setting.partition(":")
    provider = _ALSO_CALLED.get(provider.casefold(), provider.casefold())
    if not colon or not name or not provider or provider in ("builtin", "test"):
        raise ConfigError(f"CLEO_MODEL={setting} is not a model. {_EXAMPLES}")
    if provider in PROVIDERS:
        return Choice(model=build(provider, name, environment), name=f"{provider}:{name}", reason=reason)
    try:
        return Choice(model=build_other(setting), name=setting, reason=reason)
    except ConfigError as error:
        raise ConfigError(f"{error} {_EXAMPLES}") from error


def _available(environment: Mapping[str, str], probe: Probe, skipped: list[str]) -> Iterator[Choice]:
    """Yield the models that need no setting, best first; `skipped` collects why others cannot be used."""
    for keys, provider, name in _BY_KEY:
        if not read_secret(environment, *keys):
            continue
        if provider == "openai" and environment.get("OPENAI_BASE_URL"):
            skipped.append(
                "OPENAI_BASE_URL is set, but no model of it is named (CLEO_MODEL=openai-chat:NAME)"
            )
            continue
        try:
            model = build(provider, name, environment)
        except ConfigError as error:
            skipped.append(f"{keys[0]} is set, but {str(error)[0].lower()}{str(error)[1:]}")
            continue
        yield Choice(model=model, name=f"{provider}:{name}", reason=f"{' or '.join(keys)} is set")
    for server in servers(environment):
        if found := probe(server):
            reason = f"Ollama at {server} has it, and it can call tools"
            yield Choice(model=build_ollama(found, server), name=f"ollama:{found}", reason=reason)
