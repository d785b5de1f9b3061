"""Which language model answers."""

from cleo.models.basic import BasicModel
from cleo.models.choice import Choice
from cleo.models.resolve import resolve_model

__all__ = ["BasicModel", "Choice", "resolve_model"]
