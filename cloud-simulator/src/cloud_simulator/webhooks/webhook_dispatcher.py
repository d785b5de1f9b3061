"""Deliver webhooks to the businesses: signed, in order for each person, with retries until they are accepted."""

import asyncio
from collections import deque
from collections.abc import Coroutine, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from urllib.parse import urlencode

import httpx2

from cloud_simulator.entities.business import Business
from cloud_simulator.event_log import LogEntry
from cloud_simulator.faults import Fault
from cloud_simulator.state import State
from cloud_simulator.webhooks.signature import sign, sign_badly
from cloud_simulator.webhooks.webhook_event import WebhookEvent, apply_faults, build_body, encode

_ROUTING_ACTIONS = ("lose", "delay", "merge")
_EVENT_ACTIONS = ("field", "strip", "skew", "poison")
_POST_ACTIONS = ("signature", "truncate", "oversize", "duplicate", "rebatch")
_OVERSIZE = 5 * 1024 * 1024
_REBATCH_WAIT = 0.3
"""Seconds that a delivered event waits for another one, to be delivered again beside it."""


@dataclass(slots=True)
class _Queue:
    waiting: deque[WebhookEvent] = field(default_factory=deque[WebhookEvent])
    running: bool = False


class WebhookDispatcher:
    """A dispatcher, open while it is in use: `async with`."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._queues: dict[tuple[str, str], _Queue] = {}
        self._to_merge: list[WebhookEvent] = []
        self._merge_full = asyncio.Event()
        self._to_repeat: list[WebhookEvent] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self._closed = False

    async def __aenter__(self) -> "WebhookDispatcher":
        self._http = httpx2.AsyncClient(trust_env=False, follow_redirects=False, timeout=None)
        return self

    async def __aexit__(self, *_: object) -> None:
        self._closed = True
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._http.aclose()

    def dispatch(self, event: WebhookEvent) -> None:
        """Queue an event behind those with the same order key."""
        if self._closed:
            return
        faults = self._state.faults.match(event.subject, _ROUTING_ACTIONS)
        if "lose" in faults or not self._receiver(event.number):
            self._drop(event, "lost by a fault" if "lose" in faults else "not subscribed, or no callback")
        elif fault := faults.get("merge"):
            self._merge(event, fault)
        elif fault := faults.get("delay"):
            self._spawn(event.number, self._deliver_after(fault.ms / 1000, event))
        else:
            self._enqueue(event)

    async def settled(self, seconds: float, number: str | None = None) -> bool:
        """Wait until no webhook to `number` (None: to any) is under way; False after so many seconds."""
        try:
            async with asyncio.timeout(seconds):
                while under_way := {task for task in self._tasks if number in {None, task.get_name()}}:
                    await asyncio.wait(under_way)
        except TimeoutError:
            return False
        return True

    async def verify_callback(self, business: Business) -> str:
        """Make Meta's verification request; returns the problem, or an empty string."""
        challenge = self._state.new_id()
        query = {
            "hub.mode": "subscribe",
            "hub.challenge": challenge,
            "hub.verify_token": business.verify_token,
        }
        url = f"{business.callback}{'&' if '?' in str(business.callback) else '?'}{urlencode(query)}"
        answer: int | str
        try:
            response = await self._http.get(url, timeout=self._state.config.answer_seconds)
            answer, text = response.status_code, response.text
        except httpx2.HTTPError as error:
            answer, text = type(error).__name__, ""
        verified = answer == 200 and text == challenge
        problem = "" if verified else f"The callback did not answer the handshake ({answer})."
        self._record("handshake", business.phone_number_id, answer=answer, note=problem)
        return problem

    async def post_raw(self, business: Business, body: bytes, signature: bytes | None) -> int | str:
        """POST any bytes; returns the status, or the name of the exception."""
        headers = {b"Content-Type": b"application/json", b"User-Agent": b"facebookexternalua"}
        if signature is not None:
            headers[b"X-Hub-Signature-256"] = signature
        try:
            async with asyncio.timeout(self._state.config.answer_seconds):
                response = await self._http.post(
                    str(business.callback), content=body, headers=list(headers.items())
                )
        except (httpx2.HTTPError, TimeoutError) as error:
            return type(error).__name__
        return response.status_code

    def _enqueue(self, event: WebhookEvent) -> None:
        queue = self._queues.setdefault((event.number, event.order_key), _Queue())
        queue.waiting.append(event)
        if not queue.running:
            queue.running = True
            self._spawn(event.number, self._run(queue))

    async def _run(self, queue: _Queue) -> None:
        while queue.waiting:
            await self._deliver([queue.waiting.popleft()])
        queue.running = False

    async def _deliver_after(self, seconds: float, event: WebhookEvent) -> None:
        await asyncio.sleep(seconds)
        await self._deliver([event])

    def _merge(self, event: WebhookEvent, fault: Fault) -> None:
        self._to_merge.append(event)
        if len(self._to_merge) == 1:
            self._merge_full.clear()
            self._spawn(event.number, self._deliver_merged(fault.ms / 1000 or 1.0))
        if len(self._to_merge) >= fault.count:
            self._merge_full.set()

    async def _deliver_merged(self, seconds: float) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(self._merge_full.wait(), seconds)
        events, self._to_merge = self._to_merge, []
        while events:
            first = self._destination(events[0])
            await self._deliver([event for event in events if self._destination(event) == first])
            events = [event for event in events if self._destination(event) != first]

    def _destination(self, event: WebhookEvent) -> tuple[str, str]:
        """Return callback and secret; events for the same ones fit into one POST."""
        business = self._state.businesses[event.number]
        return str(business.callback), business.app_secret

    async def _deliver(self, events: Sequence[WebhookEvent]) -> None:
        match = self._state.faults.match
        events = [apply_faults(event, match(event.subject, _EVENT_ACTIONS)) for event in events]
        faults: dict[str, Fault] = {}
        for event in events:
            faults.update(match(event.subject, _POST_ACTIONS))
        destination = self._destination(events[0])
        repeated = [event for event in self._to_repeat if self._destination(event) == destination]
        self._to_repeat = [event for event in self._to_repeat if event not in repeated]
        events = [*repeated, *events]
        await self._post_invalid(events, faults)
        body = await self._post_until_accepted(events)
        if fault := faults.get("duplicate"):
            for _ in range(fault.count - 1):
                await asyncio.sleep(fault.ms / 1000)
                await self._post(events, body, 1)
        if "rebatch" in faults:
            self._to_repeat.extend(events)
            self._spawn(events[-1].number, self._repeat_alone())

    async def _post_invalid(self, events: Sequence[WebhookEvent], faults: Mapping[str, Fault]) -> None:
        """Post what the faults `signature`, `truncate` and `oversize` ask for, before the valid body."""
        business = self._state.businesses[events[-1].number]
        body = encode(build_body(events, self._state.businesses))
        secret = business.app_secret
        if fault := faults.get("signature"):
            answer = await self.post_raw(business, body, sign_badly(fault.signature, secret, body))
            self._record_post(events, answer, 0, f"signature {fault.signature}")
        if "truncate" in faults:
            half = body[: len(body) // 2]
            answer = await self.post_raw(business, half, sign(secret, half))
            self._record_post(events, answer, 0, "truncated")
        if fault := faults.get("oversize"):
            large = body + b" " * (fault.bytes or _OVERSIZE)
            answer = await self.post_raw(business, large, sign(secret, large))
            self._record_post(events, answer, 0, "oversize")

    async def _repeat_alone(self) -> None:
        await asyncio.sleep(_REBATCH_WAIT)
        events, self._to_repeat = self._to_repeat, []
        if events:
            await self._post_until_accepted(events, spaced=True)

    async def _post_until_accepted(self, events: Sequence[WebhookEvent], *, spaced: bool = False) -> bytes:
        pause = self._state.config.first_retry
        attempt = 1
        while True:
            body = encode(build_body(events, self._state.businesses), spaced=spaced)
            if await self._post(events, body, attempt) == 200:
                return body
            await asyncio.sleep(pause)
            pause = min(pause * 2, self._state.config.longest_retry)
            attempt += 1
            if not self._receiver(events[-1].number):
                self._drop(events[-1], "no longer subscribed, or no callback")
                return body

    async def _post(self, events: Sequence[WebhookEvent], body: bytes, attempt: int) -> int | str:
        business = self._state.businesses[events[-1].number]
        answer = await self.post_raw(business, body, sign(business.app_secret, body))
        self._record_post(events, answer, attempt)
        return answer

    def _receiver(self, number: str) -> Business | None:
        business = self._state.businesses[number]
        return business if business.subscribed and business.callback else None

    def _drop(self, event: WebhookEvent, why: str) -> None:
        self._record("dropped", event.number, items=[event.label], note=why)

    def _record_post(
        self, events: Sequence[WebhookEvent], answer: int | str, attempt: int, note: str = ""
    ) -> None:
        labels = [event.label for event in events]
        self._record("webhook", events[-1].number, answer=answer, attempt=attempt, items=labels, note=note)

    def _record(self, event: str, number: str, **more: object) -> None:
        fields = {"at": self._state.now(), "event": event, "number": number, **more}
        self._state.record(LogEntry.model_validate(fields))

    def _spawn(self, number: str, work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(work, name=number)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
