"""A Cleo on the fake Graph server: the agent alone."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Unpack

from tests.support.graph_world import GraphPhone, GraphWorld
from tests.support.phone import Phone
from tests.support.program import PATIENCE, until
from tests.support.system import SECRET, System, SystemOptions

from cleo.channels.whatsapp.backend import PATH
from cleo.channels.whatsapp.cloud.capabilities import CLOUD

DOUBT = 3.0
"""Seconds that the agent waits for news of a message whose sending was cut off."""
TOKEN = "EAAGaTokenOfTheStories"
VERIFY = "a-word-of-the-stories"


class CloudSystem(System):
    """The agent, with a business number of its own; `cleo` is its `phone_number_id`."""

    backend = "cloud"
    capabilities = CLOUD

    def __init__(self, graph: GraphWorld, folder: Path, **options: Unpack[SystemOptions]) -> None:
        super().__init__(graph, folder, graph.account(), **options)
        self.graph = graph
        self._registered = False

    async def __aexit__(self, *error: object) -> None:
        await super().__aexit__(*error)
        await self.register(verify=False, subscribed=False)

    async def enroll(self) -> None:
        """Register the number; its webhooks wait until the agent listens."""
        await self.register(verify=False)

    async def register(self, *, verify: bool = True, **more: object) -> None:
        """Register the number, or change it; with `verify` the agent must answer the handshake."""
        order = {
            "phone_number_id": self.cleo,
            "waba_id": self.waba,
            "display_phone_number": f"1555{self.cleo}",
            "token": TOKEN,
            "app_secret": SECRET,
            "verify_token": VERIFY,
            "callback": f"{self.agent_url}{PATH}",
            "verify": verify,
        }
        await self.graph.ask("POST", "/numbers", {**order, **more})

    @property
    def waba(self) -> str:
        """The account that the number belongs to."""
        return f"9{self.cleo}"

    @property
    def phones(self) -> Sequence[GraphPhone]:
        """Those of the owners."""
        return [_graph_phone(owner) for owner in self.owners]

    def owner(self) -> GraphPhone:
        """An owner who was in no story yet, where several stories share this system."""
        return _graph_phone(super().owner())

    async def stranger(self) -> GraphPhone:
        """Somebody whom Cleo does not know."""
        return await self.phone("Stranger")

    async def phone(self, name: str, **more: object) -> GraphPhone:
        """A phone of any kind: `hide_phone`, `user_id`, …"""
        return await self.graph.phone(self.cleo, name, **more)  # type: ignore[arg-type]  # passed on as given

    async def start_agent(self, **more: str) -> None:
        """Start the agent; at its first start Meta shakes hands with it."""
        await super().start_agent(**more)
        await self.linked()

    async def linked(self) -> None:
        """Wait until Meta shook hands with the agent."""
        if not self._registered:
            await self.register()
            self._registered = True

    async def handed_over(self) -> None:
        """Wait until the agent has all that people wrote, if it runs."""
        if self.agent.is_running:
            await self.graph.settled(self.cleo)

    async def untaken(self) -> Sequence[str]:
        """Ids of messages that were in no webhook which the agent took."""
        posts = await self.graph.log("webhook", self.cleo)
        taken = {item for post in posts if post.answer == 200 for item in post.items}
        said = await self.graph.log("inbound", self.cleo)
        return [line.id for line in said if f"message:{line.id}" not in taken]

    async def quiet(self, seconds: float = PATIENCE) -> None:
        """Wait until nothing is on its way any more: what did not happen by then never will."""

        async def still() -> bool:
            await self.graph.settled(self.cleo)
            if not self.is_idle:
                return False
            return await self.graph.is_settled(self.cleo) and self.is_idle  # news of what went out meanwhile

        await until("quiet", still, seconds)

    def logs(self) -> list[tuple[str, str]]:
        return [*super().logs(), (self.graph.server.name, self.graph.server.tail())]

    def way_env(self) -> Mapping[str, str]:
        """The settings by which the agent reaches WhatsApp."""
        return {
            "WHATSAPP_CLOUD_PHONE_NUMBER_ID": self.cleo,
            "WHATSAPP_CLOUD_TOKEN": TOKEN,
            "WHATSAPP_CLOUD_APP_SECRET": SECRET,
            "WHATSAPP_CLOUD_VERIFY_TOKEN": VERIFY,
            "WHATSAPP_CLOUD_WABA_ID": self.waba,
            "WHATSAPP_CLOUD_BASE_URL": self.graph.base_url,
            "WHATSAPP_CLOUD_DOUBT_SECONDS": f"{DOUBT:g}",
            "WHATSAPP_CLOUD_CHAT_SECONDS": "0",  # people of stories are faster
        }


def _graph_phone(phone: Phone) -> GraphPhone:
    assert isinstance(phone, GraphPhone)
    return phone
