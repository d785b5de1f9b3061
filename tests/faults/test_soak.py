"""The short version of `make soak`."""

from dataclasses import replace
from pathlib import Path

from tests.faults.soak import growing, soak


async def test_what_is_stored_stays_flat(tmp_path: Path) -> None:
    days = await soak(tmp_path, 480, a_day=20)
    assert growing(days) == []
    rows = days[-1].rows
    everything = ("inbox", "outbox", "runs", "transcript", "spending", "tool_calls", "confirmations")
    assert all(rows[table] for table in (*everything, "confirmation_events", "webhook_events"))
    assert rows["past_messages"] > rows["inbox"], "what is gone is known"


async def test_what_grows_is_found(tmp_path: Path) -> None:
    days = await soak(tmp_path, 40, a_day=20)
    flat, now = [days[0], days[0]], days[0]
    assert growing(flat) == []
    assert growing([*flat, replace(now, rows={**now.rows, "runs": 2 * now.rows["runs"] + 20})])
    assert growing([*flat, replace(now, database=2 * now.database)])
    assert growing([*flat, replace(now, memory=2 * now.memory)])
