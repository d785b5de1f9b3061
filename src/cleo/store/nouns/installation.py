"""Single facts about this installation."""

from sqlalchemy import bindparam, select, update

from cleo.store.dialect import insert_once
from cleo.store.schema import installation
from cleo.store.session import Session

_GET = select(installation.c.text).where(installation.c.name == bindparam("which"))
_SET = update(installation).where(installation.c.name == bindparam("which"))


class SqlInstallation:
    """Implements `cleo.ports.Installation`."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._add = insert_once(session, installation)

    def get(self, name: str) -> str:
        """Read one; empty if it was never set."""
        return self._session.value(_GET, {"which": name}) or ""

    def set(self, name: str, text: str) -> None:
        """Write one."""
        if self._session.run(_SET, {"which": name, "text": text}) == 0:
            self._session.run(self._add, {"name": name, "text": text})
