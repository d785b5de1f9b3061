"""Rules about what must agree: generated files, golden bodies, settings, names, locks."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any, cast

import pytest
from jsonschema import Draft202012Validator
from tests.house.tree import ROOT, found, named

from cleo.app.settings import Settings

EXAMPLES = sorted((ROOT / "contract/examples").glob("*.json"))
NAMES = re.findall(
    r"\w+",
    """Message Content Conversation Identity Sender Channel Backend Bridge Account Inbox Outbox key Run Step Tool
    ToolCall ToolResult Confirmation Model Store Transaction Engine Receipt Health""",
)
"""The names that the whole project speaks in."""

_BODY_OF = (
    ("inbound", "InboundEvent"),
    ("webhook-answer", "WebhookAnswer"),
    ("send-text", "SendText"),
    ("send-media", "SendMedia"),
    ("send-answer", "SendAnswer"),
    ("react", "React"),
    ("typing", "Typing"),
    ("read", "Read"),
    ("bridge-error", "BridgeError"),
    ("health", "HealthAnswer"),
    ("link-by-code", "LinkByCode"),
    ("link", "LinkAnswer"),
    ("dead-letters", "DeadLetters"),
)


def test_generated_files_are_up_to_date() -> None:
    command = [sys.executable, ROOT / "scripts/generate.py", "--check"]
    ran = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)
    assert (ran.returncode, ran.stderr) == (0, "")


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: cast("Path", path).stem)
def test_golden_bodies_fit_the_contract(path: Path) -> None:
    schema = cast("dict[str, Any]", json.loads((ROOT / "contract/bridge.schema.json").read_text()))
    body = next(name for prefix, name in _BODY_OF if path.stem.startswith(prefix))
    validator = Draft202012Validator({"$ref": f"#/$defs/{body}", "$defs": schema["$defs"]})
    assert [error.message for error in validator.iter_errors(json.loads(path.read_text()))] == []  # pyright: ignore[reportUnknownMemberType] - the library's own gap


def test_every_body_has_a_golden_example() -> None:
    schema = cast("dict[str, Any]", json.loads((ROOT / "contract/bridge.schema.json").read_text()))
    shown = {name for path in EXAMPLES for prefix, name in _BODY_OF if path.stem.startswith(prefix)}
    assert shown == set(schema["properties"])


def test_every_setting_is_documented() -> None:
    page = (ROOT / "docs/settings.md").read_text()
    assert [name for name in Settings.model_fields if f"`{name.upper()}`" not in page] == []
    assert [name for name, field in Settings.model_fields.items() if not field.description] == []
    assert [name for name, field in Settings.model_fields.items() if not field.examples] == []


def test_every_setting_of_the_bridge_is_documented() -> None:
    read = re.findall(r"\b(WHATSAPP_[A-Z_]+)\b", (ROOT / "whatsapp-bridge/src/config.ts").read_text())
    pages = "".join(path.read_text() for path in named(".md"))
    assert [name for name in sorted(set(read)) if name not in pages] == []


def test_the_glossary_says_what_every_name_means() -> None:
    glossary = (ROOT / "docs/glossary.md").read_text()
    assert [name for name in NAMES if f"**{name}**" not in glossary] == []


def test_links_between_pages_lead_somewhere() -> None:
    dead: list[str] = []
    for page in named(".md"):
        for target in re.findall(r"\]\((?!https?:|#|mailto:)([^)#\s]+)", page.read_text()):
            if not (page.parent / target).exists():
                dead.append(f"{page.relative_to(ROOT)} → {target}")
    assert dead == []


def test_every_locked_python_package_has_hashes_and_comes_from_an_index() -> None:
    for lock in ROOT.glob("requirements*.lock"):
        text = lock.read_text()
        entries = re.split(r"\n(?=\S)", text.strip())
        assert [entry.splitlines()[0] for entry in entries if "--hash=sha256:" not in entry] == [], lock.name
        assert not re.search(r"git\+|https?://", text), lock.name


def test_every_locked_node_package_has_an_integrity_and_comes_from_a_registry() -> None:
    lock = cast("dict[str, Any]", json.loads((ROOT / "package-lock.json").read_text()))
    packages = cast("dict[str, dict[str, Any]]", lock["packages"])
    third_party = {
        name: entry for name, entry in packages.items() if "node_modules/" in name and not entry.get("link")
    }
    assert len(third_party) > 50
    assert [name for name, entry in third_party.items() if "integrity" not in entry] == []
    assert found(r"git\+|git:|github:|codeload|file:", (path for path in [ROOT / "package-lock.json"])) == []


def test_no_node_package_runs_a_script_when_it_is_installed() -> None:
    """The list is short: who joins it is looked at."""
    assert "ignore-scripts=true" in (ROOT / ".npmrc").read_text().splitlines()
    lock = cast("dict[str, Any]", json.loads((ROOT / "package-lock.json").read_text()))
    packages = cast("dict[str, dict[str, Any]]", lock["packages"])
    scripted = {name for name, entry in packages.items() if entry.get("hasInstallScript")}
    assert scripted == {"node_modules/baileys", "node_modules/protobufjs"}


def test_no_node_package_only_sounds_like_the_one_for_whatsapp() -> None:
    lock = cast("dict[str, Any]", json.loads((ROOT / "package-lock.json").read_text()))
    names = {name.rpartition("node_modules/")[2] for name in cast("dict[str, Any]", lock["packages"])}
    alike = {
        name for name in names if re.search(r"ba[iy]l[ei]+y?s|whats", name.replace("-", ""), re.IGNORECASE)
    }
    assert alike == {"baileys", "whatsapp-bridge", "whatsapp-rust-bridge", "whatsapp-simulator"}


def test_no_dependency_is_named_by_a_moving_range() -> None:
    manifests = [
        ROOT / "package.json",
        *(ROOT / name / "package.json" for name in ("whatsapp-bridge", "whatsapp-simulator")),
    ]
    for manifest in manifests:
        wanted = cast("dict[str, Any]", json.loads(manifest.read_text()))
        pins = {**wanted.get("dependencies", {}), **wanted.get("devDependencies", {})}
        assert [
            f"{name}@{pin}" for name, pin in pins.items() if not re.fullmatch(r"\d+\.\d+\.\d+[\w.\-]*", pin)
        ] == []
