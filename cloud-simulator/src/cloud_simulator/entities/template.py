"""Message templates of a business."""

import re
from typing import Literal

from pydantic import BaseModel, ConfigDict

from cloud_simulator.errors import GraphError

_PLACEHOLDER = re.compile(r"\{\{\s*(\w+)\s*\}\}")
_ERROR_CODES = {"PAUSED": 132015, "DISABLED": 132016}


class Template(BaseModel):
    """A template; `body` may have placeholders like {{1}} or {{name}}."""

    model_config = ConfigDict(extra="forbid")

    name: str
    language: str = "en_US"
    status: Literal["APPROVED", "PENDING", "REJECTED", "PAUSED", "DISABLED"] = "APPROVED"
    category: Literal["UTILITY", "MARKETING", "AUTHENTICATION"] = "UTILITY"
    body: str = "Hello"
    buttons: list[str] = []
    id: str = ""

    def as_listed(self) -> dict[str, object]:
        """Return it in the format of `GET /{waba_id}/message_templates`."""
        components: list[object] = [{"type": "BODY", "text": self.body}]
        if self.buttons:
            buttons = [{"type": "QUICK_REPLY", "text": text} for text in self.buttons]
            components.append({"type": "BUTTONS", "buttons": buttons})
        fields = self.model_dump(include={"name", "language", "status", "category", "id"})
        return {**fields, "components": components}

    def fill(self, values: list[tuple[str | None, str]]) -> str:
        """Return the body with its placeholders filled in; raises `GraphError`.

        `values` are names (None: by position) and texts.
        """
        if self.status != "APPROVED":
            raise GraphError(
                _ERROR_CODES.get(self.status, 132001), f"template {self.name} is {self.status.lower()}"
            )
        names = list(dict.fromkeys(_PLACEHOLDER.findall(self.body)))
        if len(values) != len(names):
            raise GraphError(
                132000, f"body: number of localizable_params ({len(values)}) does not match ({len(names)})"
            )
        given = {name or str(index): text for index, (name, text) in enumerate(values, 1)}
        if missing := [name for name in names if name not in given]:
            raise GraphError(132012, f"body: no parameter {missing[0]}")
        return _PLACEHOLDER.sub(lambda found: given[found[1]], self.body)
