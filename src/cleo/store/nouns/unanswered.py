"""How much of what nobody answers is kept."""

from sqlalchemy import bindparam, func, select, update

from cleo.domain.identity import PersonId
from cleo.domain.message import Inbound
from cleo.ports.store import Quota
from cleo.store.codec import INBOUND, encode
from cleo.store.dialect import insert_once
from cleo.store.nouns.inbox import fingerprint
from cleo.store.schema import inbox, past_messages, unanswered
from cleo.store.session import Session

_THEIRS = select(unanswered.c.day, unanswered.c.messages, unanswered.c.bytes).where(
    unanswered.c.person == bindparam("person")
)
_OF_ALL = select(func.coalesce(func.sum(unanswered.c.bytes), 0)).where(unanswered.c.day == bindparam("day"))
_COUNT = update(unanswered).where(unanswered.c.person == bindparam("of"))
_KNOWN = select(inbox.c.seq).where(inbox.c.fingerprint == bindparam("fingerprint"))


class SqlUnanswered:
    """Implements `cleo.ports.Unanswered`."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._add = insert_once(session, unanswered)
        self._pass = insert_once(session, past_messages)

    def has_room(self, person: PersonId, message: Inbound, day: int, quota: Quota) -> bool:
        """Tell whether a message of that day (since 1970) is within the quota, and count it if so."""
        size = len(encode(INBOUND, message).encode(errors="replace"))
        of_day, messages, theirs = self._session.row(_THEIRS, {"person": person}) or (day, 0, 0)
        if of_day != day:
            messages = theirs = 0
        if messages >= quota.messages or theirs + size > quota.bytes:
            return False
        if self._session.value(_OF_ALL, {"day": day}) + size > quota.bytes_of_all:
            return False
        counts = {"day": day, "messages": messages + 1, "bytes": theirs + size}
        if not self._session.run(_COUNT, {"of": person, **counts}):
            self._session.run(self._add, {"person": person, **counts})
        return True

    def skip(self, message: Inbound) -> bool:
        """Remember only that it came; False: it was here before."""
        known = {"fingerprint": fingerprint(message)}
        return self._session.row(_KNOWN, known) is None and self._session.run(self._pass, known) == 1
