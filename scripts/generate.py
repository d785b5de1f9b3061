"""Write every generated file anew; with `--check`, only tell whether one of them is out of date."""

import json
import subprocess
import sys
from pathlib import Path

from pydantic.json_schema import models_json_schema

from cleo.app.settings import table
from cleo.channels.whatsapp.bridge.contract import BODIES

ROOT = Path(__file__).parents[1]
SCHEMA = Path("contract/bridge.schema.json")
TYPES = Path("whatsapp-bridge/src/contract.ts")
PAGE = Path("docs/settings.md")

_BANNER = (
    "/** Generated from src/cleo/channels/whatsapp/bridge/contract.py by `make contract`. Do not edit. */"
)


def generated() -> dict[Path, str]:
    """All generated files, by path."""
    bodies = json.dumps(schema(), indent=2, ensure_ascii=False) + "\n"
    return {SCHEMA: bodies, TYPES: _types(bodies), PAGE: _page()}


def schema() -> dict[str, object]:
    """One JSON Schema whose `$defs` are all bodies of the bridge contract; its root only names them."""
    refs, definitions = models_json_schema(
        [(body, "validation") for body in BODIES], ref_template="#/$defs/{model}"
    )
    for definition in definitions["$defs"].values():
        for field in definition.get("properties", {}).values():
            field.pop("title", None)  # else every field becomes a TypeScript type of its own
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "BridgeContract",
        "description": "Bodies between Cleo and its WhatsApp bridge. Generated: `make contract`.",
        "type": "object",
        "properties": {body.__name__: refs[(body, "validation")] for body in BODIES},
        "$defs": definitions["$defs"],
    }


def _types(bodies: str) -> str:
    command = [ROOT / "node_modules/.bin/json2ts", "--bannerComment", _BANNER]
    style = ["--no-additionalProperties", "--no-style.semi", "--style.singleQuote", "--maxItems=-1"]
    ran = subprocess.run([*command, *style], input=bodies, capture_output=True, text=True, check=True)  # noqa: S603 - our own tool
    return ran.stdout


def _page() -> str:
    """The settings page: its words stay, the table between the markers is written anew."""
    page = (ROOT / PAGE).read_text(encoding="utf-8")
    head, start, rest = page.partition("<!-- settings -->\n")
    _, end, tail = rest.partition("<!-- /settings -->")
    return head + start + "\n" + table() + "\n" + end + tail


def main() -> int:
    """Write, or check."""
    old = {
        path: text for path, text in generated().items() if text != (ROOT / path).read_text(encoding="utf-8")
    }
    for path, text in old.items():
        if "--check" in sys.argv:
            sys.stderr.write(f"{path} is out of date. Run: make contract\n")
        else:
            (ROOT / path).write_text(text, encoding="utf-8")
    return 1 if old and "--check" in sys.argv else 0


if __name__ == "__main__":
    sys.exit(main())
