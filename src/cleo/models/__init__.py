"""Chooses and builds the model that answers."""

from cleo.models.basic import BasicModel
from cleo.models.resolve import Choice, resolve_model

__all__ = ["BasicModel", "Choice", "resolve_model"]
