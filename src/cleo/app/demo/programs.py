"""The simulators that the demo starts as child processes."""

import sys
from pathlib import Path

from cleo.app.bridge import REPOSITORY, program_of
from cleo.app.settings import passed_on
from cleo.app.supervise import Program
from cleo.domain.errors import ConfigError


def whatsapp_simulator(state: Path) -> Program:
    """Describe the simulated WhatsApp, with its files in `state`; raises `ConfigError` when it is not there."""
    command = (*program_of("whatsapp-simulator"), "--supervised", "--state", str(state))
    return Program(name="whatsapp-simulator", command=command, env=passed_on())


def cloud_simulator() -> Program:
    """Describe the simulated Cloud API; raises `ConfigError` when it is not there."""
    source = REPOSITORY / "cloud-simulator" / "src"
    if not source.is_dir():
        raise ConfigError(
            f"cloud-simulator is not there: it belongs to Cleo's source directory, and {source} does not exist. Run "
            "the demo in a copy of the whole repository: make demo ARGS=--backend=cloud"
        )
    command = (sys.executable, "-P", "-m", "cloud_simulator", "--supervised")
    return Program(name="cloud-simulator", command=command, env={**passed_on(), "PYTHONPATH": str(source)})
