"""Bodies of requests, as JSON."""

import json
from collections.abc import Mapping
from typing import cast

Json = Mapping[str, object]


def parse_object(raw: bytes) -> Json:
    """Return a JSON object; an empty one when the body is none."""
    try:
        body = json.loads(raw)
    except ValueError:
        return {}
    return cast("Json", body) if isinstance(body, dict) else {}
