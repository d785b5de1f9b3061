"""What a model may tell about its reply, beside the words: in `provider_details` of the response."""

from typing import Final

PLAIN: Final = "plain"
"""True: the words are no Markdown, such as notes that a person wrote, and go out byte for byte."""
