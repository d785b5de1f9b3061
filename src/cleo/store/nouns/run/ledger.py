"""Which tool calls started."""

from typing import Literal, cast

from sqlalchemy import bindparam, select, update

from cleo.ports.store import LedgerEntry
from cleo.store.dialect import insert_once
from cleo.store.schema import tool_calls
from cleo.store.session import Session

_ENTRY = select(tool_calls.c.tool, tool_calls.c.state, tool_calls.c.value).where(
    tool_calls.c.key == bindparam("call")
)
_FINISH = update(tool_calls).where(tool_calls.c.key == bindparam("call"))


class SqlLedger:
    """Implements `cleo.ports.Ledger`."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._claim = insert_once(session, tool_calls)

    def claim(self, key: str, tool: str, at: float) -> LedgerEntry | None:
        """Write `started`; None: it is ours. Otherwise tells what is known of the earlier start."""
        row = {"key": key, "tool": tool, "state": "started", "value": "", "started_at": at}
        if self._session.run(self._claim, row) == 1:
            return None
        tool, state, value = self._session.rows(_ENTRY, {"call": key})[0]
        known = cast(Literal["started", "succeeded", "failed", "unknown"], state)
        return LedgerEntry(key=key, tool=tool, state=known, value=value)

    def finish(
        self, key: str, state: Literal["succeeded", "failed", "unknown"], value: str, at: float
    ) -> None:
        """Write how it ended."""
        self._session.run(_FINISH, {"call": key, "state": state, "value": value, "ended_at": at})
