"""What a database error means, and what to do about it, in words."""

import sqlite3
from pathlib import Path

from sqlalchemy.exc import DBAPIError, OperationalError, SQLAlchemyError

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

_CONFLICTS = {"40001", "40P01"}
"""Postgres: undone because somebody else changed the same rows, or waited for ours."""

_MEANING_OF_STATE = {
    "08": "The database cannot be reached. Nothing was saved; Cleo goes on by itself as soon as it is back.",
    "23": _MEANING[sqlite3.SQLITE_CONSTRAINT],
    "25": "The database cannot be written: it is a standby, or set read-only. Nothing was saved (DATABASE_URL).",
    "28": "The database does not let Cleo in: check user and password (DATABASE_URL).",
    "3D": "There is no such database on that server: make it with createdb, or correct DATABASE_URL.",
    "40": "Others changed the same rows again and again. Nothing was saved; Cleo tries again by itself.",
    "42501": "Cleo's user lacks a right on the database. Nothing was saved; make it the owner (DATABASE_URL).",
    "42P01": "The database has lost Cleo's tables. Stop Cleo and restore a backup, or correct DATABASE_URL.",
    "53100": "The database's disk is full. Nothing was saved; free some space and Cleo goes on by itself.",
    "53": "The database is out of connections or memory. Nothing was saved; Cleo goes on by itself.",
    "55P03": "Somebody else held a row for too long. Nothing was saved; Cleo tries again by itself.",
    "57014": "The database took too long. Nothing was saved; Cleo tries again by itself.",
    "57P": "The database is starting or stopping. Nothing is lost; Cleo goes on by itself as soon as it is back.",
    "58": "The database's disk reports an error. Stop Cleo and check it; the server's log tells more.",
    "XX": "The database is damaged. Stop Cleo and restore a backup; the server's log tells more.",
}
"""By the beginning of Postgres's SQLSTATE; the longest that fits counts."""


def explain(error: SQLAlchemyError) -> StoreError:
    """Put a database error into a sentence. Texts never hold what was to be stored."""
    if state := _state(error):
        longest = max((start for start in _MEANING_OF_STATE if state.startswith(start)), key=len, default="")
        return StoreError(
            _MEANING_OF_STATE.get(longest, f"The database refused: {type(error).__name__} {state}.")
        )
    code = _code(error)
    if code in _DAMAGED or _is_garbled(error):
        return StoreError(
            "The database is damaged. Stop Cleo, keep a copy of the data directory (CLEO_DATA) and restore a backup."
        )
    return StoreError(_MEANING.get(code, f"The database refused: {type(error).__name__}."))


def is_conflict(error: SQLAlchemyError) -> bool:
    """Tell that Postgres undid a transaction only because of others: repeated, it may well succeed."""
    return _state(error) in _CONFLICTS


def is_lost(error: SQLAlchemyError) -> bool:
    """Tell that there is no connection to Postgres, or none any more."""
    return _state(error).startswith(("08", "57P", "25P03"))


def damaged(path: Path, finding: str) -> StoreError:
    """Refuse to start on a file that is not the whole database, and tell what to do."""
    return StoreError(
        f"Cleo does not start: {finding}. Nothing was changed. What to do: "
        f"1. copy {path.parent} somewhere safe; "
        f"2. put {path.name} back from a backup, together with {path.name}-wal if the backup has one; "
        f"3. without a backup, and only if you accept to start empty, move {path.name}* away. "
        "(Where the database is: CLEO_DATA, DATABASE_URL.)"
    )


def _state(error: SQLAlchemyError) -> str:
    """Tell Postgres's SQLSTATE, and 08 for a connection that broke without saying one; empty for SQLite."""
    if not isinstance(error, DBAPIError) or isinstance(error.orig, sqlite3.Error):
        return ""
    known: str | None = getattr(error.orig, "sqlstate", None)
    if known is None and (error.connection_invalidated or isinstance(error, OperationalError)):
        return "08"
    return known or ""


def _code(error: SQLAlchemyError) -> int:
    origin = error.orig if isinstance(error, DBAPIError) else None
    return getattr(origin, "sqlite_errorcode", -1) & _PRIMARY


def _is_garbled(error: SQLAlchemyError) -> bool:
    """Tell a text that is no UTF-8 any more: Python's driver finds that, so it has no code."""
    return isinstance(error, DBAPIError) and "Could not decode to UTF-8" in str(error.orig)
