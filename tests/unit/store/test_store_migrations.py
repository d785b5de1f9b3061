"""Migrations lead to the schema of the program, whole or not at all."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, inspect
from tests.contracts.store_samples import CHAT, inbound, put
from tests.support.clock import FakeClock

import cleo.store.migrate as migrations
from cleo.domain.errors import StoreError
from cleo.store import open_store
from cleo.store.schema import HEAD, metadata
from cleo.store.sqlite import SqliteFile

SCRIPTS = Path(migrations.__file__).parent / "migrations"


def schema(path: Path) -> dict[str, object]:
    """Columns, constraints and indexes of each table. Not the words that made them: a column that came later stands
    at the end of them."""
    engine = create_engine(f"sqlite:///{path}")
    looking = inspect(engine)
    found: dict[str, object] = {}
    for table in looking.get_table_names():
        columns = [
            (c["name"], str(c["type"]), c["nullable"], c["default"]) for c in looking.get_columns(table)
        ]
        uniques = sorted(str(unique["column_names"]) for unique in looking.get_unique_constraints(table))
        keys = sorted(str(key["constrained_columns"]) for key in looking.get_foreign_keys(table))
        found[table] = (columns, looking.get_pk_constraint(table)["constrained_columns"], uniques, keys)
    engine.dispose()
    with closing(sqlite3.connect(path)) as raw:
        indexes = raw.execute("select name, sql from sqlite_master where type = 'index' and sql is not null")
        found.update((name, " ".join(sql.split())) for name, sql in indexes)
    return found


def migrated(path: Path) -> None:
    engine = create_engine(f"sqlite:///{path}")
    with engine.begin() as connection:
        migrations.migrate(connection)
        assert migrations.revision(connection) == HEAD
    engine.dispose()


def test_all_migrations_make_the_schema_of_a_new_database(tmp_path: Path) -> None:
    migrated(tmp_path / "migrated.db")
    file = SqliteFile(tmp_path / "new.db")
    file.open()
    file.close()
    new = schema(tmp_path / "new.db")
    assert set(metadata.tables) < set(new)
    assert schema(tmp_path / "migrated.db") == new


def test_migrations_are_one_line_that_ends_at_head() -> None:
    config = Config()
    config.set_main_option("script_location", str(SCRIPTS))
    scripts = ScriptDirectory.from_config(config)
    assert scripts.get_heads() == [HEAD]
    line = [script.revision for script in scripts.walk_revisions()][::-1]
    assert line == [f"{number:04}" for number in range(1, len(line) + 1)]


def test_a_current_database_opens_without_alembic(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def slow(*_: object) -> None:
        raise AssertionError("Alembic takes half a second to import")

    monkeypatch.setattr(migrations, "upgrade", slow)
    for _ in "new", "old":
        file = SqliteFile(tmp_path / "cleo.db")
        file.open()
        file.close()


async def test_a_database_of_a_newer_cleo_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "cleo.db"
    store = open_store(f"sqlite:///{path}", clock=FakeClock())
    await store.write(put(inbound()))
    await store.close()
    set_revision(path, "9999")
    before = path.read_bytes()
    with pytest.raises(StoreError, match=r"newer Cleo .*9999"):
        open_store(f"sqlite:///{path}", clock=FakeClock())
    assert path.read_bytes() == before
    set_revision(path, HEAD)
    store = open_store(f"sqlite:///{path}", clock=FakeClock())
    assert len(await store.read(lambda tx: tx.inbox.new(CHAT))) == 1
    await store.close()


def set_revision(path: Path, revision: str) -> None:
    with closing(sqlite3.connect(path)) as raw:
        raw.execute("update alembic_version set version_num = ?", [revision])
        raw.commit()


def test_a_migration_that_fails_leaves_the_database_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A database from before the first migration, whose last step meets a table that is in its way."""
    path = tmp_path / "cleo.db"
    file = SqliteFile(path)
    file.open()
    file.close()
    with closing(sqlite3.connect(path)) as raw:
        for table in [name for name in metadata.tables if name != "reminders"]:
            raw.execute(f"drop table {table}")
        raw.execute("drop table alembic_version")
        raw.commit()
    before = schema(path)
    with pytest.raises(StoreError):
        SqliteFile(path).open()
    assert schema(path) == before


def test_every_table_is_plain_on_postgres_too() -> None:
    """The statements compile for both; nothing that is SQLite's alone."""
    from sqlalchemy.dialects import postgresql
    from sqlalchemy.schema import CreateIndex, CreateTable

    for table in metadata.sorted_tables:
        assert str(CreateTable(table).compile(dialect=postgresql.dialect()))
        for index in table.indexes:
            assert str(CreateIndex(index).compile(dialect=postgresql.dialect()))


def test_a_new_database_has_the_indexes_that_due_asks_for(tmp_path: Path) -> None:
    migrated(tmp_path / "cleo.db")
    engine = create_engine(f"sqlite:///{tmp_path / 'cleo.db'}")
    names = {index["name"] for table in metadata.tables for index in inspect(engine).get_indexes(table)}
    engine.dispose()
    assert {"ix_inbox_new", "ix_outbox_waiting", "ix_runs_open", "ix_confirmations_pending"} <= names
