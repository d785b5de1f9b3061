"""The rule model `builtin:basic`."""

from cleo.models.basic.model import BasicModel

__all__ = ["BasicModel"]
