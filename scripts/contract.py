"""Write the bridge contract as JSON Schema: `python scripts/contract.py > contract/bridge.schema.json`."""

import json
import sys

from pydantic.json_schema import models_json_schema

from cleo.channels.whatsapp.bridge.contract import BODIES


def schema() -> dict[str, object]:
    """One JSON Schema whose `$defs` are all bodies; its root only names them."""
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


if __name__ == "__main__":
    json.dump(schema(), sys.stdout, indent=2, ensure_ascii=False)
    sys.stdout.write("\n")
