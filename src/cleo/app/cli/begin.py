"""What `cleo up`, `cleo api` and `cleo worker` do first."""

import sys

from cleo.app import logs
from cleo.app.env_names import unread_names
from cleo.app.settings import Settings, environment, load, secrets


def begin() -> Settings:
    """Load the settings, start the log, and say which variables nobody reads; raises `ConfigError`."""
    settings = load()
    logs.set_up(settings.cleo_log, hide=secrets(settings, environment()))
    for each in unread_names():
        sys.stdout.write(f"● {each}\n")
    sys.stdout.flush()
    return settings
