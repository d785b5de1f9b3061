"""Finds an Ollama server with a model that can call tools."""

from collections.abc import Mapping
from pathlib import Path

import httpx2
from pydantic import BaseModel, ValidationError

_TIMEOUT = 0.3
"""Seconds for one answer. Short: the server is near, and the start waits for it."""
_PORT = 11434
_MOST_MODELS = 20


class _ModelName(BaseModel):
    name: str


class _Tags(BaseModel):
    models: list[_ModelName] = []


class _ModelDetails(BaseModel):
    capabilities: list[str] = []


def servers(environment: Mapping[str, str]) -> list[str]:
    """Return the URLs where Ollama may be: OLLAMA_HOST; else this machine and, in a container, its host."""
    if named := environment.get("OLLAMA_HOST", "").strip():
        return [_url(named)]
    in_container = Path("/.dockerenv").exists()
    return [f"http://127.0.0.1:{_PORT}", *([f"http://host.docker.internal:{_PORT}"] if in_container else [])]


def model_with_tools(server: str) -> str | None:
    """Return the newest model of this server that can call tools; None when there is no such model or server."""
    try:
        with httpx2.Client(base_url=server, timeout=_TIMEOUT, trust_env=False) as http:
            tags = _Tags.model_validate_json(http.get("/api/tags").content)
            for model in tags.models[:_MOST_MODELS]:
                answer = http.post("/api/show", json={"model": model.name})
                if "tools" in _ModelDetails.model_validate_json(answer.content).capabilities:
                    return model.name
    except (httpx2.HTTPError, httpx2.InvalidURL, ValidationError):
        pass
    return None


def _url(host: str) -> str:
    """Read OLLAMA_HOST as Ollama does: a URL, a host, or host:port; 0.0.0.0 means this machine."""
    scheme, found, rest = host.rpartition("://")
    name = rest.rstrip("/").replace("0.0.0.0", "127.0.0.1")  # noqa: S104 - read, not bound
    port = "" if ":" in name or found else f":{_PORT}"
    return f"{scheme or 'http'}://{name}{port}"
