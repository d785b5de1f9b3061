"""Interactive messages, with Meta's limits."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from cloud_simulator.graph.strict_model import Link, MediaSource, StrictModel

ShortText = Annotated[str, Field(min_length=1, max_length=20)]


class HeaderDocument(MediaSource):
    """The document of a header."""

    filename: str | None = None


class Header(StrictModel):
    """The header above the body."""

    type: Literal["text", "image", "video", "document"]
    text: str | None = Field(None, min_length=1, max_length=60)
    image: MediaSource | None = None
    video: MediaSource | None = None
    document: HeaderDocument | None = None

    @model_validator(mode="after")
    def _check_field(self) -> Self:
        if self.model_fields_set != {"type", self.type}:
            raise ValueError(f"a header of type {self.type} has exactly the field {self.type}")
        return self

    @property
    def source(self) -> MediaSource | None:
        """The file of the header."""
        return self.image or self.video or self.document


class Body(StrictModel):
    """The text."""

    text: str = Field(min_length=1, max_length=1024)


class Footer(StrictModel):
    """The footer below the body."""

    text: str = Field(min_length=1, max_length=60)


class _WithFooter(StrictModel):
    body: Body
    footer: Footer | None = None


class _WithHeader(_WithFooter):
    header: Header | None = None


class Reply(StrictModel):
    """The title of a button, and the id that its press sends."""

    id: str = Field(min_length=1, max_length=256)
    title: ShortText


class Button(StrictModel):
    """A reply button."""

    type: Literal["reply"]
    reply: Reply


class ButtonAction(StrictModel):
    """At most three buttons."""

    buttons: list[Button] = Field(min_length=1, max_length=3)

    @model_validator(mode="after")
    def _check_distinct(self) -> Self:
        for values in ([one.reply.id for one in self.buttons], [one.reply.title for one in self.buttons]):
            if len(set(values)) < len(values):
                raise ValueError("the ids and the titles of buttons must differ")
        return self


class Buttons(_WithHeader):
    """A message with reply buttons."""

    type: Literal["button"]
    action: ButtonAction


class Row(StrictModel):
    """A row of a list."""

    id: str = Field(min_length=1, max_length=200)
    title: str = Field(min_length=1, max_length=24)
    description: str | None = Field(None, min_length=1, max_length=72)


class Section(StrictModel):
    """A section: rows under a title."""

    title: str | None = Field(None, min_length=1, max_length=24)
    rows: list[Row] = Field(min_length=1, max_length=10)


class ListAction(StrictModel):
    """The sections, with at most ten rows in total."""

    button: ShortText
    sections: list[Section] = Field(min_length=1, max_length=10)

    @model_validator(mode="after")
    def _check_rows(self) -> Self:
        rows = [row.id for section in self.sections for row in section.rows]
        if len(rows) > 10:
            raise ValueError("a list has at most 10 rows in total")
        if len(set(rows)) < len(rows):
            raise ValueError("the ids of rows must differ")
        if len(self.sections) > 1 and not all(section.title for section in self.sections):
            raise ValueError("with more than one section, each needs a title")
        return self


class List(_WithHeader):
    """A message with a list to choose from."""

    type: Literal["list"]
    action: ListAction

    @model_validator(mode="after")
    def _check_header(self) -> Self:
        if self.header and self.header.type != "text":
            raise ValueError("the header of a list is text")
        return self


class UrlParameters(StrictModel):
    """The label and the URL of the button."""

    display_text: ShortText
    url: Link


class UrlAction(StrictModel):
    """The button."""

    name: Literal["cta_url"]
    parameters: UrlParameters


class CtaUrl(_WithHeader):
    """A message with a link as its button."""

    type: Literal["cta_url"]
    action: UrlAction


class FlowParameters(StrictModel):
    """The flow, by id or name."""

    flow_message_version: Literal["3"]
    flow_id: str | None = None
    flow_name: str | None = None
    flow_cta: ShortText
    flow_token: str | None = None
    flow_action: Literal["navigate", "data_exchange"] | None = None
    flow_action_payload: dict[str, object] | None = None
    mode: Literal["draft", "published"] | None = None

    @model_validator(mode="after")
    def _check_flow(self) -> Self:
        if (self.flow_id is None) == (self.flow_name is None):
            raise ValueError("a flow has flow_id or flow_name")
        return self


class FlowAction(StrictModel):
    """The button."""

    name: Literal["flow"]
    parameters: FlowParameters


class Flow(_WithHeader):
    """A message that opens a flow."""

    type: Literal["flow"]
    action: FlowAction


class LocationAction(StrictModel):
    """The button."""

    name: Literal["send_location"]


class LocationRequest(_WithFooter):
    """A request for the person's location."""

    type: Literal["location_request_message"]
    action: LocationAction


class ContactAction(StrictModel):
    """The button."""

    name: Literal["request_contact_info"]


class ContactRequest(_WithFooter):
    """A request for the person's phone number."""

    type: Literal["request_contact_info"]
    action: ContactAction


Interactive = Annotated[
    Buttons | List | CtaUrl | Flow | LocationRequest | ContactRequest, Field(discriminator="type")
]
