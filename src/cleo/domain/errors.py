"""Everything that goes wrong by name.

    CleoError
    ├── ConfigError          said at start, with the setting's name and a working example
    ├── StoreError           the data cannot be read or written; start refuses, nothing is replaced
    │   └── Fenced           another worker took the conversation over; this one must stop
    ├── SendError
    │   ├── SendRejected     it never will be sent       → dead letter, the owner is told
    │   ├── SendFailed       it was not sent             → backoff, again
    │   │   ├── RateLimited        it was not even tried yet   → again at its time
    │   │   └── TemporarilyRefused       WhatsApp has trouble with it → again, but not for ever
    │   └── SendUncertain    it may have been sent       → same key again where the backend dedupes
    ├── FetchError           a file cannot be had; the message is answered without it
    ├── ModelError
    │   ├── ModelUnavailable later, one honest notice
    │   └── ModelRefused     said
    │       └── ContentRefused   something in the request: it is found, and left out from then on
    ├── ToolError            the model is told, in words
    └── Overloaded           not taken in now; whoever has it sends it again

Connection trouble is not an exception: it is `Health`.
"""


class CleoError(Exception):
    """Base of all errors that Cleo raises on purpose. Its text is a sentence for people."""


class ConfigError(CleoError):
    """A setting is missing or wrong. The text names it and shows a working example."""


class StoreError(CleoError):
    """The database cannot be used as it is."""


class Fenced(StoreError):
    """The conversation's epoch moved on: somebody else works on it now."""


class SendError(CleoError):
    """A message did not go out as planned.

    `retry_after` is in seconds, when the other side named a time; `code` is the backend's own number.
    """

    def __init__(self, message: str, *, retry_after: float | None = None, code: int | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after
        self.code = code


class SendRejected(SendError):
    """The message will never be sent as it is."""


class SendFailed(SendError):
    """Nothing was sent; a later try may work."""


class RateLimited(SendFailed):
    """It is not its turn yet: messages may only follow each other so fast. `retry_after` tells when."""


class TemporarilyRefused(SendFailed):
    """The other side looked at this very message and says that it may work later."""


class SendUncertain(SendError):
    """Nobody knows whether it was sent."""


class FetchError(CleoError):
    """A file could not be fetched from the channel."""


class ModelError(CleoError):
    """The model gave no usable answer."""


class ModelUnavailable(ModelError):
    """The model cannot be reached now. `retry_after` is in seconds, when the provider named a time."""

    def __init__(self, message: str, *, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class ModelRefused(ModelError):
    """The model, or a limit, refused this request."""


class ContentRefused(ModelRefused):
    """The provider refused what the request holds: the same content will be refused again."""


class ToolError(CleoError):
    """A tool says that nothing was done, and why; the model reads the text."""


class Overloaded(CleoError):
    """So many messages wait for an answer that no more are taken in now."""
