"""What may be sent, by Meta's limits; everything else is refused like Meta would."""

import re
from typing import Annotated, Literal, Self

from pydantic import Field, ValidationError, field_validator, model_validator

from cloud_simulator.errors import GraphError
from cloud_simulator.graph.interactive import Interactive
from cloud_simulator.graph.strict_model import Block, Source

KINDS = (
    "text", "image", "video", "audio", "document", "sticker", "location", "contacts", "reaction", "interactive",
    "template",
)  # fmt: skip
USER_ID = re.compile(r"[A-Z]{2}\.(?:ENT\.)?[A-Za-z0-9]{1,128}")
"""A business-scoped user id."""
_NUMBER = re.compile(r"\+?[\d\s().-]{5,24}")


class Text(Block):
    """Words."""

    body: str = Field(min_length=1, max_length=4096)
    preview_url: bool = False


class Captioned(Source):
    """A picture or a film."""

    caption: str | None = Field(None, max_length=1024)


class Document(Captioned):
    """Any other file."""

    filename: str | None = Field(None, max_length=240)


class Audio(Source):
    """A sound; a voice note with `voice`."""

    voice: bool = False


class Location(Block):
    """A place."""

    latitude: float = Field(ge=-90, le=90)
    longitude: float = Field(ge=-180, le=180)
    name: str | None = None
    address: str | None = None


class Name(Block):
    """Of a contact."""

    formatted_name: str = Field(min_length=1)
    first_name: str | None = None
    last_name: str | None = None
    middle_name: str | None = None
    suffix: str | None = None
    prefix: str | None = None


class CardPhone(Block):
    """Of a contact."""

    phone: str | None = None
    wa_id: str | None = None
    type: str | None = None


class Card(Block):
    """A contact."""

    name: Name
    phones: list[CardPhone] = Field(default_factory=list[CardPhone])
    addresses: list[dict[str, object]] = Field(default_factory=list[dict[str, object]])
    birthday: str | None = None
    emails: list[dict[str, object]] = Field(default_factory=list[dict[str, object]])
    org: dict[str, object] | None = None
    urls: list[dict[str, object]] = Field(default_factory=list[dict[str, object]])


class Reaction(Block):
    """An emoji on a message; `""` takes it back."""

    message_id: str = Field(min_length=1)
    emoji: str = Field(max_length=30)

    @field_validator("emoji")
    @classmethod
    def _no_word(cls, emoji: str) -> str:
        if any(sign.isalpha() or sign.isspace() for sign in emoji):
            raise ValueError("a reaction is an emoji")
        return emoji


class Language(Block):
    """Of a template."""

    code: str = Field(min_length=2)
    policy: Literal["deterministic"] = "deterministic"


class Parameter(Block):
    """Fills a place of a template in."""

    type: Literal["text"]
    text: str = Field(min_length=1, max_length=1024)
    parameter_name: str | None = None


class PayloadParameter(Block):
    """What comes back when a template's button is pressed."""

    type: Literal["payload"]
    payload: str


AnyParameter = Annotated[Parameter | PayloadParameter, Field(discriminator="type")]


class Component(Block):
    """A part of a template."""

    type: Literal["header", "body", "button"]
    sub_type: Literal["quick_reply", "url"] | None = None
    index: int | str | None = None
    parameters: list[AnyParameter] = Field(default_factory=list[AnyParameter])


class TemplateUse(Block):
    """A template, filled in."""

    name: str = Field(min_length=1, max_length=512)
    language: Language
    components: list[Component] = Field(default_factory=list[Component])

    @property
    def body(self) -> list[tuple[str | None, str]]:
        """Names and texts for the body."""
        parts = [
            part for component in self.components if component.type == "body" for part in component.parameters
        ]
        return [(part.parameter_name, part.text) for part in parts if isinstance(part, Parameter)]


class Context(Block):
    """The message that this one answers."""

    message_id: str = Field(min_length=1)


class Send(Block):
    """The body of a send."""

    messaging_product: Literal["whatsapp"]
    recipient_type: Literal["individual", "group"] = "individual"
    to: str | None = None
    recipient: str | None = None
    type: str = "text"
    context: Context | None = None
    biz_opaque_callback_data: str | None = Field(None, min_length=1, max_length=512)

    text: Text | None = None
    image: Captioned | None = None
    video: Captioned | None = None
    audio: Audio | None = None
    document: Document | None = None
    sticker: Source | None = None
    location: Location | None = None
    contacts: list[Card] | None = Field(None, min_length=1, max_length=5)
    reaction: Reaction | None = None
    interactive: Interactive | None = None
    template: TemplateUse | None = None

    @model_validator(mode="after")
    def _one_address(self) -> Self:
        if self.to is not None and self.recipient is not None:
            raise ValueError("either to or recipient, not both")
        if self.to is not None and self.recipient_type == "individual" and not _NUMBER.fullmatch(self.to):
            raise ValueError("to is no phone number")
        if self.recipient is not None and not USER_ID.fullmatch(self.recipient):
            raise ValueError("recipient is no user id")
        return self

    @property
    def source(self) -> tuple[str, Source] | None:
        """The file that goes along, and as what."""
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
        """The message that must exist for this one to be sent."""
        return self.context.message_id if self.context else None


class Typing(Block):
    """Shows that something is being written."""

    type: Literal["text"]


class Read(Block):
    """The body of a read mark."""

    messaging_product: Literal["whatsapp"]
    status: Literal["read"]
    message_id: str = Field(min_length=1)
    typing_indicator: Typing | None = None


def parse_send(body: object) -> Send:
    """Read a send; raises `GraphError`."""
    try:
        send = Send.model_validate(body)
    except ValidationError as error:
        raise refusal(error) from None
    if send.type not in KINDS:
        raise GraphError(100, f"type must be one of {', '.join(KINDS)}")
    blocks = set(KINDS) & send.model_fields_set
    if send.type not in blocks:
        raise GraphError(131008, f"{send.type} is required for type {send.type}")
    if len(blocks) > 1:
        raise GraphError(100, f"unexpected {', '.join(sorted(blocks - {send.type}))} beside type {send.type}")
    if send.to is None and send.recipient is None:
        raise GraphError(131008, "to or recipient is required")
    if send.recipient_type == "group":
        raise GraphError(131215)
    return send


def parse_read(body: object) -> Read:
    """Read a read mark; raises `GraphError`."""
    try:
        return Read.model_validate(body)
    except ValidationError as error:
        raise refusal(error) from None


def refusal(error: ValidationError) -> GraphError:
    """Say what Graph would: 131008 for what is missing, 100 for what is unknown, 131009 for what does not fit."""
    first = error.errors()[0]
    where = ".".join(str(part) for part in first["loc"])
    code = {"missing": 131008, "extra_forbidden": 100}.get(first["type"], 131009)
    return GraphError(code, f"{where}: {first['msg']}".lstrip(": "))
