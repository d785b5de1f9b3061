"""Statements that the driver executes itself mean what SQLAlchemy would make of them."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, bindparam, exists, insert, select, update
from sqlalchemy.exc import IntegrityError, SQLAlchemyError
from tests.support.postgres import Postgres

from cleo.store.schema import people, runs, tool_calls, transcript
from cleo.store.session import Session
from cleo.store.sql import database_of

ADD = insert(people)
OF = select(people.c.id, people.c.claimed_owner).order_by(people.c.id)
SOME = OF.where(people.c.id.in_(bindparam("ids", expanding=True)))


@pytest.fixture(params=["sqlite", "postgres"])
def connection(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Connection]:
    if request.param == "sqlite":
        database = database_of(f"sqlite:///{tmp_path / 'cleo.db'}")
        yield database.open()
        database.close()
        return
    server: Postgres = request.getfixturevalue("postgres")
    with server.database() as url:
        database = database_of(url)
        yield database.open()
        database.close()


@pytest.fixture
def session(connection: Connection) -> Session:
    connection.begin()
    return Session(connection)


def person(id: str, **more: Any) -> dict[str, Any]:
    return {"id": id, "name": id, "claimed_owner": False, "first_seen": 1.5, **more}


def plans(session: Session) -> int:
    return len(session._plans)  # pyright: ignore[reportPrivateUsage]


def test_a_statement_is_written_once_for_its_structure_whatever_the_values(session: Session) -> None:
    for id in "abc":
        assert session.run(ADD, person(id, claimed_owner=id == "b")) == 1
    assert plans(session) == 1
    assert session.rows(OF, {}) == [("a", False), ("b", True), ("c", False)]
    found = [session.rows(SOME, {"ids": list(ids)}) for ids in ("a", "b", "ab", "bc", "")]
    assert [[id for id, _ in rows] for rows in found] == [["a"], ["b"], ["a", "b"], ["b", "c"], []]
    assert plans(session) == 2 + 3, "a list of one, of two, and an empty one"
    session.run(ADD, {"id": "d", "claimed_owner": True, "first_seen": 1.0, "name": "d", "merged_into": "a"})
    assert plans(session) == 6, "other columns"


def test_values_come_back_as_they_were(session: Session) -> None:
    body = bytes(range(256))
    session.run_all(
        insert(transcript),
        [{"conversation": "c", "revision": number, "run": "r", "body": body} for number in (1, 2)],
    )
    [row, _] = session.rows(select(transcript.c.body, transcript.c.revision), {})
    assert row == (body, 1)
    assert type(row[0]) is bytes
    session.run(ADD, person("a", name="half \ud800 and \0"))
    found = session.row(select(people.c.name, people.c.first_seen, people.c.merged_into), {})
    assert found == ("half ? and \N{REPLACEMENT CHARACTER}", 1.5, None)
    assert session.value(select(exists().where(people.c.id == "a")), {}) is True
    assert session.value(select(people.c.id).where(people.c.id == "nobody"), {}) is None
    assert session.row(select(people.c.id).where(people.c.id == "nobody"), {}) is None


def test_the_number_of_rows_is_told(session: Session) -> None:
    session.run_all(ADD, [person("a"), person("b")])
    assert session.run(update(people).values(name="x"), {}) == 2
    assert session.run(update(people).where(people.c.id == bindparam("it")), {"it": "a", "name": "y"}) == 1
    assert session.run(update(people).where(people.c.id == bindparam("it")), {"it": "z", "name": "y"}) == 0
    raised = update(runs).values(attempts=runs.c.attempts + 1).returning(runs.c.attempts)
    assert session.value(raised, {}) is None


def test_what_the_database_refuses_is_told_without_what_was_to_be_stored(session: Session) -> None:
    session.run(ADD, person("secret"))
    with pytest.raises(IntegrityError) as refused:
        session.run(ADD, person("secret"))
    assert "secret" not in str(refused.value).replace("(secret)", "").partition("DETAIL")[0]
    assert refused.value.hide_parameters


def test_a_lost_connection_is_given_up_and_made_anew(postgres: Postgres) -> None:
    with postgres.database() as url:
        database = database_of(url)
        connection = database.open()
        session = Session(connection)
        ask = select(tool_calls.c.key)
        assert session.rows(ask, {}) == []
        connection.rollback()
        postgres.kill()
        postgres.start()
        with pytest.raises(SQLAlchemyError) as lost:
            session.rows(ask, {})
        assert getattr(lost.value, "connection_invalidated", False)
        connection.rollback()
        assert session.rows(ask, {}) == []
        database.close()
