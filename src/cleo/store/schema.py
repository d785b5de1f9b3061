"""Every table on one page.

    conversations ─┬─ inbox ── runs ── transcript, spending
                   ├─ outbox ── confirmations ── confirmation_events
                   ├─ reminders, records
                   └─ people ── aliases           webhook_batches ── webhook_events

    tool_calls, dead_letters, installation, access_rules, unknown_people, unanswered and past_messages stand alone.

Bodies are JSON (see `codec.py`); times are Unix seconds. What `due` asks for has partial indexes, whose conditions
are named here because a query uses such an index only when it repeats the condition literally.

A change here needs a new file in `migrations/versions` and its revision as `HEAD`.
"""

from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    Dialect,
    Double,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Named,
    String,
    Table,
    Text,
    TypedColumns,
    TypeDecorator,
    UniqueConstraint,
    and_,
    bindparam,
    false,
    literal_column,
    or_,
    true,
)

from cleo.store.codec import clean

HEAD = "0006"
"""The revision of the newest migration."""

_Serial = BigInteger().with_variant(Integer, "sqlite")

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    }
)


class Words(TypeDecorator[str]):
    """Text that people or models wrote: whatever it holds, it can be stored."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        """Replace what UTF-8 or Postgres cannot hold."""
        return None if value is None else clean(value)


class _Numbered(TypedColumns):
    seq: Named[int] = Column(_Serial, primary_key=True, autoincrement=True)


class _Conversations(TypedColumns):
    id: Named[str] = Column(Text, primary_key=True)
    channel: Named[str] = Column(Text)
    address: Named[str] = Column(Text)
    person: Named[str | None] = Column(Text)
    epoch: Named[int] = Column(BigInteger, server_default="0")
    parked_batch: Named[int | None] = Column(BigInteger)
    last_inbound_number: Named[str | None] = Column(Text)
    last_inbound_id: Named[str | None] = Column(Text)
    last_inbound_at: Named[float | None]
    account: Named[str] = Column(Text, server_default="default")
    transcript_from: Named[int] = Column(BigInteger, server_default="0")
    """The revision after which the model reads: people can begin anew."""
    paused_until: Named[float | None]


class _Inbox(_Numbered):
    fingerprint: Named[bytes] = Column(LargeBinary)
    """What makes a message the same message; unique. It outlives the row, so a repeat is known for good."""
    conversation: Named[str] = Column(Text)
    person: Named[str] = Column(Text)
    state: Named[str] = Column(String(16))
    run: Named[str | None] = Column(Text)
    received_at: Named[float]
    body: Named[str] = Column(Text)
    about: Named[str | None] = Column(Text)
    """Its message id; of an edit or deletion that of the message which it changes."""


class _Outbox(_Numbered):
    key: Named[str] = Column(Text)
    conversation: Named[str] = Column(Text)
    state: Named[str] = Column(String(16))
    attempts: Named[int] = Column(Integer)
    next_at: Named[float]
    message_id: Named[str | None] = Column(Text)
    reason: Named[str] = Column(Words)
    body: Named[str] = Column(Text)
    uncertain_since: Named[float | None]
    purpose: Named[str] = Column(String(16), server_default="reply")
    asks: Named[str | None] = Column(Text)
    """The ref of the confirmation that it asks for or shows."""
    attempt: Named[int] = Column(Integer, server_default="1")
    second_id: Named[str | None] = Column(Text)
    """The id of its other attempt, when both arrived."""
    queued_at: Named[float] = Column(Double, server_default="0")


class _Runs(_Numbered):
    id: Named[str] = Column(Text)
    conversation: Named[str] = Column(Text)
    kind: Named[str] = Column(String(16))
    state: Named[str] = Column(String(16))
    attempts: Named[int] = Column(Integer)
    prompted: Named[bool]
    ref: Named[str] = Column(Text)
    retry_at: Named[float | None]
    waiting_since: Named[float | None]
    stop: Named[str] = Column(String(8), server_default="")
    ended_at: Named[float | None]


class _Transcript(TypedColumns):
    conversation: Named[str] = Column(Text, primary_key=True)
    revision: Named[int] = Column(BigInteger, primary_key=True, autoincrement=False)
    run: Named[str] = Column(Text)
    body: Named[bytes] = Column(LargeBinary)


class _Spending(_Numbered):
    conversation: Named[str] = Column(Text)
    run: Named[str] = Column(Text)
    kind: Named[str] = Column(String(16))
    model: Named[str] = Column(Text)
    tokens_in: Named[int] = Column(BigInteger)
    tokens_out: Named[int] = Column(BigInteger)
    cost: Named[float | None]
    at: Named[float]


class _ToolCalls(TypedColumns):
    key: Named[str] = Column(Text, primary_key=True)
    tool: Named[str] = Column(Text)
    state: Named[str] = Column(String(16))
    value: Named[str] = Column(Words, server_default="")
    started_at: Named[float]
    ended_at: Named[float | None]


class _Confirmations(_Numbered):
    ref: Named[str] = Column(Text)
    conversation: Named[str] = Column(Text)
    batch: Named[int] = Column(BigInteger)
    call_id: Named[str] = Column(Text)
    tool: Named[str] = Column(Text)
    tool_hash: Named[str] = Column(Text)
    plan: Named[str] = Column(Text)
    digest: Named[str] = Column(Text)
    asked_by: Named[str] = Column(Text)
    created_at: Named[float]
    state: Named[str] = Column(String(16))
    detached: Named[bool]
    reported: Named[bool]
    asked_at: Named[float | None]
    expires_at: Named[float | None]
    decided_by: Named[str | None] = Column(Text)
    decided_via: Named[str] = Column(Text)
    decided_at: Named[float | None]
    reason: Named[str] = Column(Words)
    retry_of: Named[str] = Column(Text)


class _ConfirmationEvents(_Numbered):
    ref: Named[str] = Column(Text)
    at: Named[float]
    kind: Named[str] = Column(Text)
    by: Named[str | None] = Column(Text)
    detail: Named[str] = Column(Words)


class _People(TypedColumns):
    id: Named[str] = Column(Text, primary_key=True)
    name: Named[str] = Column(Words)
    claimed_owner: Named[bool]
    merged_into: Named[str | None] = Column(Text)
    """Set when two turned out to be one: everything about this person is found under that one."""
    first_seen: Named[float]


class _Aliases(TypedColumns):
    address: Named[str] = Column(Text, primary_key=True)
    person: Named[str] = Column(Text, ForeignKey("people.id"), index=True)


class _AccessRules(TypedColumns):
    address: Named[str] = Column(Text, primary_key=True)
    rule: Named[str] = Column(String(8))
    at: Named[float]
    before: Named[float]
    """When the rule before it was made."""


class _UnknownPeople(TypedColumns):
    person: Named[str] = Column(Text, primary_key=True)
    messages: Named[int] = Column(BigInteger)
    last_at: Named[float]


class _Unanswered(TypedColumns):
    person: Named[str] = Column(Text, primary_key=True)
    day: Named[int] = Column(BigInteger)
    """Days since 1970; the counts are of that day."""
    messages: Named[int] = Column(BigInteger)
    bytes: Named[int] = Column(BigInteger)


class _PastMessages(TypedColumns):
    fingerprint: Named[bytes] = Column(LargeBinary, primary_key=True)
    """Of a message that was not kept, or is not kept any more."""


class _Reminders(TypedColumns):
    id: Named[str] = Column(Text, primary_key=True)
    conversation: Named[str] = Column(Text)
    text: Named[str] = Column(Words)
    next_at: Named[float | None]
    """Null: it is over."""
    rule: Named[str] = Column(Text)
    zone: Named[str] = Column(Text)


class _Records(_Numbered):
    id: Named[str] = Column(Text)
    conversation: Named[str] = Column(Text)
    kind: Named[str] = Column(Text)
    name: Named[str] = Column(Words)
    body: Named[str] = Column(Words)
    at: Named[float]


class _WebhookBatches(_Numbered):
    at: Named[float]
    channel: Named[str] = Column(Text)
    raw: Named[bytes] = Column(LargeBinary)
    """As it came, packed."""


class _WebhookEvents(_Numbered):
    key: Named[str] = Column(Text)
    """What makes an item the same item; unique."""
    batch: Named[int] = Column(BigInteger, ForeignKey("webhook_batches.seq"), index=True)
    at: Named[float]
    kind: Named[str] = Column(Text)
    problem: Named[str] = Column(Words)
    body: Named[str] = Column(Words)
    about: Named[str | None] = Column(Text)
    """Of news about a message that Cleo sent: its message id."""
    receipt: Named[str | None] = Column(Text)


class _Installation(TypedColumns):
    name: Named[str] = Column(Text, primary_key=True)
    text: Named[str] = Column(Text)


class _DeadLetters(_Numbered):
    kind: Named[str] = Column(String(16))
    key: Named[str] = Column(Text)
    conversation: Named[str] = Column(Text)
    reason: Named[str] = Column(Words)
    at: Named[float]
    reported: Named[bool]


conversations = Table("conversations", metadata, _Conversations)
inbox = Table("inbox", metadata, _Inbox, UniqueConstraint("fingerprint"))
outbox = Table("outbox", metadata, _Outbox, UniqueConstraint("key"))
runs = Table("runs", metadata, _Runs, UniqueConstraint("id"))
transcript = Table("transcript", metadata, _Transcript)
spending = Table("spending", metadata, _Spending)
tool_calls = Table("tool_calls", metadata, _ToolCalls)
confirmations = Table("confirmations", metadata, _Confirmations, UniqueConstraint("ref"))
confirmation_events = Table("confirmation_events", metadata, _ConfirmationEvents)
people = Table("people", metadata, _People)
aliases = Table("aliases", metadata, _Aliases)
access_rules = Table("access_rules", metadata, _AccessRules)
unknown_people = Table("unknown_people", metadata, _UnknownPeople)
unanswered = Table("unanswered", metadata, _Unanswered)
past_messages = Table("past_messages", metadata, _PastMessages)
reminders = Table("reminders", metadata, _Reminders)
records = Table("records", metadata, _Records, UniqueConstraint("id"))
dead_letters = Table("dead_letters", metadata, _DeadLetters, UniqueConstraint("kind", "key"))
webhook_batches = Table("webhook_batches", metadata, _WebhookBatches)
webhook_events = Table("webhook_events", metadata, _WebhookEvents, UniqueConstraint("key"))
installation = Table("installation", metadata, _Installation)

is_new = inbox.c.state == literal_column("'new'")
is_change = inbox.c.state == literal_column("'change'")
is_early = inbox.c.state == literal_column("'early'")
_WAITING: list[ColumnElement[str]] = [
    literal_column(f"'{state}'") for state in ("queued", "sending", "uncertain")
]
ahead = outbox.alias("ahead")
"""What may stand before a message in its chat's queue."""
is_waiting = outbox.c.state.in_(_WAITING)
has_id = or_(outbox.c.message_id == bindparam("message_id"), outbox.c.second_id == bindparam("message_id"))
"""Under which id WhatsApp knows it, `message_id`: a value of the query."""
is_ahead = and_(
    ahead.c.conversation == outbox.c.conversation, ahead.c.state.in_(_WAITING), ahead.c.seq < outbox.c.seq
)
is_asking = outbox.c.asks.is_not(None)
is_twice = outbox.c.second_id.is_not(None)
is_held = outbox.c.state == literal_column("'held'")
is_about_message = webhook_events.c.about.is_not(None)
is_open_run = runs.c.state == literal_column("'open'")
is_parked = conversations.c.parked_batch.is_not(None)
is_pending = confirmations.c.state == literal_column("'pending'")
is_unreported = confirmations.c.reported == false()
is_unknown_loss = and_(
    dead_letters.c.kind == literal_column("'outbound'"), dead_letters.c.reported == false()
)
is_owner = people.c.claimed_owner == true()


