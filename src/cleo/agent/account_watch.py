"""Notices that an account was linked with another number while Cleo runs."""

from collections.abc import Mapping

import structlog

from cleo.agent.account_switch import switch_account
from cleo.agent.approval.ask import Asker
from cleo.agent.outbox.delivery_status import DeliveryStatus
from cleo.domain.conversation import AccountKey
from cleo.domain.errors import StoreError
from cleo.ports import Channel, Clock, Engine, KnowsNumber, Store

_log = structlog.get_logger("cleo.account")


class AccountWatch:
    """Asks each channel that knows it for its number, every `every` seconds."""

    def __init__(
        self,
        *,
        channels: Mapping[AccountKey, Channel],
        store: Store,
        engine: Engine,
        clock: Clock,
        asker: Asker,
        delivery: DeliveryStatus,
        every: float = 15.0,
    ) -> None:
        self._channels = channels
        self._store = store
        self._engine = engine
        self._clock = clock
        self._asker = asker
        self._delivery = delivery
        self._every = every
        self._known: dict[AccountKey, str] = {}

    async def run(self) -> None:
        """Watch until cancelled."""
        while True:
            await self.look()
            await self._clock.sleep(self._every)

    async def look(self) -> None:
        """Ask each channel once."""
        for account, channel in self._channels.items():
            if isinstance(channel, KnowsNumber) and (number := await channel.number()):
                backend = self._known.get(account, "").partition(":")[0]
                await self.note(account, f"{backend}:{number}")

    async def note(self, account: AccountKey, number: str) -> None:
        """Take the account along when its number is another one than before; `number` as in `account_number`."""
        if self._known.get(account) == number:
            return
        try:
            wake = await self._store.write(
                lambda tx: switch_account(
                    tx, account, number, asker=self._asker, delivery=self._delivery, clock=self._clock
                )
            )
        except StoreError as error:
            _log.error("number of the account not kept", reason=str(error))
            return
        self._known[account] = number
        await self._engine.wake(*wake)
