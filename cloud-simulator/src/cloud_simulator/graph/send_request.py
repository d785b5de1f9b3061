"""The bodies of `POST /{phone_number_id}/messages`, with Meta's limits and errors."""

import re
from typing import Annotated, Literal, Self

from pydantic import Field, ValidationError, field_validator, model_validator

from cloud_simulator.errors import GraphError
from cloud_simulator.graph.interactive import Interactive
from cloud_simulator.graph.strict_model import MediaSource, StrictModel

KINDS = (
    "text", "image", "video", "audio", "document", "sticker", "location", "contacts", "reaction", "interactive",
    "template",
)  # fmt: skip
USER_ID = re.compile(r"[A-Z]{2}\.(?:ENT\.)?[A-Za-z0-9]{1,128}")
"""A business-scoped user id."""
_NUMBER = re.compile(r"\+?[\d\s().-]{5,24}")


class Text(StrictModel):
    """A text."""

    body: str = Field(min_length=1, max_length=4096)
    preview_url: bool = False


class CaptionedMedia(MediaSource):
    """An image or a video."""

    caption: str | None = Field(None, max_length=1024)


class Document(CaptionedMedia):
    """Any other file."""

    filename: str | None = Field(None, max_length=240)


class Audio(MediaSource):
    """An audio file; with `voice` a voice note."""

    voice: bool = False


class Location(StrictModel):
    """A location."""

    latitude: float = Field(ge=-90, le=90)
    longitude: float = Field(ge=-180, le=180)
    name: str | None = None
    address: str | None = None


class ContactName(StrictModel):
    """The name of a contact."""

    formatted_name: str = Field(min_length=1)
    first_name: str | None = None
    last_name: str | None = None
    middle_name: str | None = None
    suffix: str | None = None
    prefix: str | None = None


class ContactPhone(StrictModel):
    """A phone number of a contact."""

    phone: str | None = None
    wa_id: str | None = None
    type: str | None = None


class Contact(StrictModel):
    """A contact."""

    name: ContactName
    phones: list[ContactPhone] = Field(default_factory=list[ContactPhone])
    addresses: list[dict[str, object]] = Field(default_factory=list[dict[str, object]])
    birthday: str | None = None
    emails: list[dict[str, object]] = Field(default_factory=list[dict[str, object]])
    org: dict[str, object] | None = None
    urls: list[dict[str, object]] = Field(default_factory=list[dict[str, object]])


class Reaction(StrictModel):
    """An emoji on a message; `""` removes it."""

    message_id: str = Field(min_length=1)
    emoji: str = Field(max_length=30)

    @field_validator("emoji")
    @classmethod
    def _check_emoji(cls, emoji: str) -> str:
        if any(letter.isalpha() or letter.isspace() for letter in emoji):
            raise ValueError("a reaction is an emoji")
        return emoji


class Language(StrictModel):
    """The language of a template."""

    code: str = Field(min_length=2)
    policy: Literal["deterministic"] = "deterministic"


class Parameter(StrictModel):
    """The text for a placeholder of a template."""

    type: Literal["text"]
    text: str = Field(min_length=1, max_length=1024)
    parameter_name: str | None = None


class PayloadParameter(StrictModel):
    """What the press of a template's button sends."""

    type: Literal["payload"]
    payload: str


AnyParameter = Annotated[Parameter | PayloadParameter, Field(discriminator="type")]


class Component(StrictModel):
    """A part of a template."""

    type: Literal["header", "body", "button"]
    sub_type: Literal["quick_reply", "url"] | None = None
    index: int | str | None = None
    parameters: list[AnyParameter] = Field(default_factory=list[AnyParameter])


class TemplateMessage(StrictModel):
    """A template with its parameters."""

    name: str = Field(min_length=1, max_length=512)
    language: Language
    components: list[Component] = Field(default_factory=list[Component])

    @property
    def body(self) -> list[tuple[str | None, str]]:
        """Names (None: by position) and texts for the body."""
        parts = [
            part for component in self.components if component.type == "body" for part in component.parameters
        ]
        return [(part.parameter_name, part.text) for part in parts if isinstance(part, Parameter)]


