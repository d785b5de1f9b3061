"""The schema of a new database, and the way from any older one to it."""

from pathlib import Path

from sqlalchemy import (
    Column,
    Connection,
    MetaData,
    PrimaryKeyConstraint,
    String,
    Table,
    insert,
    inspect,
    select,
)

from cleo.domain.errors import StoreError
from cleo.store.schema import HEAD, metadata

_version = Table(
    "alembic_version",
    MetaData(),
    Column("version_num", String(32), nullable=False),
    PrimaryKeyConstraint("version_num", name="alembic_version_pkc"),
)
"""Alembic's own table: one row, the revision of the schema."""


def create(connection: Connection) -> None:
    """Make all tables of the newest schema; the same as all migrations one after the other, only faster."""
    metadata.create_all(connection)
    _version.create(connection)
    connection.execute(insert(_version), {"version_num": HEAD})


def migrate(connection: Connection) -> None:
    """Bring the schema up to date within the connection's transaction: all of it, or nothing.

    Raises `StoreError` when a newer Cleo wrote the database.
    """
    found = revision(connection)
    if found != HEAD:
        upgrade(connection, found)


def revision(connection: Connection) -> str | None:
    """Tell the schema that the database has; None: it has none yet."""
    if not inspect(connection).has_table(_version.name):
        return None
    return connection.scalar(select(_version.c.version_num))


def upgrade(connection: Connection, found: str | None) -> None:
    """Run the migrations that come after `found`."""
    # Alembic takes half a second to import and is needed once a release.
    from alembic import command  # noqa: PLC0415  see above
    from alembic.config import Config  # noqa: PLC0415  see above
    from alembic.util import CommandError  # noqa: PLC0415  see above

    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    try:
        command.upgrade(config, "head")
    except CommandError as error:
        raise newer_schema(found) from error


def newer_schema(found: str | None) -> StoreError:
    """Return what to raise for a database that a newer Cleo wrote."""
    return StoreError(
        f"The database was written by a newer Cleo (its schema is {found}, this one knows {HEAD}). "
        "Nothing was changed. Install that version again or a newer one, or restore a backup from before."
    )
