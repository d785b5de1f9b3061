"""Who works on which conversation now."""

from cleo.engine.inprocess import InProcessEngine

__all__ = ["InProcessEngine"]
