"""Settings: everything that Cleo reads from its environment, and the only place that does."""

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from dotenv import dotenv_values
from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, ValidationError, create_model
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, NoDecode, PydanticBaseSettingsSource, SettingsConfigDict

from cleo.app.setting_values import (
    group_address,
    host_names,
    person_address,
    split_at_commas,
    system_zone,
    time_zone,
)
from cleo.channels.http.base_url import BaseUrl
from cleo.channels.http.secret_setting import SharedSecret
from cleo.channels.whatsapp import BACKENDS
from cleo.channels.whatsapp.backend_settings import BackendSettings
from cleo.domain.errors import ConfigError
from cleo.domain.identity import Address

ENV_FILE = Path(".env")
"""Read from the working directory; the environment itself goes before it."""

_SHORTEST_SECRET = 8
"""Characters: what is shorter may be a word that is meant."""

_ENCODING = "utf-8-sig"
"""UTF-8, also with the mark that some editors begin a file with."""

_PROCESSES = tuple(spec.process for spec in BACKENDS.values() if spec.process)
_WAY_OUT = frozenset(
    {"HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "SSL_CERT_FILE", "http_proxy", "https_proxy", "no_proxy"}
)
_PASSED_ON = (frozenset({"PATH", "HOME", "TMPDIR", "LANG", "LC_ALL", "TZ"}) | _WAY_OUT).union(
    *(process.inherited for process in _PROCESSES)
)

Names = Annotated[tuple[str, ...], NoDecode, BeforeValidator(split_at_commas)]
Person = Annotated[Address, BeforeValidator(person_address)]
Group = Annotated[Address, BeforeValidator(group_address)]
People = Annotated[frozenset[Person], NoDecode, BeforeValidator(split_at_commas)]
Groups = Annotated[frozenset[Group], NoDecode, BeforeValidator(split_at_commas)]


def env_file() -> Mapping[str, str | None]:
    """Return what `.env` holds; raises `ConfigError` when it cannot be read."""
    try:
        return dotenv_values(ENV_FILE, encoding=_ENCODING)
    except (OSError, UnicodeDecodeError) as error:
        why = getattr(error, "strerror", None) or "it is no text in UTF-8"
        raise ConfigError(
            f"The file {ENV_FILE.absolute()} cannot be read: {why}. Make it readable for Cleo, saved as UTF-8."
        ) from None


def environment() -> dict[str, str]:
    """Return all variables, `.env` below the real environment. For those of other libraries (`OPENAI_API_KEY`)."""
    written = {name: text for name, text in env_file().items() if text}
    return written | {name: text for name, text in os.environ.items() if text}


def share_with_libraries() -> None:
    """Put the way out of this machine, where `.env` names it, into the environment that libraries read."""
    written = env_file()
    for name in _WAY_OUT:
        if text := written.get(name):
            os.environ.setdefault(name, text)


def process_names() -> frozenset[str]:
    """Return the names of the variables that this process was given, whoever reads them."""
    return frozenset(os.environ)


def passed_on() -> dict[str, str]:
    """Return the variables that a child process gets from ours: where things are, nothing that is secret."""
    return {name: text for name, text in environment().items() if name in _PASSED_ON}


class _Choices(BaseSettings):
    """The choice of messengers and backend. A class of its own, so that it comes before the backends' fields."""

    model_config = SettingsConfigDict(
        env_file=ENV_FILE,
        env_file_encoding=_ENCODING,
        env_ignore_empty=True,
        extra="ignore",
        frozen=True,
        use_attribute_docstrings=True,
    )

    enabled_clients: Names = Field(("whatsapp",), examples=["whatsapp"])
    """The messengers that Cleo listens to, separated by commas."""
    whatsapp_backend: str = Field(next(iter(BACKENDS)), examples=[next(iter(BACKENDS))])
    """How Cleo reaches WhatsApp. `baileys`: through the bridge. `cloud`: Meta's WhatsApp Cloud API."""


_BACKENDS: type[BackendSettings] = create_model(
    "_BACKENDS", __base__=tuple(spec.settings() for spec in reversed(BACKENDS.values()))
)


class Settings(_BACKENDS, _Choices):
    """One field a variable, in upper case. An empty variable counts as not set. Each backend adds its own."""

    whatsapp_webhook_secret: SharedSecret | None = Field(
        None, examples=["a-long-random-word"], json_schema_extra={"file": True}
    )
    """What the bridge must send in `X-Webhook-Secret`; the webhook answers 403 to everybody else. Not set:
    `cleo up` makes a random one for its own bridge; a bridge that runs elsewhere is let in without. Set, but empty:
    refused."""

    cleo_host: str = Field("127.0.0.1", examples=["127.0.0.1"])
    """Where Cleo listens. Any other host than the own machine's needs `WHATSAPP_WEBHOOK_SECRET`."""
    cleo_port: int = Field(8000, ge=0, le=65535, examples=[8000])
    """Where Cleo listens. 0 takes a free port."""
    cleo_api_url: BaseUrl | None = Field(None, examples=["http://localhost:8000"])
    """How the bridge reaches Cleo. Not set: `http://CLEO_HOST:CLEO_PORT`."""
    cleo_allowed_hosts: Annotated[Names, AfterValidator(host_names)] = Field(
        (), examples=["cleo.example.org"]
    )
    """Names besides by which this machine may be asked for `/health`, `/ready` and `/openapi.json`, separated by
    commas: behind a proxy, the one that it passes on. Known anyway: `localhost`, `CLEO_HOST`, the host of
    `CLEO_API_URL`."""
    cleo_data: Path = Field(Path(".cleo"), examples=[".cleo"])
    """The directory that keeps everything: database, files, WhatsApp's keys. One Cleo a directory."""
    database_url: SecretStr | None = Field(
        None, examples=["sqlite:////srv/cleo/cleo.db"], json_schema_extra={"file": True}
    )
    """The database: an SQLite file, or Postgres (`postgresql://cleo:password@localhost/cleo`), which needs
    `pip install 'cleo[postgres]'`. Not set: `cleo.db` in the data directory."""
    cleo_engine: str | None = Field(None, examples=["inprocess"])
    """Who works on which conversation. `inprocess`: this process. `procrastinate`: any number of processes on one
    Postgres. Not set: `procrastinate` with Postgres, else `inprocess`."""

    cleo_model: str | None = Field(None, examples=["openai:gpt-6.1-terra"])
    """The model that answers. Not set: chosen by the keys that are there, else `builtin:basic`."""
    cleo_stream: bool = Field(False, examples=["true"])
    """Whether the model is asked for its answer piece by piece: some servers give up on long ones otherwise.
    People get it when it is whole."""
    cleo_tools: Names = Field((), examples=["my_tools, house.lights"])
    """Python modules with tools of your own, separated by commas."""
    cleo_instructions: str = Field("", examples=["You are Ada. Be brief."], json_schema_extra={"file": True})
    """What the model is told besides."""
    cleo_model_fallback: str | None = Field(None, examples=["anthropic:claude-sonnet-5-5"])
    """A second model, which answers while the first cannot be reached."""
    cleo_model_patience: float = Field(900, ge=0, le=86_400, examples=[900])
    """Seconds that a message waits for a model that cannot be reached, before Cleo says so."""
    cleo_context_tokens: int | None = Field(None, ge=2_000, examples=[32768])
    """How many tokens the model can read. Not set: what is known of it by its name, else 24,000."""
    cleo_max_steps: int = Field(12, ge=1, le=200, examples=[12])
    """The most requests to the model that one turn may take. It may call twice as many tools."""
    cleo_max_tokens: int | None = Field(None, ge=1, examples=[50000])
    """The most tokens that one turn may use."""
    cleo_max_cost: float | None = Field(None, gt=0, examples=[0.25])
    """The most US dollars that one turn may cost."""

    cleo_owners: People = Field(frozenset[Address](), examples=["+4915112345678"])
    """Phone numbers of the people who may ask for anything and say 👍 to it, separated by commas. Not set:
    whoever sends the claim code that `cleo up` shows."""
    cleo_allowed_users: People = Field(frozenset[Address](), examples=["+4915112345678, +15551234567"])
    """Phone numbers of the people who are answered besides. Nobody else is."""
    cleo_allowed_groups: Groups = Field(frozenset[Address](), examples=["120363000000000001@g.us"])
    """WhatsApp groups in which Cleo answers."""
    cleo_confirm_minutes: float = Field(30, gt=0, le=1440, examples=[30])
    """Minutes that a question waits for its 👍."""

    cleo_timezone: Annotated[ZoneInfo | None, BeforeValidator(time_zone)] = Field(
        None, examples=["Europe/Berlin"]
    )
    """The time zone of the people who write. Not set: this machine's."""
    cleo_file_max_bytes: int = Field(64 * 1024 * 1024, ge=1, examples=[67108864])
    """The largest file that is taken in."""
    cleo_inbox_max: int = Field(10_000, ge=1, examples=[10000])
    """The most messages that may wait for an answer; beyond them, one a chat. The bridge keeps the rest."""
    cleo_keep_days: int = Field(90, ge=8, le=36_500, examples=[90])
    """Days that what is over is kept: messages as they came and went, those of strangers among them, turns,
    questions, costs, and of each conversation all but its newest 400 messages. What Meta posted is kept for 30 days
    at most. Notes, reminders and files stay."""
    cleo_loop_turns: int = Field(20, ge=0, le=1000, examples=[20])
    """The most turns of a chat within a minute whose message came at once after Cleo's answer, as from a program:
    then the chat is left alone for ten minutes. 0: never."""
    cleo_log: Literal["debug", "info", "warning", "error"] = Field("info", examples=["info"])
    """How much is logged. Texts, numbers and secrets are at no level."""
    cleo_fail: Names = Field((), examples=["deliver.after_send:kill@3"])
    """For crash tests only: what this process does to itself at which step (`kill`, `raise`, `sleep=2`)."""

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Let `NAME_FILE` stand for `NAME` where a value is secret or long."""
        return init_settings, env_settings, dotenv_settings, _Files(settings_cls)

    @property
    def zone(self) -> ZoneInfo:
        """Return the time zone that is set, or the machine's."""
        return self.cleo_timezone or system_zone(environment().get("TZ"))

    @property
    def database(self) -> str:
        """Return the URL of the database."""
        if self.database_url:
            return self.database_url.get_secret_value()
        return f"sqlite:///{self.cleo_data.absolute() / 'cleo.db'}"

    @property
    def is_shared(self) -> bool:
        """Return whether several processes can use the database."""
        return self.database.startswith("postgres")


class _Files(PydanticBaseSettingsSource):
    """Reads the file that `NAME_FILE` names."""

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        extra = field.json_schema_extra
        path = environment().get(f"{field_name.upper()}_FILE") if isinstance(extra, dict) else None
        if path is None:
            return None, field_name, False
        variable = f"{field_name.upper()}_FILE"
        try:
            text = Path(path).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigError(
                f"{variable} names {path}, which cannot be read ({error.__class__.__name__}). "
                f"Make that file readable for Cleo, or unset {variable}."
            ) from error
        if not text:
            raise ConfigError(
                f"{variable} names {path}, which is empty. Fill that file, or unset {variable}."
            )
        return text, field_name, False

    def __call__(self) -> dict[str, Any]:
        fields = self.settings_cls.model_fields.items()
        found = {name: self.get_field_value(field, name)[0] for name, field in fields}
        return {name: text for name, text in found.items() if text}


def load(**given: Any) -> Settings:
    """Load the settings; those `given` take precedence over the environment. Raises `ConfigError`."""
    env_file()
    try:
        settings = Settings(**given)
    except ValidationError as error:
        said = "\n".join(
            _sentence(str(wrong["loc"][0]), wrong["msg"]) for wrong in error.errors(include_input=False)
        )
        raise ConfigError(said) from None
    if settings.whatsapp_webhook_secret is None and "WHATSAPP_WEBHOOK_SECRET" in _left_empty():
        raise ConfigError(_LEFT_EMPTY)
    return settings


_LEFT_EMPTY = (
    "WHATSAPP_WEBHOOK_SECRET is set, but empty, so nothing would guard the webhook. Fill it, here and at the bridge, "
    "or remove it. For example: WHATSAPP_WEBHOOK_SECRET=$(openssl rand -hex 32)"
)


def _left_empty() -> frozenset[str]:
    """Return the variables that are there without a value."""
    written = (*env_file().items(), *os.environ.items())
    return frozenset(name.upper() for name, text in written if not text)


def _sentence(name: str, wrong: str) -> str:
    field = Settings.model_fields[name]
    example = field.examples[0] if field.examples else ""
    said = wrong.removeprefix("Value error, ").removeprefix("Input ")
    return f"{name.upper()}: {said}. For example: {name.upper()}={example}"


def known_names() -> frozenset[str]:
    """Return every variable of Cleo's own that somebody reads, in upper case."""
    fields = Settings.model_fields.items()
    own = {name.upper() for name, _ in fields}
    files = {f"{name.upper()}_FILE" for name, field in fields if isinstance(field.json_schema_extra, dict)}
    return frozenset(own | files | _PASSED_ON).union(*(process.known for process in _PROCESSES))


def is_own_machine(host: str) -> bool:
    """Return whether only programs of this machine can reach a listener on `host`."""
    return host in {"localhost", "::1"} or host.startswith("127.")


def table() -> str:
    """Return all settings as a Markdown table, for the page about them."""
    rows = ["| setting | what it is | default | example |", "| --- | --- | --- | --- |"]
    for name, field in Settings.model_fields.items():
        about = " ".join((field.description or "").split())
        example = field.examples[0] if field.examples else ""
        rows.append(f"| `{name.upper()}` | {about} | {_default(field)} | `{example}` |")
    return "\n".join(rows) + "\n"


def _default(field: FieldInfo) -> str:
    text = ",".join(field.default) if field.default == ("whatsapp",) else str(field.default or "")
    return f"`{text}`" if text and field.default else ""


def secrets(settings: Settings, variables: Mapping[str, str]) -> frozenset[str]:
    """Return every secret value that is known, so that none of them is logged."""
    own = (getattr(settings, name) for name in Settings.model_fields)
    keys = {
        text for name, text in variables.items() if name.endswith(("_KEY", "_TOKEN", "_SECRET", "_PASSWORD"))
    }
    return frozenset({value.get_secret_value() for value in own if isinstance(value, SecretStr)} | keys)


def redactor(settings: Settings) -> Callable[[str], str]:
    """Return a function that writes `***` for each secret: some servers repeat the key that they refuse."""
    hidden = [secret for secret in secrets(settings, environment()) if len(secret) >= _SHORTEST_SECRET]

    def redact(text: str) -> str:
        for secret in hidden:
            text = text.replace(secret, "***")
        return text

    return redact
