"""Brings webhooks to the businesses: signed, in order for each person, again and again until they are taken."""

import asyncio
from collections import deque
from collections.abc import Coroutine, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from urllib.parse import urlencode

import httpx2

from cloud_simulator.entities.business import Business
from cloud_simulator.event_log import Line
from cloud_simulator.faults import Fault
from cloud_simulator.state import World
from cloud_simulator.webhooks.webhook_event import Item, altered, envelope, forged, signature, written

_ROUTING = ("lose", "delay", "merge")
_ALTERING = ("field", "strip", "skew", "poison")
_AROUND = ("signature", "truncate", "oversize", "duplicate", "rebatch")
_OVERSIZE = 5 * 1024 * 1024
_COMPANY = 0.3
"""Seconds that a delivered item waits for company to be delivered with again."""


@dataclass(slots=True)
class _Lane:
    waiting: deque[Item] = field(default_factory=deque[Item])
    running: bool = False


class Courier:
    """Open while in use: `async with`."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._lanes: dict[tuple[str, str], _Lane] = {}
        self._merging: list[Item] = []
        self._merge_full = asyncio.Event()
        self._again: list[Item] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self._closed = False

    async def __aenter__(self) -> "Courier":
        self._http = httpx2.AsyncClient(trust_env=False, follow_redirects=False, timeout=None)
        return self

    async def __aexit__(self, *_: object) -> None:
        self._closed = True
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._http.aclose()

    def post(self, item: Item) -> None:
        """Take an item, to be delivered after those of the same person."""
        if self._closed:
            return
        struck = self._world.faults.strike(item.case, _ROUTING)
        if "lose" in struck or not self._receiver(item.number):
            self._drop(item, "lost by a fault" if "lose" in struck else "not subscribed, or no callback")
        elif fault := struck.get("merge"):
            self._merge(item, fault)
        elif fault := struck.get("delay"):
            self._spawn(item.number, self._later(item, fault.ms / 1000))
        else:
            self._queue(item)

    async def settled(self, seconds: float, number: str | None = None) -> bool:
        """Wait until nothing is on its way, to `number` or to anybody; False: something still is."""
        try:
            async with asyncio.timeout(seconds):
                while under_way := {task for task in self._tasks if number in {None, task.get_name()}}:
                    await asyncio.wait(under_way)
        except TimeoutError:
            return False
        return True

    async def shake_hands(self, business: Business) -> str:
        """Ask the callback whether it knows the verify token; tells what is wrong, or nothing."""
        challenge = self._world.serial()
        asked = {
            "hub.mode": "subscribe",
            "hub.challenge": challenge,
            "hub.verify_token": business.verify_token,
        }
        url = f"{business.callback}{'&' if '?' in str(business.callback) else '?'}{urlencode(asked)}"
        answer: int | str
        try:
            got = await self._http.get(url, timeout=self._world.knobs.answer_seconds)
            answer, said = got.status_code, got.text
        except httpx2.HTTPError as error:
            answer, said = type(error).__name__, ""
        note = (
            ""
            if answer == 200 and said == challenge
            else f"The callback did not answer the handshake ({answer})."
        )
        self._note("handshake", business.phone_number_id, answer=answer, note=note)
        return note

    async def send_raw(self, business: Business, body: bytes, header: bytes | None) -> int | str:
        """POST any bytes; tells the status, or what went wrong instead."""
        headers = {b"Content-Type": b"application/json", b"User-Agent": b"facebookexternalua"}
        if header is not None:
            headers[b"X-Hub-Signature-256"] = header
        try:
            async with asyncio.timeout(self._world.knobs.answer_seconds):
                got = await self._http.post(
                    str(business.callback), content=body, headers=list(headers.items())
                )
        except (httpx2.HTTPError, TimeoutError) as error:
            return type(error).__name__
        return got.status_code

    def _queue(self, item: Item) -> None:
        lane = self._lanes.setdefault((item.number, item.lane), _Lane())
        lane.waiting.append(item)
        if not lane.running:
            lane.running = True
            self._spawn(item.number, self._run(lane))

    async def _run(self, lane: _Lane) -> None:
        while lane.waiting:
            await self._deliver([lane.waiting.popleft()])
        lane.running = False

    async def _later(self, item: Item, seconds: float) -> None:
        await asyncio.sleep(seconds)
        await self._deliver([item])

    def _merge(self, item: Item, fault: Fault) -> None:
        self._merging.append(item)
        if len(self._merging) == 1:
            self._merge_full.clear()
            self._spawn(item.number, self._merge_soon(fault.ms / 1000 or 1.0))
        if len(self._merging) >= fault.count:
            self._merge_full.set()

    async def _merge_soon(self, seconds: float) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(self._merge_full.wait(), seconds)
        await self._deliver_merged()

    async def _deliver_merged(self) -> None:
        items, self._merging = self._merging, []
        while items:
            first = self._door(items[0])
            await self._deliver([item for item in items if self._door(item) == first])
            items = [item for item in items if self._door(item) != first]

    def _door(self, item: Item) -> tuple[str, str]:
        business = self._world.businesses[item.number]
        return str(business.callback), business.app_secret

    async def _deliver(self, items: Sequence[Item]) -> None:
        strike = self._world.faults.strike
        items = [altered(item, strike(item.case, _ALTERING)) for item in items]
        struck: dict[str, Fault] = {}
        for item in items:
            struck.update(strike(item.case, _AROUND))
        known = [item for item in self._again if self._door(item) == self._door(items[0])]
        self._again = [item for item in self._again if item not in known]
        items = [*known, *items]
        await self._disturb(items, struck)
        body = await self._until_taken(items)
        if fault := struck.get("duplicate"):
            for _ in range(fault.count - 1):
                await asyncio.sleep(fault.ms / 1000)
                await self._once(items, body, 1)
        if "rebatch" in struck:
            self._again.extend(items)
            self._spawn(items[-1].number, self._alone_again())

    async def _disturb(self, items: Sequence[Item], struck: Mapping[str, Fault]) -> None:
        """Send what no Meta would send, before the real thing."""
        business = self._world.businesses[items[-1].number]
        body = written(envelope(items, self._world.businesses))
        secret = business.app_secret
        if fault := struck.get("signature"):
            answer = await self.send_raw(business, body, forged(fault.signature, secret, body))
            self._said(items, answer, 0, f"signature {fault.signature}")
        if "truncate" in struck:
            half = body[: len(body) // 2]
            answer = await self.send_raw(business, half, signature(secret, half).encode())
            self._said(items, answer, 0, "truncated")
        if fault := struck.get("oversize"):
            large = body + b" " * (fault.bytes or _OVERSIZE)
            answer = await self.send_raw(business, large, signature(secret, large).encode())
            self._said(items, answer, 0, "oversize")

    async def _alone_again(self) -> None:
        await asyncio.sleep(_COMPANY)
        items, self._again = self._again, []
        if items:
            await self._until_taken(items, loose=True)

    async def _until_taken(self, items: Sequence[Item], *, loose: bool = False) -> bytes:
        pause = self._world.knobs.first_retry
        attempt = 1
        while True:
            body = written(envelope(items, self._world.businesses), loose=loose)
            if await self._once(items, body, attempt) == 200:
                return body
            await asyncio.sleep(pause)
            pause = min(pause * 2, self._world.knobs.longest_retry)
            attempt += 1
            if not self._receiver(items[-1].number):
                self._drop(items[-1], "nobody takes it any more")
                return body

    async def _once(self, items: Sequence[Item], body: bytes, attempt: int) -> int | str:
        business = self._world.businesses[items[-1].number]
        answer = await self.send_raw(business, body, signature(business.app_secret, body).encode())
        self._said(items, answer, attempt)
        return answer

    def _receiver(self, number: str) -> Business | None:
        business = self._world.businesses[number]
        return business if business.subscribed and business.callback else None

    def _drop(self, item: Item, why: str) -> None:
        self._note("dropped", item.number, items=[item.name], note=why)

    def _said(self, items: Sequence[Item], answer: int | str, attempt: int, note: str = "") -> None:
        names = [item.name for item in items]
        self._note("webhook", items[-1].number, answer=answer, attempt=attempt, items=names, note=note)

    def _note(self, event: str, number: str, **more: object) -> None:
        self._world.note(
            Line.model_validate({"at": self._world.now(), "event": event, "number": number, **more})
        )

    def _spawn(self, number: str, work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(work, name=number)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
