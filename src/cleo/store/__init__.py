"""All truth, in SQL: one file a noun. Beside it the files, the clock and the lock of the data directory."""

from cleo.store.clock import SystemClock
from cleo.store.copy_to_postgres import move
from cleo.store.files import DiskFiles
from cleo.store.inspect import DatabaseOverview, inspect_database
from cleo.store.lock import is_data_dir_in_use, lock_data_dir
from cleo.store.sql import SqlStore, open_store

__all__ = [
    "DatabaseOverview",
    "DiskFiles",
    "SqlStore",
    "SystemClock",
    "inspect_database",
    "is_data_dir_in_use",
    "lock_data_dir",
    "move",
    "open_store",
]
