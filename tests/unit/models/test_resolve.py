"""Which model is chosen, and what is said when it cannot be."""

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from cleo.domain.errors import ConfigError
from cleo.models import BasicModel, resolve_model
from cleo.models.ollama import model_with_tools, servers


def nobody(server: str) -> None:
    return None


def test_without_anything_the_rules_answer_and_the_reason_says_what_to_set():
    choice = resolve_model(None, {}, probe=nobody)
    assert isinstance(choice.model, BasicModel)
    assert choice.name == "builtin:basic"
    assert "CLEO_MODEL" in choice.reason


@pytest.mark.parametrize("setting", ["builtin:basic", " builtin:basic ", "basic"])
def test_the_rules_can_be_named(setting: str):
    choice = resolve_model(setting, {"OPENAI_API_KEY": "k"}, probe=nobody)
    assert choice.name == "builtin:basic"
    assert choice.reason == "named by CLEO_MODEL"


def test_a_key_chooses_its_provider_and_the_setting_beats_the_key():
    environment = {"OPENAI_API_KEY": "secret-key"}
    by_key = resolve_model(None, environment, probe=nobody)
    assert by_key.name.startswith("openai:") and "OPENAI_API_KEY" in by_key.reason
    named = resolve_model("openai-chat:some-model", environment, probe=nobody)
    assert named.name == "openai-chat:some-model"
    assert named.model.model_name == "some-model"
    assert "secret-key" not in f"{by_key.reason}{named.reason}"


def test_a_key_may_be_in_a_file(tmp_path: Path):
    (tmp_path / "key").write_text("k\n")
    choice = resolve_model(None, {"OPENAI_API_KEY_FILE": str(tmp_path / "key")}, probe=nobody)
    assert choice.name.startswith("openai:")
    with pytest.raises(ConfigError, match="OPENAI_API_KEY_FILE"):
        resolve_model(None, {"OPENAI_API_KEY_FILE": str(tmp_path / "none")}, probe=nobody)


def test_a_custom_endpoint_needs_a_named_model_and_no_key():
    environment = {"OPENAI_BASE_URL": "http://127.0.0.1:9/v1", "OPENAI_API_KEY": "k"}
    assert resolve_model(None, environment, probe=nobody).name == "builtin:basic"
    assert "OPENAI_BASE_URL" in resolve_model(None, environment, probe=nobody).reason
    del environment["OPENAI_API_KEY"]
    choice = resolve_model("openai-chat:local", environment, probe=nobody)
    assert str(choice.model.base_url).startswith("http://127.0.0.1:9/v1")


def test_an_ollama_that_can_call_tools_comes_before_the_rules():
    choice = resolve_model(None, {"OLLAMA_HOST": "box:1234"}, probe=lambda server: f"qwen3@{server}")
    assert choice.name == "ollama:qwen3@http://box:1234"
    assert "box:1234" in choice.reason
    assert str(choice.model.base_url).startswith("http://box:1234/v1")


@pytest.mark.parametrize("setting", ["gpt-5", "openai:", ":x", "nonsense:model", "builtin:clever", "test"])
def test_an_unknown_setting_is_refused_with_examples(setting: str):
    with pytest.raises(ConfigError, match="CLEO_MODEL") as refused:
        resolve_model(setting, {}, probe=nobody)
    assert "anthropic:" in str(refused.value) and "builtin:basic" in str(refused.value)


@pytest.mark.parametrize(
    ("setting", "key"), [("anthropic:x", "ANTHROPIC_API_KEY"), ("openai:x", "OPENAI_API_KEY")]
)
def test_a_missing_key_is_named(setting: str, key: str):
    with pytest.raises(ConfigError, match=key):
        resolve_model(setting, {}, probe=nobody)


def test_a_missing_package_is_named_with_the_extra_to_install(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "pydantic_ai.models.anthropic", None)
    with pytest.raises(ConfigError, match=r"pip install 'cleo\[anthropic\]'"):
        resolve_model("anthropic:claude-sonnet-5-5", {"ANTHROPIC_API_KEY": "k"}, probe=nobody)
    found = resolve_model(None, {"ANTHROPIC_API_KEY": "k"}, probe=nobody)
    assert found.name == "builtin:basic" and "cleo[anthropic]" in found.reason


def test_the_rules_load_no_provider():
    code = (
        "import sys; from cleo.models import resolve_model; resolve_model('builtin:basic', {}); "
        "print([name for name in ('openai', 'anthropic', 'google.genai') if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.strip() == "[]"


# ── Ollama, over real HTTP ────────────────────────────────────────────────────────────────────────────


class Ollama(BaseHTTPRequestHandler):
    models: dict[str, list[str]]

    def log_message(self, format: str, *args: object) -> None:
        """Stay quiet."""

    def do_GET(self) -> None:
        self.answer({"models": [{"name": name} for name in self.models]})

    def do_POST(self) -> None:
        name = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["model"]
        self.answer({"capabilities": self.models[name]})

    def answer(self, body: object) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(json.dumps(body).encode())


@pytest.fixture
def ollama() -> Iterator[tuple[type[Ollama], str]]:
    handler = type("Handler", (Ollama,), {"models": {}})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    yield handler, f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()
    thread.join(5)


def test_the_first_model_with_tools_is_taken(ollama: tuple[type[Ollama], str]):
    handler, url = ollama
    handler.models = {"old-chat": ["completion"], "qwen3:8b": ["completion", "tools"], "other": ["tools"]}
    assert model_with_tools(url) == "qwen3:8b"
    choice = resolve_model(None, {"OLLAMA_HOST": url})
    assert choice.name == "ollama:qwen3:8b"


def test_no_model_with_tools_means_no_ollama(ollama: tuple[type[Ollama], str]):
    handler, url = ollama
    handler.models = {"old-chat": ["completion"]}
    assert model_with_tools(url) is None


def test_no_server_is_no_trouble():
    assert model_with_tools("http://127.0.0.1:9") is None
    assert model_with_tools("not a url") is None


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("0.0.0.0", "http://127.0.0.1:11434"),
        ("box", "http://box:11434"),
        ("box:99", "http://box:99"),
        ("https://ollama.example", "https://ollama.example"),
        ("http://box:99/", "http://box:99"),
    ],
)
def test_ollama_host_is_read_as_ollama_reads_it(host: str, url: str):
    assert servers({"OLLAMA_HOST": host}) == [url]


@pytest.mark.parametrize("key", ["sk-é", "sk x", "sk\nx", '"sk"'])
def test_a_key_that_no_header_can_carry_is_said_without_being_shown(key: str):
    for setting in (None, "openai:x", "openai-chat:x"):
        with pytest.raises(ConfigError, match="OPENAI_API_KEY: must ") as caught:
            resolve_model(setting, {"OPENAI_API_KEY": key}, probe=nobody)
        assert key not in str(caught.value)
