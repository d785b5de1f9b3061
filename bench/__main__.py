"""`python -m bench`: all parts in one run, limits beside ours, a table, a CSV and a picture."""

import argparse
import asyncio
import csv
import os
import platform
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from rich.console import Console
from rich.table import Table
from tests.support.postgres import Postgres

from bench import history, line, phones, sockets
from bench.process import agent, fleet, forwarder
from bench.sink import Arrivals, listen

OUT = Path(__file__).parents[1] / "docs" / "bench"


@dataclass(frozen=True, slots=True)
class Row:
    """One figure: what, ours, the limit or 0, its unit, and the goal in words."""

    part: str
    what: str
    ours: float
    limit: float
    unit: str
    goal: str

    @property
    def ratio(self) -> str:
        """Ours beside the limit, from the same run."""
        return f"{self.ours / self.limit:.2f}×" if self.limit else "–"


async def rows(folder: Path, *, quick: bool) -> list[Row]:
    """Measure everything; about eight minutes, or two with `quick`."""
    calm, busy, count = (100, 1000, 100) if quick else (500, 5000, 300)
    return [
        *(found := await _line(folder, calm, busy)),
        *await _fleets(folder, calm, busy, limit=next(row.limit for row in found if row.unit == "msg/s")),
        *await _trips(folder, count),
        *await _sockets(folder, (1, 10) if quick else (1, 10, 50, 100)),
        Row("d", "start → answers", await _start(_new(folder, "start")), 0, "s", "≤ 2 s"),
        *await _history(folder, (1000, 10_000) if quick else (1000, 10_000, 100_000)),
    ]


async def _line(folder: Path, calm: int, busy: int) -> list[Row]:
    limit = await line.measure(forwarder, _new(folder, "limit"), calm=calm, busy=busy)
    ours = await line.measure(agent, _new(folder, "line"), calm=calm, busy=busy)
    tool = await line.measure(agent, _new(folder, "tool"), text=line.TOOL, calm=calm, busy=busy)
    return [
        Row("a", "webhook → /send, p50", ours.p50, limit.p50, "ms", "≤ 2.5 ×"),
        Row("a", "webhook → /send, p99", ours.p99, limit.p99, "ms", "≤ 60 ms"),
        Row("a", "throughput, 50 chats", ours.throughput, limit.throughput, "msg/s", "≥ 0.45 ×"),
        Row("a", "CPU a message", ours.cpu, limit.cpu, "ms", "≤ 2.5 ×"),
        Row("a", "with a tool call, p50", tool.p50, limit.p50, "ms", ""),
        Row("a", "with a tool call, throughput", tool.throughput, limit.throughput, "msg/s", ""),
        Row("a", "with a tool call, CPU", tool.cpu, limit.cpu, "ms", "≤ 3 ×"),
    ]


async def _fleets(folder: Path, calm: int, busy: int, *, limit: float) -> list[Row]:
    postgres = await asyncio.to_thread(Postgres, fsync=True)
    try:
        one, two = [await _fleet(folder, postgres, workers, calm, busy) for workers in (1, 2)]
    finally:
        await asyncio.to_thread(postgres.close)
    return [
        Row("a", "Postgres, 1 worker, p50", one.p50, 0, "ms", "≤ 30 ms"),
        Row("a", "Postgres, 1 worker, p99", one.p99, 0, "ms", ""),
        Row("a", "Postgres, 1 worker, throughput", one.throughput, limit, "msg/s", "≥ 0.3 ×"),
        Row("a", "Postgres, 1 worker, CPU", one.cpu, 0, "ms", ""),
        Row("a", "Postgres, 2 workers, p50", two.p50, one.p50, "ms", "≤ 30 ms"),
        Row("a", "Postgres, 2 workers, p99", two.p99, one.p99, "ms", ""),
        Row("a", "Postgres, 2 workers, throughput", two.throughput, one.throughput, "msg/s", "≥ 1×"),
        Row("a", "Postgres, 2 workers, CPU", two.cpu, one.cpu, "ms", ""),
    ]


