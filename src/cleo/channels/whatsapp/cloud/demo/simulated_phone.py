"""A simulated Cloud API, and Cleo with a number there."""

import secrets
import sys
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

from pydantic import SecretStr

from cleo.channels.whatsapp.backend import PATH
from cleo.channels.whatsapp.backend_spec import Program
from cleo.channels.whatsapp.cloud.demo.phone import CloudPhone
from cleo.channels.whatsapp.demo.host import CLEO, ME, DemoHost
from cleo.channels.whatsapp.demo.phone import DemoPhone
from cleo.domain.errors import ConfigError

_NUMBER_ID = "1001"
REPOSITORY = Path(__file__).parents[6]


@asynccontextmanager
async def simulated_phone(host: DemoHost) -> AsyncGenerator[DemoPhone]:
    """Start the simulator and Cleo, and register Cleo's number with its webhook."""
    words = {name: secrets.token_hex(16) for name in ("token", "app_secret", "verify_token")}
    known = {f"whatsapp_cloud_{name}": SecretStr(word) for name, word in words.items()}
    async with host.simulator(simulator_program(host.environment)) as (simulator, event):
        place = {
            "whatsapp_cloud_base_url": str(event["base_url"]),
            "whatsapp_cloud_phone_number_id": _NUMBER_ID,
        }
        async with host.cleo(settings={**known, **place}, bridge_env={}) as cleo:
            number = {"phone_number_id": _NUMBER_ID, "display_phone_number": CLEO, **words}
            await simulator.post("/numbers", {**number, "callback": f"{cleo.url}{PATH}"})
            await simulator.post("/phones", {"number": ME, "name": "You", "autoRead": True})
            yield CloudPhone(simulator, ME)


def simulator_program(environment: Mapping[str, str]) -> Program:
    """Describe the simulated Cloud API as a child process; raises `ConfigError` when it is not there."""
    source = REPOSITORY / "cloud-simulator" / "src"
    if not source.is_dir():
        raise ConfigError(
            f"cloud-simulator is not there: it belongs to Cleo's source directory, and {source} does not exist. Run "
            "the demo in a copy of the whole repository: make demo ARGS=--backend=cloud"
        )
    command = (sys.executable, "-P", "-m", "cloud_simulator", "--supervised")
    env = {**environment, "PYTHONPATH": str(source)}
    return Program(name="cloud-simulator", command=command, env=env)
