"""A disk that is full and a database that is locked: said in words, nothing half saved, over by itself."""

import asyncio
import sqlite3
import subprocess
import sys
import threading
from contextlib import closing
from functools import partial
from pathlib import Path

import pytest
from tests.contracts.store_samples import CHAT, inbound, outgoing, put
from tests.support.clock import FakeClock

from cleo.domain.conversation import ConversationId
from cleo.domain.errors import StoreError
from cleo.store import SqlStore, open_store
from cleo.store.sql import nouns
from cleo.store.sqlite import SqliteFile
from cleo.store.writer import Writer


def opened(path: Path) -> SqlStore:
    return open_store(f"sqlite:///{path}", clock=FakeClock())


async def count(store: SqlStore) -> tuple[int, int]:
    """Read every row; a damaged one raises."""
    return await store.read(lambda tx: (len(tx.inbox.new(CHAT)), len(tx.outbox_lookup.recent(10_000))))


async def test_a_locked_database_is_said_and_passes_by_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cleo.store.sqlite._BUSY", 0.2)
    store = opened(tmp_path / "cleo.db")
    with closing(sqlite3.connect(tmp_path / "cleo.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        began = asyncio.get_running_loop().time()
        ends = await asyncio.gather(
            *(store.write(put(inbound(f"M{n}"))) for n in range(20)), return_exceptions=True
        )
        assert all(isinstance(end, StoreError) and "locked" in str(end) for end in ends)
        assert asyncio.get_running_loop().time() - began < 2, "all wait for one lock, not in a row"
        assert await count(store) == (0, 0)
        other.execute("ROLLBACK")
    assert await store.write(put(inbound())) == [1]
    await store.close()


FILL_THE_DISK = """
import asyncio, sys
from pathlib import Path
from cleo.domain.conversation import ConversationId
from cleo.domain.errors import StoreError
from tests.contracts.store_samples import outgoing
from tests.unit.store.test_sqlite_file import opened

async def main(disk):
    store = opened(disk / "cleo.db")
    kept = []

    async def one(number):
        # Neighbours of one commit: small ones among large ones.
        item = outgoing(f"k{number}", ConversationId("c" * (40 if number % 3 else 20_000)))
        try:
            await store.write(lambda tx: tx.outbox.add(item))
        except StoreError as error:
            assert "disk is full" in str(error), error
            return False
        kept.append(item.key)
        return True

    async def there(store):
        return {item.key for item in await store.read(lambda tx: tx.outbox_lookup.recent(10**6))}

    while all(await asyncio.gather(*(one(len(kept) + number) for number in range(30)))):
        pass
    assert await there(store) == set(kept), "what was refused is not there, all else is, and reads work"
    (disk / "ballast").unlink()
    assert await one(10**6), "it goes on by itself"
    await store.close()
    store = opened(disk / "cleo.db")
    assert await there(store) == set(kept)
    await store.close()
    print("kept", len(kept))

asyncio.run(main(Path(sys.argv[1])))
"""


def test_a_full_disk_is_said_and_passes_by_itself(tmp_path: Path) -> None:
    if subprocess.run(["unshare", "-Urm", "true"], check=False).returncode:
        pytest.skip("needs a user namespace for a small disk")
    disk = 'mount -t tmpfs -o size=8m none "$1" && head -c 4000000 /dev/zero > "$1/ballast"'
    arguments = [str(tmp_path), sys.executable, FILL_THE_DISK]
    done = subprocess.run(
        ["unshare", "-Urm", "sh", "-c", f'{disk} && exec "$2" -c "$3" "$1"', "sh", *arguments],
        check=False,
        cwd=Path(__file__).parents[3],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("kept ")


def test_who_shares_a_commit_with_a_full_disk_hears_that_nothing_was_saved(tmp_path: Path) -> None:
    """SQLite undoes all of it when the space runs out in the middle, also what went well before."""
    file = SqliteFile(tmp_path / "cleo.db")
    connection = file.open()
    connection.exec_driver_sql("PRAGMA max_page_count = 1")  # no more than there are
    connection.rollback()
    writer = Writer(connection, partial(nouns, clock=FakeClock()))
    begun, go = threading.Event(), threading.Event()
    first = writer.submit(lambda tx: (begun.set(), go.wait(10)))
    begun.wait(10)
    sizes = [3, 3, 100_000, 3]
    writes = [
        writer.submit(lambda tx, item=item: tx.outbox.add(item))
        for item in (outgoing(f"k{n}", ConversationId("c" * size)) for n, size in enumerate(sizes))
    ]
    go.set()
    first.result(10)
    for write in writes:
        with pytest.raises(StoreError, match="disk is full"):
            write.result(10)
    there = writer.submit(lambda tx: len(tx.outbox_lookup.recent(9))).result(10)
    later = writer.submit(lambda tx: tx.outbox.add(outgoing("later"))).result(10)
    writer.close()
    file.close()
    assert (there, later) == (0, True)
