"""Chooses and builds the model that answers."""

from cleo.models.basic import BasicModel
from cleo.models.diagnosis import Diagnosis, ask_once, diagnose
from cleo.models.resolve import Choice, resolve_model

__all__ = ["BasicModel", "Choice", "Diagnosis", "ask_once", "diagnose", "resolve_model"]
