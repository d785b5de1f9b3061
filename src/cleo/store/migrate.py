"""The way from any older schema to the one of this program."""

from pathlib import Path

from sqlalchemy import Connection, inspect, text

from cleo.domain.errors import StoreError
from cleo.store.schema import HEAD


def migrate(connection: Connection) -> None:
    """Bring the schema up to date within the connection's transaction: all of it, or nothing.

    Raises `StoreError` when a newer Cleo wrote the database.
    """
    found = revision(connection)
    if found == HEAD:
        return
    # Only here, because Alembic takes half a second to import and is hardly ever needed.
    from alembic import command  # noqa: PLC0415  see above
    from alembic.config import Config  # noqa: PLC0415  see above
    from alembic.util import CommandError  # noqa: PLC0415  see above

    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    try:
        command.upgrade(config, "head")
    except CommandError as error:
        raise StoreError(
            f"The database was written by a newer Cleo (its schema is {found}, this one knows {HEAD}). "
            "Nothing was changed. Install that version again or a newer one, or restore a backup from before."
        ) from error


def revision(connection: Connection) -> str | None:
    """Tell the schema that the database has; None: it has none yet."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.scalar(text("select version_num from alembic_version"))
