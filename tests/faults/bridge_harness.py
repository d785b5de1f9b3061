"""The crash harness where a bridge is killed too."""

from collections.abc import Mapping, Sequence

from tests.faults.crash_harness import NEVER, CrashHarness
from tests.faults.seen import Told, told
from tests.support.bridge_system import BridgeSystem
from tests.support.program import until

from cleo.channels.whatsapp.bridge.contract import HealthAnswer


class BridgeCrashHarness(CrashHarness, BridgeSystem):
    """Where agent and bridge are killed."""

    async def spawn_bridge(self, fail: str) -> None:
        await self.bridge.start(self.env_of(self.bridge) | {"BRIDGE_FAIL": fail})

    async def bridge_is_ready(self) -> bool:
        health = await self._health()
        return health is not None and health.state == "connected"

    async def stand_up(self) -> None:
        """Start what an earlier trouble left lying."""
        if not self.agent.is_running:
            await self.start_agent()
        if not self.bridge.is_running:
            await self.start_bridge()

    async def start_bridge_unsettled(self) -> None:
        """Start the bridge and wait for its connection, however much WhatsApp holds back."""
        await self.spawn_bridge("")
        await until("the bridge's connection", self.bridge_is_ready)

    async def _health(self) -> HealthAnswer | None:
        answer = await self.ask(self.bridge_url)
        return HealthAnswer.model_validate_json(answer) if answer else None

    async def told(self) -> Sequence[Told]:
        """What WhatsApp was told of each message to Cleo, in sending order."""
        return await told(self.world, self.cleo)

    async def on_its_way(self) -> Mapping[str, int]:
        """Count what waits in the bridge."""
        health = await self._health()
        spool = health.spool if health and health.state == "connected" else None
        return {"spool": NEVER if spool is None else spool}
