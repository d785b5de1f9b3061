"""A Cleo behind a bridge, on the simulated WhatsApp."""

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Unpack

from tests.support.program import PATIENCE, Part, until
from tests.support.system import SECRET, System, SystemOptions
from tests.support.web_world import World

from cleo.app.serve import free_port
from cleo.app.settings import passed_on
from cleo.channels.whatsapp.bridge.client import BAILEYS
from cleo.channels.whatsapp.bridge.contract import HealthAnswer, LinkAnswer
from cleo.channels.whatsapp.bridge.process.program import program_of


class BridgeSystemOptions(SystemOptions, total=False):
    """And with which bridge."""

    bridge: Mapping[str, str]
    """Settings on top of the usual."""
    bridge_url: str
    """The bridge is somebody else's."""


class BridgeSystem(System):
    """Bridge and agent of one Cleo."""

    backend = "baileys"
    capabilities = BAILEYS

    def __init__(
        self,
        world: World,
        folder: Path,
        *,
        bridge: Mapping[str, str] | None = None,
        bridge_url: str | None = None,
        **options: Unpack[SystemOptions],
    ) -> None:
        super().__init__(world, folder, world.number(), **options)
        self.world = world
        self.bridge = Part("bridge", program_of("whatsapp-bridge", passed_on()), folder)
        self.bridge_url = bridge_url or f"http://127.0.0.1:{free_port()}"
        self.has_bridge = bridge_url is None
        self.bridge_env = dict(bridge or {})

    @property
    def beside(self) -> Sequence[Part]:
        """The parts beside the agent."""
        return (self.bridge,)

    async def enroll(self) -> None:
        """Give Cleo a phone."""
        await self.world.ask("POST", "/phones", {"number": self.cleo, "name": "Cleo"})

    async def start(self) -> None:
        """Start both, link the bridge if it never was, and wait until they work."""
        await asyncio.gather(self.start_agent(), self.start_bridge())

    async def start_bridge(self, **more: str) -> None:
        """Start the bridge, link it if it never was, and wait until it is connected."""
        if not self.has_bridge:
            return
        await self.bridge.start(self.env_of(self.bridge) | more)
        await self.linked()

    async def linked(self) -> None:
        """Wait until the bridge is connected; scans its QR if it shows one."""

        async def connected() -> bool:
            health = await self.get(self.bridge, f"{self.bridge_url}/health")
            state = HealthAnswer.model_validate_json(health).state if health else "starting"
            if state == "linking":
                await self._scan()
            return state == "connected"

        await until("the bridge's connection", connected)
        await self.handed_over()

    async def handed_over(self) -> None:
        """Wait until the bridge has all that people wrote."""
        await self.world.settled(self.cleo)

    async def untaken(self) -> Sequence[str]:
        """Ids of messages for which the bridge gave no receipt."""
        return [told.id for told in await self.world.told(self.cleo) if told.state != "receipted"]

    async def _scan(self) -> None:
        answer = await self.get(self.bridge, f"{self.bridge_url}/link")
        if answer and (qr := LinkAnswer.model_validate_json(answer).qr):
            await self.world.link(self.cleo, qr)

    async def quiet(self, seconds: float = PATIENCE) -> None:
        """Wait until nothing is on its way any more, in any part: what did not happen by then never will."""

        async def still() -> bool:
            await self.handed_over()
            health = await self.get(self.bridge, f"{self.bridge_url}/health")
            spool = HealthAnswer.model_validate_json(health).spool if health else None
            return spool == 0 and self.is_idle

        await until("quiet", still, seconds)

    def logs(self) -> list[tuple[str, str]]:
        return [*super().logs(), (self.world.simulator.name, self.world.simulator.tail())]

    def env_of(self, part: Part) -> dict[str, str]:
        """The variables that a part is started with."""
        return self._bridge_env() if part is self.bridge else super().env_of(part)

    def way_env(self) -> Mapping[str, str]:
        """The settings by which the agent reaches WhatsApp."""
        return {"WHATSAPP_BRIDGE_URL": self.bridge_url, "WHATSAPP_WEBHOOK_SECRET": SECRET}

    def _bridge_env(self) -> dict[str, str]:
        return {
            **passed_on(),
            **self.world.env,
            "CLEO_API_URL": self.agent_url,
            "WHATSAPP_BRIDGE_DATA": str(self.folder / "bridge"),
            "WHATSAPP_BRIDGE_PORT": self.bridge_url.rpartition(":")[2],
            "WHATSAPP_WEBHOOK_SECRET": SECRET,
            **self.bridge_env,
        }