def _index_some(
    where: ColumnElement[bool], name: str, *columns: ColumnElement[Any], unique: bool = False
) -> None:
    """Index only the rows of a condition."""
    Index(name, *columns, unique=unique, sqlite_where=where, postgresql_where=where)


_index_some(is_unknown_loss, "ix_dead_letters_unreported", dead_letters.c.conversation)
_index_some(is_new, "ix_inbox_new", inbox.c.conversation, inbox.c.seq)
_index_some(is_change, "ix_inbox_change", inbox.c.conversation, inbox.c.seq)
Index("ix_inbox_about", inbox.c.conversation, inbox.c.about)
_index_some(is_early, "ix_inbox_early", inbox.c.conversation, inbox.c.seq)
_index_some(inbox.c.run.is_not(None), "ix_inbox_run", inbox.c.run)
_index_some(is_waiting, "ix_outbox_waiting", outbox.c.conversation, outbox.c.seq)
_index_some(is_held, "ix_outbox_held", outbox.c.conversation)
Index("ix_webhook_batches_at", webhook_batches.c.at)
Index("ix_runs_old", runs.c.ended_at)
Index("ix_confirmations_old", confirmations.c.created_at)
Index("ix_tool_calls_old", tool_calls.c.ended_at)
Index("ix_spending_old", spending.c.at)
Index("ix_dead_letters_old", dead_letters.c.at)
Index("ix_inbox_received_at", inbox.c.received_at)
Index("ix_outbox_queued_at", outbox.c.queued_at)
Index("ix_unanswered_day", unanswered.c.day)
_index_some(is_about_message, "ix_webhook_events_about", webhook_events.c.about)
Index("ix_outbox_message_id", outbox.c.conversation, outbox.c.message_id)
_index_some(is_twice, "ix_outbox_second_id", outbox.c.conversation, outbox.c.second_id)
_index_some(is_open_run, "ix_runs_open", runs.c.conversation, unique=True)
Index("ix_runs_ended_at", runs.c.conversation, runs.c.ended_at)
_index_some(is_parked, "ix_conversations_parked", conversations.c.id)
_index_some(is_pending, "ix_confirmations_pending", confirmations.c.conversation)
_index_some(is_unreported, "ix_confirmations_unreported", confirmations.c.conversation)
Index("ix_confirmations_conversation", confirmations.c.conversation, confirmations.c.batch)
_index_some(is_asking, "ix_outbox_asks", outbox.c.asks)
_index_some(is_asking, "ix_outbox_asks_in", outbox.c.conversation)
Index("ix_spending_conversation", spending.c.conversation, spending.c.at)
Index("ix_confirmation_events_ref", confirmation_events.c.ref)
Index("ix_unknown_people_last_at", unknown_people.c.last_at)
_index_some(is_owner, "ix_people_owners", people.c.id)
_index_some(reminders.c.next_at.is_not(None), "ix_reminders_due", reminders.c.next_at)
Index("ix_reminders_conversation", reminders.c.conversation)
Index("ix_records_conversation", records.c.conversation, records.c.kind, records.c.name)