async def _fleet(folder: Path, postgres: Postgres, workers: int, calm: int, busy: int) -> line.Figures:
    with postgres.new_database() as url:
        start = partial(fleet, database=url, workers=workers)
        return await line.measure(start, _new(folder, f"postgres{workers}"), calm=calm, busy=busy)


async def _trips(folder: Path, count: int) -> list[Row]:
    echo = await phones.measure_echo(_new(folder, "echo"), count)
    trip = await phones.measure_cleo(_new(folder, "trip"), count)
    return [
        Row("b", "phone → phone, p50", trip.p50, echo.p50, "ms", "≤ 1.8 ×"),
        Row("b", "phone → phone, p99", trip.p99, echo.p99, "ms", ""),
        Row("c", "agent, idle", trip.agent_memory, 0, "MB", ""),
        Row("c", "bridge, idle", trip.bridge_memory, 0, "MB", ""),
        Row("c", "both, idle", trip.agent_memory + trip.bridge_memory, 0, "MB", "≤ 220 MB"),
    ]


async def _sockets(folder: Path, counts: Sequence[int]) -> list[Row]:
    memory = await sockets.measure(_new(folder, "sockets"), counts)
    first = memory[0]
    found = [Row("c", "one process with 1 socket", first, 0, "MB", "")]
    for count, now in zip(counts[1:], memory[1:], strict=True):
        each = (now - first) / (count - 1)
        found.append(Row("c", f"each further of {count} sockets", each, 0, "MB", "≤ 2 MB"))
    return found


async def _history(folder: Path, sizes: Sequence[int]) -> list[Row]:
    found = [await history.measure(_new(folder, f"history{size}"), size) for size in sizes]
    return [
        Row("e", f"p50 with {size:,} stored", p50, found[0], "ms", "≤ 1.1 ×")
        for size, p50 in zip(sizes, found, strict=True)
    ]


async def _start(folder: Path) -> float:
    server, port = await listen(Arrivals())
    async with server, agent(folder, f"http://127.0.0.1:{port}", ["4915120000000"]) as process:
        return process.started


def _new(folder: Path, name: str) -> Path:
    made = folder / name
    made.mkdir(parents=True)
    return made


def show(found: list[Row], out: Path | None) -> None:
    """Print the table; keep it as CSV and as a picture in `out`, if that is given."""
    table = Table(
        title=f"Cleo on {os.cpu_count()} cores, Python {platform.python_version()}, fsync on, model 0 ms"
    )
    for title in ("part", "figure", "ratio", "ours", "limit", "goal"):
        table.add_column(title, justify="right" if title in {"ours", "limit", "ratio"} else "left")
    for row in found:
        limit = f"{row.limit:,.1f} {row.unit}" if row.limit else "–"
        table.add_row(row.part, row.what, row.ratio, f"{row.ours:,.1f} {row.unit}", limit, row.goal)
    console = Console(record=True, width=100)
    console.print(table)
    if out is None:
        console.print("Nothing was published: that takes a whole run, make bench PUBLISH=1")
        return
    out.mkdir(parents=True, exist_ok=True)
    console.save_svg(str(out / "figures.svg"), title="make bench")
    with (out / "figures.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["part", "figure", "ratio", "ours", "limit", "unit", "goal"])
        writer.writerows(
            [r.part, r.what, r.ratio, f"{r.ours:.2f}", f"{r.limit:.2f}", r.unit, r.goal] for r in found
        )


def main(given: Sequence[str] | None = None) -> None:
    """Read the arguments and go."""
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="smaller counts, about two minutes")
    parser.add_argument("--publish", action="store_true", help="write the figures to docs/bench")
    arguments = parser.parse_args(given)
    if arguments.quick and arguments.publish:
        parser.error("a short run is not published: its counts are too small")
    with tempfile.TemporaryDirectory() as folder:
        found = asyncio.run(rows(Path(folder), quick=arguments.quick))
    show(found, OUT if arguments.publish else None)


if __name__ == "__main__":
    main()
