"""What a database error means, and what to do about it, in words."""

import sqlite3
from pathlib import Path

from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from cleo.domain.errors import StoreError

_PRIMARY = 0xFF
"""SQLite's extended error codes hold the primary one in their low byte."""

_MEANING = {
    sqlite3.SQLITE_FULL: "The disk is full. Nothing was saved; free some space and Cleo goes on by itself.",
    sqlite3.SQLITE_BUSY: (
        "Another program holds the database locked. Nothing was saved; Cleo goes on by itself as soon as that "
        "program lets go. Close database browsers and backup tools that have it open."
    ),
    sqlite3.SQLITE_READONLY: (
        "The database cannot be written. Nothing was saved; check that the disk is not mounted read-only and "
        "that the data directory (CLEO_DATA) belongs to the user who runs Cleo."
    ),
    sqlite3.SQLITE_IOERR: (
        "The disk reports an error. Nothing was saved; check the disk and its free space (`dmesg` tells more)."
    ),
    sqlite3.SQLITE_CANTOPEN: (
        "The database cannot be opened; check that the data directory (CLEO_DATA) belongs to the user who "
        "runs Cleo, and that the disk has space."
    ),
    sqlite3.SQLITE_CONSTRAINT: "The database refused a row that contradicts another one. Nothing was saved.",
}
_DAMAGED = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}


def explain(error: SQLAlchemyError) -> StoreError:
    """Put a database error into a sentence. Texts never hold what was to be stored."""
    code = _code(error)
    if code in _DAMAGED or _is_garbled(error):
        return StoreError(
            "The database is damaged. Stop Cleo, keep a copy of the data directory (CLEO_DATA) and restore a backup."
        )
    return StoreError(_MEANING.get(code, f"The database refused: {type(error).__name__}."))


def damaged(path: Path, finding: str) -> StoreError:
    """Refuse to start on a file that is not the whole database, and tell what to do."""
    return StoreError(
        f"Cleo does not start: {finding}. Nothing was changed. What to do: "
        f"1. copy {path.parent} somewhere safe; "
        f"2. put {path.name} back from a backup, together with {path.name}-wal if the backup has one; "
        f"3. without a backup, and only if you accept to start empty, move {path.name}* away. "
        "(Where the database is: CLEO_DATA, DATABASE_URL.)"
    )


def _code(error: SQLAlchemyError) -> int:
    origin = error.orig if isinstance(error, DBAPIError) else None
    return getattr(origin, "sqlite_errorcode", -1) & _PRIMARY


def _is_garbled(error: SQLAlchemyError) -> bool:
    """Tell a text that is no UTF-8 any more: Python's driver finds that, so it has no code."""
    return isinstance(error, DBAPIError) and "Could not decode to UTF-8" in str(error.orig)
