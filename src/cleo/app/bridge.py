"""Cleo's own WhatsApp bridge: a child process in the data directory, with a secret of its own."""

import asyncio
import secrets
import socket
from collections.abc import Callable, Mapping
from pathlib import Path

import httpx2
from pydantic import ValidationError

from cleo.app.node import find_node
from cleo.app.settings import Settings, passed_on
from cleo.app.supervise import News, Program
from cleo.channels.whatsapp.bridge.contract import SECRET_HEADER, LinkAnswer
from cleo.domain.errors import ConfigError

REPOSITORY = Path(__file__).parents[3]


def free_port() -> int:
    """Find a port that nobody uses now. The bridge keeps it through its restarts, so its URL never changes."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def webhook_secret(settings: Settings, *, own_bridge: bool) -> str | None:
    """Tell the secret between bridge and agent; for an own bridge there is always one, kept in the data directory."""
    if settings.whatsapp_webhook_secret:
        return settings.whatsapp_webhook_secret.get_secret_value()
    if not own_bridge:
        return None
    kept = settings.cleo_data / "webhook-secret"
    if not kept.exists():
        kept.touch(mode=0o600)
    if not kept.read_text():
        kept.write_text(secrets.token_urlsafe(32))
    return kept.read_text().strip()


_LEAN = "--max-semi-space-size=1"
"""MB. Node's default of 16 keeps some 30 MB of garbage around that nobody needs here."""


def program_of(name: str) -> tuple[str, ...]:
    """Tell the command that starts the bridge or the simulator; raises `ConfigError`."""
    main = REPOSITORY / name / "src" / "main.ts"
    if not main.exists():
        raise ConfigError(
            f"{name} is not there: it belongs to Cleo's source directory, and {main.parent} does not exist. Run Cleo "
            "from its directory, or name a bridge that runs elsewhere: WHATSAPP_BRIDGE_URL=http://localhost:3001"
        )
    if not (REPOSITORY / "node_modules").is_dir():
        raise ConfigError(f"The parts of {name} are not installed. Run once in Cleo's directory: make setup")
    return str(find_node(passed_on().get("PATH")).path), _LEAN, str(main)


def bridge_program(
    settings: Settings, *, api_url: str, port: int, secret: str, phone: str | None, extra: Mapping[str, str]
) -> Program:
    """Describe the bridge as a child process. `extra` goes on top of its environment."""
    env = {
        **passed_on(),
        "CLEO_API_URL": api_url,
        "CLEO_SUPERVISED": "1",
        "WHATSAPP_WEBHOOK_SECRET": secret,
        "WHATSAPP_BRIDGE_HOST": "127.0.0.1",
        "WHATSAPP_BRIDGE_PORT": str(port),
        "WHATSAPP_BRIDGE_DATA": str(settings.cleo_data.absolute() / "bridge"),
        "WHATSAPP_MEDIA_MAX_BYTES": str(settings.cleo_file_max_bytes),
    }
    if phone:
        env["WHATSAPP_PHONE"] = phone
    return Program(name="whatsapp-bridge", command=program_of("whatsapp-bridge"), env={**env, **extra})


class Links:
    """Hears that there is something new to link a phone with, and fetches it.

    The bridge tells on its standard output only that there is something: whoever has the code has the account.
    """

    def __init__(
        self, url: str, secret: str, *, on_news: Callable[[News], None], on_link: Callable[[LinkAnswer], None]
    ) -> None:
        self._url = url
        self._secret = secret
        self._on_news = on_news
        self._on_link = on_link
        self._asking: set[asyncio.Task[None]] = set()

    def news(self, news: News) -> None:
        """Take what the bridge tells."""
        if news.get("event") != "link":
            self._on_news(news)
            return
        task = asyncio.create_task(self._ask())
        self._asking.add(task)
        task.add_done_callback(self._asking.discard)

    async def _ask(self) -> None:
        headers = {SECRET_HEADER: self._secret}
        async with httpx2.AsyncClient(
            base_url=self._url, headers=headers, timeout=10, trust_env=False
        ) as http:
            try:
                answer = LinkAnswer.model_validate_json((await http.get("/link")).content)
            except (httpx2.HTTPError, ValidationError):
                return  # the next code is announced again
        self._on_link(answer)
