"""Pictures for models that see: history holds references, a request gets the newest as bytes."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import cast

from pydantic_ai.messages import (
    BinaryContent,
    ModelMessage,
    ModelRequest,
    TextContent,
    UserContent,
    UserPromptPart,
)
from pydantic_ai.models import Model

from cleo.domain.content import FileId
from cleo.ports import Files

NEWEST = 3
"""Pictures in one request; older ones stay references."""
_LARGEST = 5 * 1024 * 1024
_SEEN = frozenset({"image/png", "image/jpeg", "image/webp", "image/gif"})


class ImageAttacher:
    """Shows the newest pictures to a model whose profile says that it accepts images."""

    def __init__(self, files: Files) -> None:
        self._files = files

    async def attach(self, before: Sequence[ModelMessage], model: Model) -> list[ModelMessage]:
        """Return the messages with bytes beside the newest references, for one request."""
        messages = list(before)
        if model.system == "builtin" or not model.profile.get("supports_image_input", True):
            return messages
        left = NEWEST
        for place in range(len(messages) - 1, -1, -1):
            shown, used = await self._show(messages[place], left)
            messages[place] = shown
            left -= used
            if left <= 0:
                break
        return messages

    async def _show(self, message: ModelMessage, left: int) -> tuple[ModelMessage, int]:
        if not isinstance(message, ModelRequest):
            return message, 0
        used = 0
        parts = list(message.parts)
        for place, part in enumerate(parts):
            if isinstance(part, UserPromptPart) and not isinstance(part.content, str):
                content: list[UserContent] = []
                for piece in part.content:
                    content.append(piece)
                    if used < left and (picture := await self._picture(piece)):
                        content.append(picture)
                        used += 1
                parts[place] = replace(part, content=content)
        return (replace(message, parts=parts), used) if used else (message, 0)

    async def _picture(self, piece: UserContent) -> BinaryContent | None:
        if not isinstance(piece, TextContent) or not piece.metadata:
            return None
        metadata = cast("dict[str, str]", piece.metadata)  # written by `context`
        mimetype = metadata.get("type", "").partition(";")[0]
        if mimetype not in _SEEN:
            return None
        try:
            path = self._files.path(FileId(metadata.get("media", "")))
        except KeyError:
            return None
        data = await asyncio.to_thread(path.read_bytes)
        return BinaryContent(data=data, media_type=mimetype) if len(data) <= _LARGEST else None
