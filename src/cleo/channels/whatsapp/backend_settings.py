"""The settings of a backend: a group of fields that `app.settings` joins to Cleo's own."""

from typing import Self

from pydantic import BaseModel, ConfigDict


class BackendSettings(BaseModel):
    """Base of all groups. One field a variable, in upper case; its docstring and an example document it."""

    model_config = ConfigDict(frozen=True, use_attribute_docstrings=True)

    @classmethod
    def of(cls, settings: "BackendSettings") -> Self:
        """Narrow Cleo's settings, which have the fields of every backend, to those of one."""
        if not isinstance(settings, cls):
            raise TypeError(f"{cls.__name__} is no part of the settings: its backend is not in BACKENDS")
        return settings
