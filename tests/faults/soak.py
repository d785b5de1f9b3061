"""A hundred thousand messages over months, by a clock that is moved: what is stored, and the memory, stay flat.

make soak N=100000, or: python -m tests.faults.soak --messages 100000
"""

import argparse
import asyncio
import sqlite3
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from resource import RUSAGE_SELF, getrusage

import structlog
from rich.console import Console
from tests.support.agent_harness import FRIEND, STRANGER, AgentHarness, NoRepeats

from cleo.agent.sweep import DAY, Sweeper
from cleo.domain.content import MessageId, Reaction
from cleo.domain.message import Receipt
from cleo.domain.webhook_batch import WebhookBatch, WebhookEvent
from cleo.ports import Tool

KEEP_DAYS = 8
A_DAY = 100
"""Messages of a day, at most 200."""
_KNOWN_FOR_GOOD = frozenset({"past_messages"})
"""A fingerprint of each message stays, so that a repeat is known however late it comes."""
FINGERPRINT = 64
"""Bytes of one, with what the database needs for it."""
_MESSAGE = 1024
"""Bytes of a message of a transcript, which grows until its chat has as many as the model reads."""
_SLACK = 1.15
_WINDOW = 400
"""Messages of a chat that the model reads, and that stay however old they are."""


async def jot(text: str) -> str:
    """Write something down."""
    return f"noted {text}"


async def wipe(name: str) -> str:
    """Wipe something."""
    return f"wiped {name}"


TOOLS = (Tool(name="jot", function=jot), Tool(name="wipe", function=wipe, requires_confirmation=True))


@dataclass(frozen=True)
class Sizes:
    """At the end of a day: rows by table, bytes of the database, and of memory at most until then."""

    messages: int
    rows: Mapping[str, int]
    database: int
    memory: int


class Soak:
    """People who write the whole day, somebody unknown, receipts, questions and what Meta posts."""

    def __init__(self, root: Path, a_day: int = A_DAY) -> None:
        self.a_day = a_day
        self.harness = AgentHarness(root, TOOLS)
        self.harness.sweeper = Sweeper(
            store=self.harness.store,
            engine=self.harness.engine,
            clock=self.harness.clock,
            queue=self.harness.queue,
            repeats=NoRepeats(),
            keep=KEEP_DAYS * DAY,
        )
        self.messages = 0

    async def day(self) -> Sizes:
        """Live through a day, and look."""
        for number in range(self.a_day):
            await self._message(number)
        self.harness.clock.advance(DAY / 2)
        for _ in range(3):
            self.harness.clock.advance(3600)
            await self.harness.settle()
        self.harness.model.seen.clear()
        self.harness.channel.delivered.clear()
        return self._sizes()

    async def close(self) -> None:
        """Close the database."""
        await self.harness.store.close()

    async def _message(self, number: int) -> None:
        self.messages += 1
        self.harness.clock.advance(300)
        match number % 10:
            case 0:
                await self.harness.say('do jot {"text": "milk"}')
            case 1:
                await self.harness.say('do wipe {"name": "disk"}')
                await self.harness.react("👍", self.harness.question().id)
            case 2:
                await self.harness.hear("let me in " * 20, STRANGER)
            case 3:
                await self.harness.hear(Reaction(emoji="❤", to=MessageId("something")))
            case 4:
                await self._post()
            case _:
                await self.harness.say("words " * 30, FRIEND)

    async def _post(self) -> None:
        sent = self.harness.channel.delivered[-1].id
        meaning = Receipt(channel="whatsapp", chat=FRIEND, of=(sent,), state="delivered", at=0)
        event = WebhookEvent(key=f"status/{self.messages}", kind="status", body="{}", meaning=meaning)
        await self.harness.receiver.batch(WebhookBatch(channel="whatsapp", raw=b"x" * 500, events=(event,)))

    def _sizes(self) -> Sizes:
        with closing(sqlite3.connect(self.harness.root / "cleo.db")) as database:
            found = database.execute("select name from sqlite_master where type = 'table'").fetchall()
            rows = {name: database.execute(f"select count(*) from {name}").fetchone()[0] for (name,) in found}
            [(pages, size)] = database.execute(
                "select page_count, page_size from pragma_page_count, pragma_page_size"
            ).fetchall()
        return Sizes(self.messages, rows, pages * size, 1024 * getrusage(RUSAGE_SELF).ru_maxrss)


def growing(days: Sequence[Sizes]) -> list[str]:
    """Tell what is not flat between the middle and the end."""
    then, now = days[len(days) // 2], days[-1]
    least = {"transcript": _WINDOW * now.rows["conversations"]}
    found = [
        f"{name}: {then.rows[name]} rows, then {count}"
        for name, count in now.rows.items()
        if name not in _KNOWN_FOR_GOOD and count > max(then.rows[name] * _SLACK + 10, least.get(name, 0))
    ]
    more = {table: now.rows[table] - then.rows[table] for table in ("past_messages", "transcript")}
    room = more["past_messages"] * FINGERPRINT + max(0, more["transcript"]) * _MESSAGE
    if now.database > then.database * _SLACK + room:
        found.append(f"the database: {then.database} bytes, then {now.database}")
    if now.memory > then.memory * _SLACK + 16 * 2**20:
        found.append(f"memory: {then.memory} bytes, then {now.memory}")
    return found


async def soak(
    root: Path, messages: int, *, a_day: int = A_DAY, console: Console | None = None
) -> list[Sizes]:
    """Let so many messages come; return the sizes of each day."""
    life, days = Soak(root, a_day), list[Sizes]()
    start = time.monotonic()
    while life.messages < messages:
        days.append(await life.day())
        if console and len(days) % max(1, messages // a_day // 20) == 0:
            day, rows = days[-1], sum(days[-1].rows.values()) - days[-1].rows["past_messages"]
            mib = f"{day.database / 2**20:6.1f} MiB stored, {day.memory / 2**20:6.1f} MiB of memory"
            console.print(
                f"{day.messages:7} messages, {time.monotonic() - start:5.0f} s: {rows:6} rows, {mib}"
            )
    await life.close()
    return days


def main() -> int:
    """Run it and tell; the exit code is 0 when all stayed flat."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--messages", type=int, default=100_000)
    messages = int(parser.parse_args().messages)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    console = Console()
    with tempfile.TemporaryDirectory(prefix="cleo-soak-") as folder:
        days = asyncio.run(soak(Path(folder), messages, console=console))
    found = growing(days)
    for line in found:
        console.print(line, style="red", markup=False)
    console.print("[red]It grows." if found else "[green]Flat.")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
