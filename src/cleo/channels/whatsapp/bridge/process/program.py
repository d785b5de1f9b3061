"""The programs of this repository that run on Node.js: the bridge, and the simulated WhatsApp."""

from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

from cleo.channels.whatsapp.backend_spec import BackendContext, Program
from cleo.channels.whatsapp.bridge.process.node import find_node
from cleo.domain.errors import ConfigError

REPOSITORY = Path(__file__).parents[6]

_LEAN = ("--max-semi-space-size=1", "--optimize-for-size")
"""Node's default of 16 MB keeps some 30 MB of garbage around that nobody needs here."""

LEAN_MALLOC: Mapping[str, str] = {"MALLOC_ARENA_MAX": "2", "MALLOC_TRIM_THRESHOLD_": "65536"}
"""For glibc, which else keeps an arena of freed memory for each of Node's threads: some 25 MB (`make bench`)."""


def program_of(name: str, environment: Mapping[str, str]) -> tuple[str, ...]:
    """Return the command that starts the bridge or the simulator; raises `ConfigError`."""
    main = REPOSITORY / name / "src" / "main.ts"
    if not main.exists():
        raise ConfigError(
            f"{name} is not there: it belongs to Cleo's source directory, and {main.parent} does not exist. Run Cleo "
            "from its directory, or name a bridge that runs elsewhere: WHATSAPP_BRIDGE_URL=http://localhost:3001"
        )
    if not (REPOSITORY / "node_modules").is_dir():
        raise ConfigError(f"The parts of {name} are not installed. Run once in Cleo's directory: make setup")
    return str(find_node(environment.get("PATH")).path), *_LEAN, str(main)


def bridge_program(context: BackendContext, *, api_url: str, phone: str | None) -> Program:
    """Describe the bridge as a child process that listens where `context` says."""
    env = {
        **LEAN_MALLOC,
        **context.environment,
        "CLEO_API_URL": api_url,
        "CLEO_SUPERVISED": "1",
        "WHATSAPP_WEBHOOK_SECRET": context.secret or "",
        "WHATSAPP_BRIDGE_HOST": "127.0.0.1",
        "WHATSAPP_BRIDGE_PORT": str(urlsplit(context.bridge_url or "").port or 0),
        "WHATSAPP_BRIDGE_DATA": str(context.data.absolute() / "bridge"),
        "WHATSAPP_MEDIA_MAX_BYTES": str(context.file_max_bytes),
    }
    if phone:
        env["WHATSAPP_PHONE"] = phone
    return Program(
        name="whatsapp-bridge", command=program_of("whatsapp-bridge", context.environment), env=env
    )
