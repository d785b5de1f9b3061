"""A database that is not whole is refused, kept as it is, and never replaced by an empty one."""

import asyncio
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy.exc import IntegrityError
from tests.contracts.store_samples import CHAT, inbound, outgoing, put
from tests.support.clock import FakeClock

from cleo.domain.conversation import ConversationId
from cleo.domain.errors import ConfigError, StoreError
from cleo.ports import Transaction
from cleo.store import SqlStore, inspect_database, open_store
from cleo.store.sqlite import SqliteFile

posix_only = pytest.mark.skipif(os.name == "nt", reason="POSIX file modes")


def opened(path: Path) -> SqlStore:
    return open_store(f"sqlite:///{path}", clock=FakeClock())


async def count(store: SqlStore) -> tuple[int, int]:
    """Read every row; a damaged one raises."""
    return await store.read(lambda tx: (len(tx.inbox.new(CHAT)), len(tx.outbox_lookup.recent(10_000))))


async def fill(store: SqlStore, number: int) -> None:
    for part in range(0, number, 50):
        await store.write(put(*(inbound(f"M{n}") for n in range(part, part + 50))))
    await store.write(
        lambda tx: [tx.outbox.add(outgoing(f"k{n}", ConversationId(f"c{n}"))) for n in range(number)]
    )


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with 300 rows in two tables, closed in order."""
    path = tmp_path_factory.mktemp("whole") / "cleo.db"

    async def make() -> None:
        store = opened(path)
        await fill(store, 300)
        await store.close()

    asyncio.run(make())
    assert names(path.parent) == ["cleo.db"]
    return path


WRITE_AND_DIE = """
import asyncio, os, signal, sys
from pathlib import Path
from tests.unit.store.test_sqlite_file import fill, opened

async def main():
    await fill(opened(Path(sys.argv[1])), 100)
    os.kill(os.getpid(), signal.SIGKILL)

asyncio.run(main())
"""


@pytest.fixture(scope="module")
def killed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with 100 rows in two tables, whose program was killed."""
    path = tmp_path_factory.mktemp("killed") / "cleo.db"
    child = subprocess.run(
        [sys.executable, "-c", WRITE_AND_DIE, str(path)], check=False, cwd=Path(__file__).parents[3]
    )
    assert child.returncode == -signal.SIGKILL
    assert path.with_name("cleo.db-wal").stat().st_size > 0
    return path


def copy(database: Path, to: Path) -> Path:
    shutil.copytree(database.parent, to, dirs_exist_ok=True)
    return to / database.name


def names(directory: Path) -> list[str]:
    return sorted(file.name for file in directory.iterdir())


def contents(path: Path) -> dict[str, bytes]:
    """What must not change when a start is refused; SQLite's index of the log is only a cache."""
    return {file.name: file.read_bytes() for file in path.parent.iterdir() if not file.name.endswith("-shm")}


async def test_a_look_at_what_a_killed_program_left_sees_all_and_changes_nothing(
    killed: Path, tmp_path: Path
) -> None:
    path = copy(killed, tmp_path)
    before = contents(path)
    seen = inspect_database(f"sqlite:///{path}", since=0.0, number_id=None)
    assert seen is not None
    assert seen.messages == {"queued": 100}
    assert contents(path) == before


async def test_a_look_at_what_was_closed_in_order_leaves_nothing_beside_it(
    whole: Path, tmp_path: Path
) -> None:
    path = copy(whole, tmp_path)
    seen = inspect_database(f"sqlite:///{path}", since=0.0, number_id=None)
    assert seen is not None
    assert seen.messages == {"queued": 300}
    assert names(tmp_path) == ["cleo.db"]


async def test_a_killed_program_loses_nothing(killed: Path, tmp_path: Path) -> None:
    store = opened(copy(killed, tmp_path))
    assert await count(store) == (100, 100)
    await store.close()
    assert names(tmp_path) == ["cleo.db"]


def cut(size: int) -> Callable[[Path], object]:
    return lambda path: os.truncate(path, size)


def overwritten(text: bytes) -> Callable[[Path], object]:
    return lambda path: path.write_bytes(text)


def foreign(path: Path) -> None:
    path.unlink()
    with closing(sqlite3.connect(path)) as other:
        other.execute("create table bookmarks (url text)")
        other.commit()


def shorter(by: int) -> Callable[[Path], object]:
    return lambda path: os.truncate(path, path.stat().st_size - by)


DAMAGE: dict[str, Callable[[Path], object]] = {
    "zero bytes": cut(0),
    "one byte": cut(1),
    "header only": cut(100),
    "one page": cut(4096),
    "half a page missing": shorter(2048),
    "a page missing": shorter(4096),
    "text": overwritten(b"no database at all\n" * 5000),
    "zeros": overwritten(bytes(100_000)),
    "another program's database": foreign,
}


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE.keys())
def test_a_damaged_database_is_refused_and_left_as_it_is(
    whole: Path, tmp_path: Path, damage: Callable[[Path], object]
) -> None:
    path = copy(whole, tmp_path)
    damage(path)
    before = contents(path)
    with pytest.raises(StoreError, match=r"(?s)does not start.*What to do.*backup.*CLEO_DATA"):
        opened(path)
    after = contents(path)
    assert after.pop("cleo.db-wal", b"") == b""
    assert after == before


