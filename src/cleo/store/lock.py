"""The data directory belongs to one Cleo at a time, and to one user."""

import errno
import os
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
        raise _unusable(path, error) from error
    try:
        yield
    finally:
        lock.release()


def is_data_dir_in_use(path: Path) -> bool:
    """Return whether a Cleo holds the directory, without making it; raises `StoreError` when none could."""
    try:
        refuse_unusable(path)
        if not (path / "lock").exists():
            return False
        lock = FileLock(path / "lock", timeout=0, mode=0o600, thread_local=False)
        lock.acquire()
    except Timeout:
        return True
    except OSError as error:
        raise _unusable(path, error) from error
    lock.release()
    return False


def refuse_unusable(directory: Path) -> None:
    """Raise the `OSError` that making a directory with its parents, and writing to it, would raise; make nothing."""
    directory = directory.absolute()
    nearest = next(place for place in (directory, *directory.parents) if place.exists())
    if not nearest.is_dir():
        number = errno.EEXIST if nearest == directory else errno.ENOTDIR
        raise OSError(number, os.strerror(number))
    if hasattr(os, "statvfs") and os.statvfs(nearest).f_flag & os.ST_RDONLY:
        raise OSError(errno.EROFS, os.strerror(errno.EROFS))
    if not os.access(nearest, os.W_OK | os.X_OK):
        raise OSError(errno.EACCES, os.strerror(errno.EACCES))


def _unusable(path: Path, error: OSError) -> StoreError:
    return StoreError(
        f"The data directory {path} cannot be used: {error.strerror}. It must belong to the user who runs Cleo; "
        "another one can be named with CLEO_DATA=/another/directory."
    )
