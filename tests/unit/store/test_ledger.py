"""What stands in the file about calls: the port tells only what the agent needs."""

import sqlite3
from contextlib import closing
from pathlib import Path

from tests.support.clock import FakeClock

from cleo.store import open_store


async def test_when_a_call_started_and_ended_is_kept(tmp_path: Path) -> None:
    store = open_store(f"sqlite:///{tmp_path / 'cleo.db'}", clock=FakeClock())
    for key in ("k1", "k2"):
        await store.write(lambda tx, key=key: tx.ledger.claim(key, "note", 1.5))
    await store.write(lambda tx: tx.ledger.claim("k1", "other", 2.5))
    await store.write(lambda tx: tx.ledger.finish("k1", "failed", "no such note", 3.5))
    await store.close()
    with closing(sqlite3.connect(tmp_path / "cleo.db")) as database:
        rows = database.execute("SELECT * FROM tool_calls ORDER BY key").fetchall()
    assert rows == [
        ("k1", "note", "failed", "no such note", 1.5, 3.5),
        ("k2", "note", "started", "", 1.5, None),
    ]
