"""The data directory belongs to one Cleo at a time, and to one user."""

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from cleo.domain.errors import StoreError


@contextmanager
def lock_data_dir(path: Path) -> Generator[None]:
    """Make the directory if need be, close it to other users, and hold it until the block ends.

    The operating system lets go of the lock when the process ends, however it ends. Raises `StoreError` when
    another Cleo holds it, or when it cannot be had.
    """
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        if path.stat().st_mode & 0o077:
            path.chmod(0o700)
        lock = FileLock(path / "lock", timeout=0, mode=0o600, thread_local=False)
        lock.acquire()
    except Timeout as error:
        raise StoreError(
            f"Another Cleo already uses the data directory {path}. Stop that one, or give this one a directory of "
            "its own: CLEO_DATA=/another/directory."
        ) from error
    except OSError as error:
        raise StoreError(
            f"The data directory {path} cannot be used: {error.strerror}. It must belong to the user who runs Cleo; "
            "another one can be named with CLEO_DATA=/another/directory."
        ) from error
    try:
        yield
    finally:
        lock.release()