class Context(StrictModel):
    """The message that is replied to."""

    message_id: str = Field(min_length=1)


class SendRequest(StrictModel):
    """A message to send."""

    messaging_product: Literal["whatsapp"]
    recipient_type: Literal["individual", "group"] = "individual"
    to: str | None = None
    recipient: str | None = None
    type: str = "text"
    context: Context | None = None
    biz_opaque_callback_data: str | None = Field(None, min_length=1, max_length=512)

    text: Text | None = None
    image: CaptionedMedia | None = None
    video: CaptionedMedia | None = None
    audio: Audio | None = None
    document: Document | None = None
    sticker: MediaSource | None = None
    location: Location | None = None
    contacts: list[Contact] | None = Field(None, min_length=1, max_length=5)
    reaction: Reaction | None = None
    interactive: Interactive | None = None
    template: TemplateMessage | None = None

    @model_validator(mode="after")
    def _check_address(self) -> Self:
        if self.to is not None and self.recipient is not None:
            raise ValueError("either to or recipient, not both")
        if self.to is not None and self.recipient_type == "individual" and not _NUMBER.fullmatch(self.to):
            raise ValueError("to is no phone number")
        if self.recipient is not None and not USER_ID.fullmatch(self.recipient):
            raise ValueError("recipient is no user id")
        return self

    @property
    def source(self) -> tuple[str, MediaSource] | None:
        """The file of the message, and its kind."""
        named = {
            "image": self.image,
            "video": self.video,
            "audio": self.audio,
            "document": self.document,
            "sticker": self.sticker,
        }
        for kind, source in named.items():
            if source is not None:
                return kind, source
        header = getattr(self.interactive, "header", None)
        return (header.type, header.source) if header and header.source else None

    @property
    def voice(self) -> bool:
        """Whether it is a voice note."""
        return bool(self.audio and self.audio.voice)

    @property
    def quotes(self) -> str | None:
        """The id of the message that is replied to."""
        return self.context.message_id if self.context else None


class TypingIndicator(StrictModel):
    """A typing indicator."""

    type: Literal["text"]


class ReadRequest(StrictModel):
    """A message to mark as read."""

    messaging_product: Literal["whatsapp"]
    status: Literal["read"]
    message_id: str = Field(min_length=1)
    typing_indicator: TypingIndicator | None = None


def parse_send(body: object) -> SendRequest:
    """Parse a message to send; raises `GraphError`."""
    try:
        request = SendRequest.model_validate(body)
    except ValidationError as error:
        raise graph_error(error) from None
    if request.type not in KINDS:
        raise GraphError(100, f"type must be one of {', '.join(KINDS)}")
    given = set(KINDS) & request.model_fields_set
    if request.type not in given:
        raise GraphError(131008, f"{request.type} is required for type {request.type}")
    if len(given) > 1:
        raise GraphError(
            100, f"unexpected {', '.join(sorted(given - {request.type}))} beside type {request.type}"
        )
    if request.to is None and request.recipient is None:
        raise GraphError(131008, "to or recipient is required")
    if request.recipient_type == "group":
        raise GraphError(131215)
    return request


def parse_read(body: object) -> ReadRequest:
    """Parse a message to mark as read; raises `GraphError`."""
    try:
        return ReadRequest.model_validate(body)
    except ValidationError as error:
        raise graph_error(error) from None


def graph_error(error: ValidationError) -> GraphError:
    """Translate an error: 131008 for a missing field, 100 for an unknown one, 131009 for a wrong value."""
    first = error.errors()[0]
    where = ".".join(str(part) for part in first["loc"])
    code = {"missing": 131008, "extra_forbidden": 100}.get(first["type"], 131009)
    return GraphError(code, f"{where}: {first['msg']}".lstrip(": "))
