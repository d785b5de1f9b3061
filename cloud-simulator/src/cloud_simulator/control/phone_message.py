"""The bodies by which the control API makes a phone do something."""

import base64
import binascii
from typing import Annotated, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from cloud_simulator.entities.phone import Emoji


def _decode(text: object) -> bytes:
    try:
        return base64.b64decode(str(text), validate=True)
    except binascii.Error as error:
        raise ValueError("no base64") from error


Base64 = Annotated[bytes, BeforeValidator(_decode)]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", populate_by_name=True)


class Media(_Body):
    """A file to send."""

    kind: Literal["image", "video", "audio", "voice", "document", "sticker"]
    data: Base64 = Field(alias="base64")
    mimetype: str
    filename: str | None = None
    caption: str | None = None
    voice: bool = False
    animated: bool | None = None


class Press(_Body):
    """A button or row to press, by `id` or by `title`; `context` is the message that offers it."""

    id: str | None = None
    title: str | None = None
    description: str | None = None
    context: str | None = None


class MessageId(_Body):
    """The id of a message."""

    id: str


class PhoneMessage(_Body):
    """A message to send, with exactly one content. `to` is a `phone_number_id`, by default the first."""

    to: str | None = None
    text: str | None = None
    media: Media | None = None
    location: dict[str, object] | None = None
    contacts: list[object] | None = None
    reaction: Emoji | None = None
    button: Press | None = None
    row: Press | None = None
    raw: dict[str, object] | None = None
    quote: MessageId | None = None
    id: str | None = None
    timestamp: str | int | None = None
    field: str = "messages"

    @model_validator(mode="after")
    def _check_content(self) -> Self:
        if len(self._contents()) != 1:
            raise ValueError(f"a message has one of: {' '.join(_CONTENTS)}")
        return self

    @property
    def content(self) -> str:
        """The name of the content."""
        return self._contents()[0]

    def _contents(self) -> list[str]:
        return [name for name in _CONTENTS if getattr(self, name) is not None]


_CONTENTS = ("text", "media", "location", "contacts", "reaction", "button", "row", "raw")


class IdentityChange(_Body):
    """A new number, or only a new user id. `to` is the number that is told, by default all."""

    number: str | None = None
    user_id: str | None = None
    to: str | None = None
