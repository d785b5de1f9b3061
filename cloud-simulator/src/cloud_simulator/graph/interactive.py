"""The interactive messages that are accepted, with Meta's limits."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from cloud_simulator.graph.strict_model import Block, Link, Source

Short = Annotated[str, Field(min_length=1, max_length=20)]


class HeaderDocument(Source):
    """A header's file."""

    filename: str | None = None


class Header(Block):
    """Above the body."""

    type: Literal["text", "image", "video", "document"]
    text: str | None = Field(None, min_length=1, max_length=60)
    image: Source | None = None
    video: Source | None = None
    document: HeaderDocument | None = None

    @model_validator(mode="after")
    def _its_own(self) -> Self:
        if self.model_fields_set != {"type", self.type}:
            raise ValueError(f"a header of type {self.type} has exactly the field {self.type}")
        return self

    @property
    def source(self) -> Source | None:
        """Its file, if it has one."""
        return self.image or self.video or self.document


class Body(Block):
    """What is said."""

    text: str = Field(min_length=1, max_length=1024)


class Footer(Block):
    """Below the body."""

    text: str = Field(min_length=1, max_length=60)


class _Framed(Block):
    body: Body
    footer: Footer | None = None


class _Headed(_Framed):
    header: Header | None = None


class Reply(Block):
    """What a button says, and what comes back."""

    id: str = Field(min_length=1, max_length=256)
    title: Short


class Button(Block):
    """One of at most three."""

    type: Literal["reply"]
    reply: Reply


class ButtonAction(Block):
    """The buttons."""

    buttons: list[Button] = Field(min_length=1, max_length=3)

    @model_validator(mode="after")
    def _different(self) -> Self:
        for words in ([one.reply.id for one in self.buttons], [one.reply.title for one in self.buttons]):
            if len(set(words)) < len(words):
                raise ValueError("the ids and the titles of buttons must differ")
        return self


class Buttons(_Headed):
    """A question with reply buttons."""

    type: Literal["button"]
    action: ButtonAction


class Row(Block):
    """One choice of a list."""

    id: str = Field(min_length=1, max_length=200)
    title: str = Field(min_length=1, max_length=24)
    description: str | None = Field(None, min_length=1, max_length=72)


class Section(Block):
    """Rows under a title."""

    title: str | None = Field(None, min_length=1, max_length=24)
    rows: list[Row] = Field(min_length=1, max_length=10)


class ListAction(Block):
    """The sections: ten rows in total."""

    button: Short
    sections: list[Section] = Field(min_length=1, max_length=10)

    @model_validator(mode="after")
    def _ten_rows(self) -> Self:
        rows = [row.id for section in self.sections for row in section.rows]
        if len(rows) > 10:
            raise ValueError("a list has at most 10 rows in total")
        if len(set(rows)) < len(rows):
            raise ValueError("the ids of rows must differ")
        if len(self.sections) > 1 and not all(section.title for section in self.sections):
            raise ValueError("with more than one section, each needs a title")
        return self


class List(_Headed):
    """A question with a list to choose from."""

    type: Literal["list"]
    action: ListAction

    @model_validator(mode="after")
    def _text_above(self) -> Self:
        if self.header and self.header.type != "text":
            raise ValueError("the header of a list is text")
        return self


class UrlParameters(Block):
    """Where the button leads."""

    display_text: Short
    url: Link


class UrlAction(Block):
    """The button."""

    name: Literal["cta_url"]
    parameters: UrlParameters


class CtaUrl(_Headed):
    """A message with a link as its button."""

    type: Literal["cta_url"]
    action: UrlAction


class FlowParameters(Block):
    """Which flow."""

    flow_message_version: Literal["3"]
    flow_id: str | None = None
    flow_name: str | None = None
    flow_cta: Short
    flow_token: str | None = None
    flow_action: Literal["navigate", "data_exchange"] | None = None
    flow_action_payload: dict[str, object] | None = None
    mode: Literal["draft", "published"] | None = None

    @model_validator(mode="after")
    def _one_name(self) -> Self:
        if (self.flow_id is None) == (self.flow_name is None):
            raise ValueError("a flow has flow_id or flow_name")
        return self


class FlowAction(Block):
    """The button."""

    name: Literal["flow"]
    parameters: FlowParameters


class Flow(_Headed):
    """A form."""

    type: Literal["flow"]
    action: FlowAction


class LocationAction(Block):
    """The button."""

    name: Literal["send_location"]


class LocationRequest(_Framed):
    """Asks where somebody is."""

    type: Literal["location_request_message"]
    action: LocationAction


class ContactAction(Block):
    """The button."""

    name: Literal["request_contact_info"]


class ContactRequest(_Framed):
    """Asks for somebody's phone number."""

    type: Literal["request_contact_info"]
    action: ContactAction


Interactive = Annotated[
    Buttons | List | CtaUrl | Flow | LocationRequest | ContactRequest, Field(discriminator="type")
]
