"""`python -m bench`: all parts in one run, limits beside ours, a table, a CSV and a picture."""

import argparse
import asyncio
import csv
import os
import platform
import tempfile
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from bench import history, line, phones
from bench.process import agent
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
        return f"{self.ours / self.limit:.1f}×" if self.limit else "–"


async def rows(folder: Path, *, quick: bool) -> list[Row]:
    """Measure everything; about four minutes, or one with `quick`."""
    calm, busy, count = (100, 1000, 100) if quick else (500, 5000, 300)
    sizes = (100, 10_000) if quick else (100, 10_000, 100_000)
    limit = await line.measure("forwarder", _new(folder, "limit"), calm=calm, busy=busy)
    ours = await line.measure("cleo", _new(folder, "line"), calm=calm, busy=busy)
    echo = await phones.measure_echo(_new(folder, "echo"), count)
    trip = await phones.measure_cleo(_new(folder, "trip"), count)
    start = await _start(_new(folder, "start"))
    found = [
        Row("a", "webhook → /send, p50", ours.p50, limit.p50, "ms", "≤ 15 ms"),
        Row("a", "webhook → /send, p99", ours.p99, limit.p99, "ms", "≤ 60 ms"),
        Row("a", "throughput, 50 chats", ours.throughput, limit.throughput, "msg/s", "≥ 150 msg/s"),
        Row("a", "CPU a message", ours.cpu, limit.cpu, "ms", ""),
        Row("b", "phone → phone, p50", trip.p50, echo.p50, "ms", "≤ 40 ms, ≤ 4×"),
        Row("b", "phone → phone, p99", trip.p99, echo.p99, "ms", ""),
        Row("c", "agent, idle", trip.agent_memory, 0, "MB", ""),
        Row("c", "bridge, idle", trip.bridge_memory, 0, "MB", ""),
        Row("c", "both, idle", trip.agent_memory + trip.bridge_memory, 0, "MB", "≤ 220 MB"),
        Row("d", "start → answers", start, 0, "s", "≤ 3 s"),
    ]
    smallest = 0.0
    for size in sizes:
        p50 = await history.measure(_new(folder, f"history{size}"), size)
        smallest = smallest or p50
        found.append(Row("e", f"p50 with {size:,} stored", p50, smallest, "ms", "flat within 1.2×"))
    return found


async def _start(folder: Path) -> float:
    server, port = await listen(Arrivals())
    async with server, agent(folder, f"http://127.0.0.1:{port}", ["4915120000000"]) as process:
        return process.started


def _new(folder: Path, name: str) -> Path:
    made = folder / name
    made.mkdir(parents=True)
    return made


def show(found: list[Row]) -> None:
    """Print the table; keep it as CSV and as a picture."""
    table = Table(
        title=f"Cleo on {os.cpu_count()} cores, Python {platform.python_version()}, fsync on, model 0 ms"
    )
    for title in ("part", "figure", "ours", "limit", "ratio", "goal"):
        table.add_column(title, justify="right" if title in {"ours", "limit", "ratio"} else "left")
    for row in found:
        limit = f"{row.limit:,.1f} {row.unit}" if row.limit else "–"
        table.add_row(row.part, row.what, f"{row.ours:,.1f} {row.unit}", limit, row.ratio, row.goal)
    console = Console(record=True, width=100)
    console.print(table)
    OUT.mkdir(parents=True, exist_ok=True)
    console.save_svg(str(OUT / "figures.svg"), title="make bench")
    with (OUT / "figures.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["part", "figure", "ours", "limit", "unit", "goal"])
        writer.writerows([r.part, r.what, f"{r.ours:.2f}", f"{r.limit:.2f}", r.unit, r.goal] for r in found)


def main() -> None:
    """Read the arguments and go."""
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="smaller counts, about a minute")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        show(asyncio.run(rows(Path(folder), quick=arguments.quick)))


if __name__ == "__main__":
    main()
