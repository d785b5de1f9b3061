"""Single facts about this installation."""

from sqlalchemy import Connection, bindparam, select, update

from cleo.store.dialect import insert_once
from cleo.store.schema import installation

_GET = select(installation.c.text).where(installation.c.name == bindparam("which"))
_SET = update(installation).where(installation.c.name == bindparam("which"))


class SqlInstallation:
    """Implements `cleo.ports.Installation`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._add = insert_once(connection, installation)

    def get(self, name: str) -> str:
        """Read one; empty if it was never set."""
        return self._connection.execute(_GET, {"which": name}).scalar() or ""

    def set(self, name: str, text: str) -> None:
        """Write one."""
        if self._connection.execute(_SET, {"which": name, "text": text}).rowcount == 0:
            self._connection.execute(self._add, {"name": name, "text": text})
