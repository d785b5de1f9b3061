"""Everything from an SQLite file to an empty Postgres database, in one transaction."""

from collections.abc import Iterator

from sqlalchemy import Connection, Table, func, insert, select, text
from sqlalchemy.exc import SQLAlchemyError

from cleo.domain.errors import ConfigError, StoreError
from cleo.store.db_errors import explain
from cleo.store.postgres import PostgresServer
from cleo.store.schema import metadata
from cleo.store.sql import database_of
from cleo.store.sqlite import SqliteFile

_PORTION = 500


def move(source: str, target: str) -> dict[str, int]:
    """Copy all rows and tell how many, by table. The source stays as it is.

    Raises `ConfigError` for URLs of other kinds, and `StoreError` when one of the two cannot be used, the target is
    not empty, or not everything arrived. Then nothing is in the target. No Cleo may run on either.
    """
    old, new = database_of(source), database_of(target)
    if not isinstance(old, SqliteFile) or not isinstance(new, PostgresServer):
        raise ConfigError(
            "Data is moved from an SQLite file to Postgres. For example: "
            "cleo migrate --from sqlite:////srv/cleo/cleo.db --to postgresql://cleo:password@localhost/cleo"
        )
    if not old.exists():
        raise StoreError(f"There is nothing to move: {source} does not exist. Name another one with --from.")
    reading = old.open()
    try:
        writing = new.open()
        try:
            with reading.begin(), writing.begin():
                return _copy_all(reading, writing)
        except SQLAlchemyError as error:
            raise explain(error) from error
        finally:
            new.close()
    finally:
        old.close()


def _copy_all(reading: Connection, writing: Connection) -> dict[str, int]:
    for table in metadata.sorted_tables:
        if _count(writing, table):
            raise StoreError(
                f"The target is not empty: {table.name} has rows. Nothing was changed. Name an empty database."
            )
    counts: dict[str, int] = {}
    for table in metadata.sorted_tables:
        for portion in _portions(reading, table):
            writing.execute(insert(table), portion)
        counts[table.name] = _count(reading, table)
        if _count(writing, table) != counts[table.name]:
            raise StoreError(f"Not every row of {table.name} arrived. Nothing was changed.")
        _number_on(writing, table)
    return counts


def _portions(reading: Connection, table: Table) -> Iterator[list[dict[str, object]]]:
    rows = reading.execution_options(yield_per=_PORTION).execute(select(table).order_by(*table.primary_key))
    for part in rows.mappings().partitions(_PORTION):
        yield [dict(row) for row in part]


def _count(connection: Connection, table: Table) -> int:
    return connection.scalar(select(func.count()).select_from(table)) or 0


def _number_on(writing: Connection, table: Table) -> None:
    """Have the next row numbered after the last one."""
    if "seq" not in table.columns:
        return
    last = writing.scalar(select(func.max(table.c.seq)))
    if last is not None:
        of = text("SELECT setval(pg_get_serial_sequence(:of, 'seq'), :last)")
        writing.execute(of, {"of": table.name, "last": last})
