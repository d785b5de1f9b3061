"""A Cloud client on the fake Graph server, with one person who has just written."""

import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from tests.support.files_at import FilesAt

from cleo.channels.whatsapp.cloud.client import WhatsAppCloudClient
from cleo.domain.content import MessageId, Template
from cleo.domain.conversation import AccountKey, Conversation, LastInbound, conversation_id
from cleo.domain.identity import Address, PersonId
from cloud_simulator.entities.business import Business
from cloud_simulator.entities.message import Message
from cloud_simulator.entities.phone import Bubble, Phone
from cloud_simulator.faults import FaultRule
from cloud_simulator.server import CloudSimulator

NUMBER = "1001"
TOKEN = "EAAGtheT0ken"
ANN = Address("phone:+4915112345678")
WAMID = MessageId("wamid.heard")
DAY = 86400.0


class Ticks:
    """Seconds that pass when a test says so."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@dataclass
class CloudClientHarness:
    simulator: CloudSimulator
    client: WhatsAppCloudClient
    files: FilesAt
    ann: Phone
    ticks: Ticks

    def chat(self, address: str = ANN, *, ago: float | None = 60.0, account: str = NUMBER) -> Conversation:
        """The chat with Ann, who wrote so many seconds ago, or never."""
        heard = None if ago is None else LastInbound(number_id=account, id=WAMID, at=time.time() - ago)
        person = PersonId("ann")
        return Conversation(
            id=conversation_id(AccountKey("whatsapp"), person),
            channel="whatsapp",
            address=Address(address),
            person=person,
            last_inbound=heard,
        )

    def fault(self, on: str, do: str, **more: Any) -> None:
        self.simulator.state.faults.add(FaultRule.model_validate({"on": on, "do": do, **more}))

    async def go_down(self) -> None:
        """Take the server away."""
        await self.simulator.__aexit__()

    def number(self, **change: Any) -> None:
        """Change the number at Meta."""
        self.simulator.state.businesses[NUMBER] = self.simulator.state.businesses[NUMBER].model_copy(
            update=change
        )

    def inbound(self, data: bytes, mimetype: str = "image/jpeg") -> str:
        """A file that Ann sent; tells its id."""
        return self.simulator.state.add_file(NUMBER, data, mimetype, "photo.jpg", inbound=True).id

    @property
    def shown(self) -> list[Bubble]:
        """What Ann's phone shows of Cleo."""
        return [bubble for bubble in self.ann.bubbles if not bubble.fromMe]

    @property
    def accepted(self) -> list[dict[str, Any]]:
        """The bodies of the sends that Graph took, without what all have."""
        bodies: list[Any] = [line.body for line in self.simulator.state.log if line.event == "accepted"]
        return [{name: part for name, part in body.items() if name != "messaging_product"} for body in bodies]

    def calls(self, ending: str = "", *, host: str = "graph") -> int:
        """How often something was asked for."""
        log = self.simulator.state.log
        asked = [line for line in log if line.event == "call" and line.host == host]
        return sum(line.path.endswith(ending) for line in asked)

    def tokens(self, host: str) -> set[str]:
        return {line.token for line in self.simulator.state.log if line.event == "call" and line.host == host}


def here(known: Conversation, address: str) -> Conversation:
    """The same chat at another address."""
    return replace(known, address=Address(address))


@asynccontextmanager
async def cloud_client(
    folder: Path, *, fallback: Template | None = None, limit: int = 10**6
) -> AsyncGenerator[CloudClientHarness]:
    async with CloudSimulator(seed=3) as simulator:
        state = simulator.state
        state.add_business(
            Business(
                phone_number_id=NUMBER,
                waba_id="9001",
                token=TOKEN,
                app_secret="s",
                verify_token="v",
                subscribed=False,
            )
        )
        ann = Phone(
            id="p1",
            number="4915112345678",
            user_id="DE.4711",
            name="Ann",
            username=None,
            hide_phone=False,
            auto_read=False,
        )
        state.phones.append(ann)
        state.open_window(NUMBER, ann)
        state.messages[WAMID] = Message(
            id=WAMID, number=NUMBER, phone=ann, inbound=True, kind="text", at=state.now()
        )
        files, ticks = FilesAt(folder), Ticks()
        client = WhatsAppCloudClient(
            phone_number_id=NUMBER,
            token=TOKEN,
            base_url=simulator.base_url,
            files=files,
            fallback_template=fallback,
            file_max_bytes=limit,
            timeout=0.4,
            monotonic=ticks,
        )
        yield CloudClientHarness(simulator, client, files, ann, ticks)
        await client.close()
