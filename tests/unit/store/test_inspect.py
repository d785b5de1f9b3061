"""A look at a database that another Cleo is using."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest
from tests.contracts.store_samples import CHAT, OTHER_CHAT, chat, outgoing
from tests.support.clock import FakeClock
from tests.support.postgres import Postgres

from cleo.domain.content import MessageId
from cleo.domain.conversation import LastInbound
from cleo.domain.errors import StoreError
from cleo.store import inspect_database, open_store


@pytest.fixture(params=["sqlite", "postgres"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/a%20file?.db"
        return
    server: Postgres = request.getfixturevalue("postgres")
    with server.new_database() as url:
        yield url


def heard(account: str, at: float) -> LastInbound:
    return LastInbound(number_id=account, id=MessageId("wamid.1"), at=at)


async def test_it_counts_messages_by_state_and_chats_that_wrote_lately(url: str) -> None:
    assert inspect_database(url, since=0.0, number_id="1001") is None
    store = open_store(url, clock=FakeClock())
    await store.write(
        lambda tx: tx.conversations.open(replace(chat(CHAT), last_inbound=heard("1001", 100.0)))
    )
    await store.write(
        lambda tx: tx.conversations.open(replace(chat(OTHER_CHAT), last_inbound=heard("1001", 50.0)))
    )
    for key, state in (("a", "held"), ("b", "held"), ("c", "unknown"), ("d", "read")):
        item = outgoing(key, state=state)  # pyright: ignore[reportArgumentType]
        await store.write(lambda tx, item=item: tx.outbox.add(item))
    await store.write(lambda tx: tx.installation.set("contested", "somebody"))

    seen = inspect_database(url, since=60.0, number_id="1001")
    assert seen is not None
    assert seen.messages == {"held": 2, "unknown": 1, "read": 1}
    assert (seen.windows, seen.installation) == (1, {"contested": "somebody"})
    elsewhere = inspect_database(url, since=0.0, number_id="baileys")
    assert elsewhere is not None
    assert elsewhere.windows == 0
    await store.write(lambda tx: tx.installation.set("contested", ""))  # the store is as usable as before
    after = inspect_database(url, since=0.0, number_id="1001")
    assert after is not None
    assert (after.windows, after.installation) == (2, {})
    await store.close()


def test_a_server_that_is_away_is_told() -> None:
    with pytest.raises(StoreError, match="cannot be reached"):
        inspect_database("postgresql://cleo:word@127.0.0.1:1/cleo", since=0.0, number_id=None)


async def test_a_database_of_another_version_is_told(postgres: Postgres) -> None:
    with postgres.new_database() as url:
        await open_store(url, clock=FakeClock()).close()
        with psycopg.connect(url, autocommit=True) as other:
            other.execute("update alembic_version set version_num = '0000'")
        seen = inspect_database(url, since=0.0, number_id=None)
        assert seen is not None
        assert seen.is_outdated
        with psycopg.connect(url, autocommit=True) as other:
            other.execute("update alembic_version set version_num = '9999'")
        with pytest.raises(StoreError, match="written by a newer Cleo"):
            inspect_database(url, since=0.0, number_id=None)


def test_what_is_no_database_is_told(tmp_path: Path) -> None:
    (tmp_path / "cleo.db").write_text("nothing of the kind" * 100)
    with pytest.raises(StoreError, match="damaged"):
        inspect_database(f"sqlite:///{tmp_path}/cleo.db", since=0.0, number_id=None)
