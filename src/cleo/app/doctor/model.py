"""Check of the model, by one tiny request."""

import asyncio
import hashlib
import json
import time
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from cleo.app.doctor.context import Examination
from cleo.app.settings import environment
from cleo.models import Choice, Diagnosis, ask_once, resolve_model
from cleo.ports.finding import Finding, Findings, bad, good, note

_KEPT = 600.0
"""Seconds for which a model that answered is not asked again."""
_NAME = "model-check.json"
_SAVED = TypeAdapter(dict[str, tuple[float, Diagnosis]])


def model(of: Examination) -> Findings:
    """Ask the model, and the second one; raises `ConfigError` when one cannot be built."""
    settings = of.settings
    first = resolve_model(settings.cleo_model, environment())
    yield good(f"Model: {first.name} ({first.reason})")
    yield from _asked(of, first)
    if settings.cleo_model_fallback:
        second = resolve_model(settings.cleo_model_fallback, environment())
        yield good(f"Model while the first cannot be reached: {second.name}")
        yield from _asked(of, second)


def _asked(of: Examination, choice: Choice) -> Findings:
    if of.offline or choice.name.startswith("builtin:"):
        return
    kept = of.settings.cleo_data / _NAME
    mark = _mark(choice)
    at, known = _read(kept).get(mark, (0.0, None))
    if known is None or not 0 <= time.time() - at < _KEPT:
        known = asyncio.run(ask_once(choice.model, choice.name))
        _keep(kept, mark, known)
    yield _finding(known)


def _finding(found: Diagnosis) -> Finding:
    if found.kind == "answers":
        return good(found.what)
    return note(found.what, found.fix) if found.kind == "busy" else bad(found.what, found.fix)


def _mark(choice: Choice) -> str:
    """Return what changes with the model, its server and the keys."""
    keys = sorted(
        (name, text) for name, text in environment().items() if name.endswith(("_KEY", "_URL", "_HOST"))
    )
    told = json.dumps([choice.name, choice.model.base_url, keys])
    return hashlib.blake2s(told.encode(), digest_size=8).hexdigest()


def _read(kept: Path) -> dict[str, tuple[float, Diagnosis]]:
    try:
        return _SAVED.validate_json(kept.read_bytes())
    except (OSError, ValidationError):
        return {}


def _keep(kept: Path, mark: str, found: Diagnosis) -> None:
    """Remember a model that answers, where there is a data directory; what is wrong is asked about each time."""
    if found.kind == "answers" and kept.parent.is_dir():
        with suppress(OSError):
            kept.touch(mode=0o600)
            kept.write_text(json.dumps({mark: (time.time(), asdict(found))}), encoding="utf-8")