@pytest.mark.parametrize("seed", range(100))
async def test_truncated_anywhere_it_is_refused(whole: Path, tmp_path: Path, seed: int) -> None:
    path = copy(whole, tmp_path)
    size = random.Random(seed).randrange(path.stat().st_size)
    os.truncate(path, size)
    with pytest.raises(StoreError):
        opened(path)
    assert path.stat().st_size == size


@pytest.mark.parametrize("seed", range(100))
async def test_with_flipped_bits_it_is_whole_or_refused(whole: Path, tmp_path: Path, seed: int) -> None:
    """A bit within a text changes that text, which no check can tell; no row may be missing."""
    path = copy(whole, tmp_path)
    rng = random.Random(seed)
    damaged = bytearray(path.read_bytes())
    for _ in range(rng.choice([1, 1, 20])):
        damaged[rng.randrange(len(damaged))] ^= 1 << rng.randrange(8)
    path.write_bytes(damaged)
    try:
        store = opened(path)
    except StoreError:
        assert path.read_bytes() == damaged
        return
    try:
        assert await count(store) == (300, 300)
    except StoreError as error:
        assert "backup" in str(error)
    finally:
        await store.close()


async def test_a_database_without_the_log_of_its_last_changes_is_refused(
    killed: Path, tmp_path: Path
) -> None:
    path = copy(killed, tmp_path)
    path.with_name("cleo.db-wal").unlink()
    before = contents(path)
    with pytest.raises(StoreError, match="latest changes is gone"):
        opened(path)
    assert contents(path) == before
    # Somebody who knows better may say so.
    path.with_name("cleo.db-open").unlink()
    store = opened(path)
    await store.close()


def test_a_log_without_its_database_is_refused(killed: Path, tmp_path: Path) -> None:
    path = copy(killed, tmp_path)
    path.unlink()
    before = contents(path)
    with pytest.raises(StoreError, match="is gone"):
        opened(path)
    assert contents(path) == before


def test_an_empty_database_beside_a_full_log_is_refused(killed: Path, tmp_path: Path) -> None:
    path = copy(killed, tmp_path)
    os.truncate(path, 0)
    before = contents(path)
    with pytest.raises(StoreError, match="is empty"):
        opened(path)
    assert contents(path) == before


async def test_what_a_crash_left_of_making_a_database_is_cleared_away(tmp_path: Path) -> None:
    for name in "cleo.db-new", "cleo.db-new-wal", "cleo.db-new-shm":
        (tmp_path / name).write_bytes(b"half")
    store = opened(tmp_path / "cleo.db")
    assert await count(store) == (0, 0)
    await store.close()
    assert names(tmp_path) == ["cleo.db"]


def test_a_directory_in_its_place_is_refused(tmp_path: Path) -> None:
    (tmp_path / "cleo.db").mkdir()
    with pytest.raises(StoreError, match="CLEO_DATA"):
        opened(tmp_path / "cleo.db")


@posix_only
async def test_nobody_else_reads_the_files(tmp_path: Path) -> None:
    path = tmp_path / "data" / "cleo.db"
    before = os.umask(0)
    try:
        store = opened(path)
        await fill(store, 50)
        assert {file.name: file.stat().st_mode & 0o777 for file in path.parent.iterdir()} == {
            "cleo.db": 0o600,
            "cleo.db-wal": 0o600,
            "cleo.db-shm": 0o600,
            "cleo.db-open": 0o600,
        }
        assert path.parent.stat().st_mode & 0o777 == 0o700
        await store.close()
        path.chmod(0o644)
        await opened(path).close()
        assert path.stat().st_mode & 0o777 == 0o600
    finally:
        os.umask(before)


def test_every_commit_is_flushed(tmp_path: Path) -> None:
    file = SqliteFile(tmp_path / "cleo.db")
    connection = file.open()
    pragmas = ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
    found = [connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in pragmas]
    file.close()
    assert found == ["wal", 2, 1, 5000]


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("", "no database URL"),
        ("cleo.db", "no database URL"),
        ("sqlite://", "names no file"),
        ("sqlite:///:memory:", "names no file"),
        ("mysql://localhost/cleo", "names mysql"),
    ],
)
def test_a_url_that_names_no_usable_database_is_explained(url: str, reason: str) -> None:
    with pytest.raises(ConfigError, match=rf"(?s)DATABASE_URL.*{reason}.*sqlite:////"):
        open_store(url, clock=FakeClock())


async def test_a_start_that_fails_does_not_spoil_the_next(
    killed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = copy(killed, tmp_path)

    def disk_is_full(_: object) -> None:
        raise OSError(28, "full")

    monkeypatch.setattr("cleo.store.sqlite.migrate", disk_is_full)
    with pytest.raises(StoreError, match="full"):
        opened(path)
    monkeypatch.undo()
    store = opened(path)
    assert await count(store) == (100, 100)
    await store.close()


async def test_errors_do_not_tell_what_was_to_be_stored(tmp_path: Path) -> None:
    store = opened(tmp_path / "cleo.db")

    def refused(tx: Transaction) -> str:
        with pytest.raises(IntegrityError) as caught:
            tx.inbox.add(inbound(), CHAT, None, "new")  # type: ignore[arg-type]  # a row that the database refuses
        return str(caught.value)

    assert "hello" not in await store.write(refused)
    with pytest.raises(StoreError) as caught:
        await store.write(lambda tx: tx.inbox.add(inbound(), CHAT, None, "new"))  # type: ignore[arg-type]  # again
    assert "hello" not in str(caught.value)
    await store.close()
