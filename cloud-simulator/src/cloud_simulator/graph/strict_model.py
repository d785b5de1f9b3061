"""What the parts of a message have in common: no unknown fields, no other types, files by id or link."""

from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

Link = Annotated[str, Field(pattern=r"^https?://\S+$", max_length=2000)]


class Block(BaseModel):
    """A part of a message."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Source(Block):
    """A file: uploaded, or to be fetched."""

    id: str | None = Field(None, min_length=1)
    link: Link | None = None

    @model_validator(mode="after")
    def _one_of_them(self) -> Self:
        if (self.id is None) == (self.link is None):
            raise ValueError("a file has either id or link")
        return self
