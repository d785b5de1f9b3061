"""The crash harness where there is no bridge: the agent talks to the Graph server itself, which keeps the books."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from pydantic import Field as Default
from pydantic import TypeAdapter
from tests.faults.crash_harness import CrashHarness
from tests.faults.seen import Told
from tests.support.cloud_system import CloudSystem
from tests.support.graph_world import GraphPhone, Line
from tests.support.program import Part

_HIDDEN = "Owner 0"
"""The one who does not show a phone number to businesses."""


class Entry(Line):
    """A line of the ground truth, with what a POST to the agent carried."""

    items: list[str] = Default(default_factory=list[str])


_LOG = TypeAdapter(list[Entry])


@dataclass
class Books:
    """What the Graph server knows of one business number."""

    lines: list[Entry] = field(default_factory=list[Entry])
    upto: int = 0

    def add(self, lines: Sequence[Entry], account: str) -> None:
        self.upto = lines[-1].seq if lines else self.upto
        self.lines += [line for line in lines if line.number == account]

    @property
    def posted(self) -> Mapping[str, set[int | str | None]]:
        """What each webhook item was answered."""
        found: dict[str, set[int | str | None]] = defaultdict(set)
        for line in self.lines:
            if line.event == "webhook":
                for item in line.items:
                    found[item].add(line.answer)
        return found

    def all(self, event: str) -> list[Entry]:
        return [line for line in self.lines if line.event == event]


@dataclass(frozen=True, kw_only=True)
class Row:
    """A message that the agent has to send, or has sent: its words, or the name of its file."""

    seq: int
    key: str
    conversation: str
    state: str
    attempt: int
    text: str
    filename: str


class CloudCrashHarness(CrashHarness, CloudSystem):
    """Where only the agent is killed. One of its people is known by a user id alone."""

    async def __aenter__(self) -> "CloudCrashHarness":
        self._books = Books()
        return await super().__aenter__()

    async def _phone(self, name: str, number: str | None = None) -> GraphPhone:
        return await self.graph.phone(self.cleo, name, number=number, hide_phone=name == _HIDDEN)

    def env_of(self, part: Part) -> dict[str, str]:
        """The variables that the agent is started with."""
        known = {"CLEO_OWNERS": self.owners, "CLEO_ALLOWED_USERS": self.users}
        return {
            **super().env_of(part),
            **{name: ",".join(phone.address for phone in phones) for name, phones in known.items()},
        }

    async def books(self) -> Books:
        """What the Graph server knows by now."""
        path = f"/log?after={self._books.upto}"
        self._books.add(_LOG.validate_json(await self.graph.ask("GET", path)), self.cleo)
        return self._books

    async def told(self) -> Sequence[Told]:
        """What became of each message to Cleo, in the order in which they were written."""
        books = await self.books()
        taken = {item for item, answers in books.posted.items() if 200 in answers}
        return [
            Told(
                seq=line.seq,
                id=line.id,
                chat=line.phone,
                state="receipted" if f"message:{line.id}" in taken else "queued",
            )
            for line in books.all("inbound")
        ]

    async def on_its_way(self) -> Mapping[str, int]:
        """Count what the Graph server still has to tell."""
        return {"webhooks": not await self.graph.is_settled(self.cleo)}

    def outbox(self) -> list[Row]:
        """What the agent says that it sent."""
        rows = self.rows(
            """select seq, attempt, key, conversation, state, coalesce(body ->> '$[0].body', ''),
               coalesce(body ->> '$[0].name', '') from outbox order by seq"""
        )
        return [
            Row(
                seq=int(str(seq)),
                attempt=int(str(attempt)),
                key=key,
                conversation=chat,
                state=state,
                text=text,
                filename=name,
            )
            for seq, attempt, *more in rows
            for key, chat, state, text, name in [map(str, more)]
        ]

    def items(self) -> list[str]:
        """The names of all webhook items that the agent keeps."""
        return [str(key) for (key,) in self.rows("select key from webhook_events")]

    def chats(self) -> Mapping[str, str]:
        """In which conversation the agent keeps each message, by its id."""
        conversations = self.rows("select conversation from inbox order by seq")
        ids = self.ids("select body from inbox order by seq")
        return {id: str(conversation) for id, (conversation,) in zip(ids, conversations, strict=True)}

    def unasked(self) -> frozenset[str]:
        """The ids of the messages whose run waits for an answer to a question that may have reached nobody."""
        ids = self.ids(
            """select i.body from confirmations c
               join transcript t on t.conversation = c.conversation and t.revision = c.batch
               join inbox i on i.run = t.run
               where c.state = 'pending' and not c.detached and not exists (
                   select 1 from outbox o where o.asks = c.ref and o.purpose = 'prompt'
                   and o.state not in ('unknown', 'failed')
               )"""
        )
        return frozenset(ids)

    def given_up(self) -> set[str]:
        """The keys of the messages of which the model is told that they may not have arrived."""
        return {str(key) for (key,) in self.rows("select key from dead_letters where kind = 'outbound'")}
