"""Data of the release before goes on: a question waits for its 👍, a message for delivery, a reminder for its time.

`data/schema_0002.sql` is a database that the release before wrote, as `sqlite3.Connection.iterdump` tells it.
"""

import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import MetaData, create_engine, insert, make_url, select
from tests.support.agent_harness import OWNER, AgentHarness
from tests.support.postgres import Postgres

import cleo.store.migrate as migrations
from cleo.domain.content import MessageId, Reaction
from cleo.domain.conversation import ConversationId
from cleo.domain.identity import PersonId
from cleo.ports import Tool

DUMP = Path(__file__).parent / "data" / "schema_0002.sql"
REF = "KPS5"
PROMPT = MessageId("ID-ask:KPS5:whatsapp/phone:+4915100000001")
CHAT = ConversationId("whatsapp/default/phone:+4915100000001")


async def wipe(name: str) -> str:
    """Wipe a thing.

    Args:
        name: Which.
    """
    return f"wiped {name}"


def restore(path: Path) -> None:
    with closing(sqlite3.connect(path)) as raw:
        raw.executescript(DUMP.read_text(encoding="utf-8"))


def copy_to(url: str, path: Path) -> None:
    """Put the same rows into Postgres, with the tables of that release."""
    restore(path)
    target = make_url(url).set(drivername="postgresql+psycopg")
    old, new = create_engine(f"sqlite:///{path}"), create_engine(target)
    with old.connect() as reading, new.begin() as writing:
        config = Config(attributes={"connection": writing})
        config.set_main_option("script_location", str(Path(migrations.__file__).parent / "migrations"))
        command.upgrade(config, "0002")
        then, now = MetaData(), MetaData()
        then.reflect(reading)
        now.reflect(writing)
        for table in now.sorted_tables:
            rows = [dict(row) for row in reading.execute(select(then.tables[table.name])).mappings()]
            if rows and table.name != "alembic_version":
                writing.execute(insert(table), rows)
                if "seq" in table.columns:
                    top = max(row["seq"] for row in rows)
                    writing.exec_driver_sql(
                        f"select setval(pg_get_serial_sequence('{table.name}', 'seq'), {top})"
                    )
    old.dispose()
    new.dispose()


class Upgraded(AgentHarness):
    """A harness that opens a database which is there already."""

    def __init__(self, root: Path, url: str) -> None:
        self.old_url = url
        super().__init__(root, [Tool(name="wipe", function=wipe, requires_confirmation=True)])

    def open(self) -> None:
        self.url = self.old_url
        super().open()


@pytest.fixture(params=["sqlite", "postgres"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    if request.param == "sqlite":
        restore(tmp_path / "cleo.db")
        yield f"sqlite:///{tmp_path / 'cleo.db'}"
        return
    postgres: Postgres = request.getfixturevalue("postgres")
    with postgres.new_database() as made:
        copy_to(made, tmp_path / "old.db")
        yield made


@pytest.fixture
async def harness(url: str, tmp_path: Path) -> AsyncIterator[Upgraded]:
    made = Upgraded(tmp_path, url)
    made.clock.advance(1_800_000_030 - made.clock.now())
    yield made
    await made.store.close()


async def test_an_open_question_is_carried_out_after_its_thumbs_up(harness: Upgraded) -> None:
    row = await harness.store.read(lambda tx: tx.confirmations.get(REF))
    assert row is not None
    assert (row.conversation, row.state, row.reported) == (CHAT, "pending", False)
    said = await harness.react("👍", PROMPT)
    assert any("wiped disk" in text for text in said)
    row = await harness.store.read(lambda tx: tx.confirmations.get(REF))
    assert row is not None and (row.state, row.reported) == ("succeeded", True)
    [sign] = [each.content for each in harness.channel.delivered if isinstance(each.content, Reaction)]
    assert sign.to == PROMPT, "the outcome stands on the question"


async def test_what_was_not_delivered_goes_out_under_its_old_key(harness: Upgraded) -> None:
    await harness.settle()
    first = harness.channel.delivered[0]
    assert (first.key, first.to) == ("a303f0cd81ed4366bebc95da8cc4f334:0", CHAT)
    assert harness.channel.delivered[1].text == "you said: one more, not read yet"


async def test_a_message_from_before_that_comes_again_is_known(harness: Upgraded) -> None:
    assert await harness.hear("hello", OWNER, id=MessageId("M1")) == "duplicate"


async def test_a_reminder_fires_in_its_conversation(harness: Upgraded) -> None:
    await harness.settle()
    await harness.later(700)
    last = harness.channel.delivered[-1]
    assert (last.text, last.to) == ("⏰ tea", CHAT)


async def test_what_the_model_saw_and_what_was_spent_is_still_there(harness: Upgraded) -> None:
    await harness.say("and now?")
    seen = str(harness.model.seen[-1])
    assert "what is" not in seen, "that was another chat"
    assert "hello" in seen
    spent = await harness.store.read(lambda tx: tx.spendings.of(CHAT, 0.0))
    assert [(each.tokens_in, each.cost, each.model) for each in spent[:1]] == [(54, None, "")]


async def test_purposes_are_read_from_the_old_keys_once(harness: Upgraded) -> None:
    [prompt] = await harness.store.read(lambda tx: tx.outbox_lookup.prompts(REF))
    assert (prompt.message_id, prompt.asks, prompt.conversation) == (PROMPT, REF, CHAT)
    recent = await harness.store.read(lambda tx: tx.outbox_lookup.recent(10))
    assert {message.purpose for message in recent} == {"reply", "prompt"}


async def test_the_same_person_is_found_and_the_number_in_use_is_known(harness: Upgraded) -> None:
    assert (await harness.store.read(lambda tx: tx.people.get(PersonId(OWNER)))).id == OWNER
    assert await harness.switch("baileys") == set()
    assert await harness.switch("baileys:4915100000009") == set(), "the number was not known before"
    assert CHAT in await harness.switch("baileys:4915100000010")
