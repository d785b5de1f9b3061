"""The health of Cleo: the worst of its parts."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Final

from cleo.domain.errors import StoreError
from cleo.domain.health import Health
from cleo.ports import Channel, Store

_RANK: Final = {"ok": 0, "degraded": 1, "down": 2}


class Readiness:
    """Asks the parts for their health. `failed` is set when the agent itself has stopped."""

    def __init__(
        self,
        *,
        store: Store,
        channels: Mapping[str, Channel],
        others: Mapping[str, Callable[[], Awaitable[Health]]] | None = None,
    ) -> None:
        self._store = store
        self._others = others or {}
        self._channels = channels
        self.failed = ""

    def alive(self) -> Health:
        """Return the health of the process itself."""
        if self.failed:
            return Health(state="down", code="stopped", message=f"Cleo stopped working: {self.failed}.")
        return Health(state="ok", code="alive", message="Cleo is running.")

    async def check(self) -> tuple[Health, dict[str, Health]]:
        """Return the health of the whole, and of each part by name."""
        parts = {"cleo": self.alive(), "store": await self._ask_store()}
        for name, channel in self._channels.items():
            parts[name] = await channel.health()
        if parts["store"].state == "ok":
            parts |= {name: await ask() for name, ask in self._others.items()}
        name, worst = max(parts.items(), key=lambda part: _RANK[part[1].state])
        if worst.state == "ok":
            return Health(state="ok", code="ready", message="Everything works."), parts
        return Health(state=worst.state, code=worst.code, message=f"{name}: {worst.message}"), parts

    async def _ask_store(self) -> Health:
        """Take the write lock: a locked or read-only database still answers reads."""
        try:
            await self._store.write(lambda tx: None)
        except StoreError as error:
            return Health(state="down", code="store", message=str(error))
        return Health(state="ok", code="writable", message="The database can be written.")
