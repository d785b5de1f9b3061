"""Base classes of the parts of a request: no unknown fields, no type coercion, files by id or link."""

from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

Link = Annotated[str, Field(pattern=r"^https?://\S+$", max_length=2000)]


class StrictModel(BaseModel):
    """A part of a request."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class MediaSource(StrictModel):
    """A file: the id of an upload, or a link."""

    id: str | None = Field(None, min_length=1)
    link: Link | None = None

    @model_validator(mode="after")
    def _id_or_link(self) -> Self:
        if (self.id is None) == (self.link is None):
            raise ValueError("a file has either id or link")
        return self
