"""What `cleo up`, `cleo api` and `cleo worker` do first."""

import sys

from cleo.app import logs
from cleo.app.cli.doctor import MARKS
from cleo.app.doctor.machine import aside
from cleo.app.settings import Settings, environment, load, secrets, share_with_libraries


def begin() -> Settings:
    """Load the settings, start the log, and say what `cleo doctor` would say about this machine.

    Raises `ConfigError`.
    """
    settings = load()
    logs.set_up(settings.cleo_log, hide=secrets(settings, environment()))
    share_with_libraries()
    for finding in aside(settings):
        sys.stdout.write(f"{MARKS[finding.grade]} {finding.what}. {finding.fix}\n")
    sys.stdout.flush()
    return settings
