"""Sorts what goes wrong at a model's provider: it passes, or it does not."""

from collections.abc import Generator
from contextlib import contextmanager

import httpx2
import structlog
from pydantic_ai.exceptions import (
    AgentRunError,
    ContentFilterError,
    ModelAPIError,
    ModelHTTPError,
    ModelQuotaExceededError,
)

from cleo.domain.errors import ContentRefused, ModelError, ModelRefused, ModelUnavailable

_PASSING = frozenset({408, 409, 425, 429})
_ABOUT_CONTENT = frozenset({400, 413, 422})

AWAY = "The model cannot be reached now."
_log = structlog.get_logger("cleo.model")


@contextmanager
def sorted_errors() -> Generator[None]:
    """Raise `ModelUnavailable`, `ModelRefused` or `ContentRefused` for what the library and the network raise."""
    try:
        yield
    except (AgentRunError, httpx2.TransportError, OSError) as error:
        _log.warning("model trouble", error=type(error).__name__, status=getattr(error, "status_code", None))
        raise _sorted(error) from error


def _sorted(error: Exception) -> ModelError:
    if isinstance(error, ContentFilterError):
        return ContentRefused("The model's provider refused this because of its content rules.")
    if isinstance(error, ModelQuotaExceededError):
        return ModelRefused("The account of the model is used up; my owner has to look after it.")
    if isinstance(error, ModelHTTPError):
        return _by_status(error)
    wait = error.retry_after if isinstance(error, ModelAPIError) else None
    return ModelUnavailable(AWAY, retry_after=wait)


def _by_status(error: ModelHTTPError) -> ModelError:
    status = error.status_code
    if status in _PASSING or status >= 500:
        return ModelUnavailable(AWAY, retry_after=error.retry_after)
    if status in _ABOUT_CONTENT:
        return ContentRefused(f"The model's provider refused the request ({status}).")
    if status in (401, 403):
        return ModelRefused(
            f"The model's provider refused the key ({status}); my owner has to look after it."
        )
    return ModelRefused(f"The model's provider refused the request ({status}).")
