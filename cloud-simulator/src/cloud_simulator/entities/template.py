"""Message templates of a business, and how they are filled in."""

import re
from typing import Literal

from pydantic import BaseModel, ConfigDict

from cloud_simulator.errors import GraphError

_PLACE = re.compile(r"\{\{\s*(\w+)\s*\}\}")
_REFUSED = {"PAUSED": 132015, "DISABLED": 132016}


class Template(BaseModel):
    """What Meta has approved, or not; `body` may have places like {{1}} or {{name}}."""

    model_config = ConfigDict(extra="forbid")

    name: str
    language: str = "en_US"
    status: Literal["APPROVED", "PENDING", "REJECTED", "PAUSED", "DISABLED"] = "APPROVED"
    category: Literal["UTILITY", "MARKETING", "AUTHENTICATION"] = "UTILITY"
    body: str = "Hello"
    buttons: list[str] = []
    id: str = ""

    def listed(self) -> dict[str, object]:
        """Show it as `message_templates` does."""
        components: list[object] = [{"type": "BODY", "text": self.body}]
        if self.buttons:
            buttons = [{"type": "QUICK_REPLY", "text": text} for text in self.buttons]
            components.append({"type": "BUTTONS", "buttons": buttons})
        shown = self.model_dump(include={"name", "language", "status", "category", "id"})
        return {**shown, "components": components}

    def filled(self, values: list[tuple[str | None, str]]) -> str:
        """Fill the body in; `values` are names (None: by position) and texts. Raises `GraphError`."""
        if self.status != "APPROVED":
            raise GraphError(
                _REFUSED.get(self.status, 132001), f"template {self.name} is {self.status.lower()}"
            )
        places = list(dict.fromkeys(_PLACE.findall(self.body)))
        if len(values) != len(places):
            raise GraphError(
                132000, f"body: number of localizable_params ({len(values)}) does not match ({len(places)})"
            )
        named = {name or str(index): text for index, (name, text) in enumerate(values, 1)}
        if missing := [place for place in places if place not in named]:
            raise GraphError(132012, f"body: no parameter {missing[0]}")
        return _PLACE.sub(lambda found: named[found[1]], self.body)
