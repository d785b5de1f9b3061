"""All work in this process: a task for each busy conversation."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress

from cleo.domain.conversation import ConversationId
from cleo.domain.delivery import backoff
from cleo.engine.crash import log_crash

Work = Callable[[ConversationId], Awaitable[None]]


class InProcessEngine:
    """Implements `cleo.ports.Engine`.

    At most `limit` conversations are worked on at once; the others wait in the order of their wakes. After a
    crash of the work a conversation rests, longer each time, and is tried again.
    """

    def __init__(
        self,
        limit: int = 64,
        *,
        grace: float = 20.0,
        rest: Callable[[int], float] = backoff,
    ) -> None:
        """`grace`: seconds that running work gets to finish at the end; `rest`: seconds after the n-th crash."""
        self._slots = asyncio.Semaphore(limit)
        self._grace = grace
        self._rest = rest
        self._work: Work | None = None
        self._ending = asyncio.Event()
        self._woken: set[ConversationId] = set()
        """Something may have come up since the work on it began."""
        self._busy: dict[ConversationId, asyncio.Task[None]] = {}

    async def wake(self, *conversations: ConversationId) -> None:
        """There may be something to do. Before `run` it is remembered, at the end it is ignored."""
        self._woken.update(conversations)
        for conversation in conversations:
            self._start(conversation)

    async def run(self, work: Work) -> None:
        """Work, one call a conversation at a time, until cancelled; then let what runs finish."""
        self._ending.clear()
        self._work = work
        for conversation in tuple(self._woken):
            self._start(conversation)
        try:
            await asyncio.Event().wait()
        finally:
            self._work = None
            self._ending.set()
            await self._finish()

    def _start(self, conversation: ConversationId) -> None:
        if self._work is not None and conversation not in self._busy:
            task = asyncio.create_task(self._serve(conversation, self._work))
            self._busy[conversation] = task

    async def _serve(self, conversation: ConversationId, work: Work) -> None:
        crashes = 0
        try:
            while conversation in self._woken and not self._ending.is_set():
                async with self._slots:
                    crashes = 0 if await self._attempt(conversation, work) else crashes + 1
                if crashes:
                    self._woken.add(conversation)
                    await self._pause(self._rest(crashes))
        finally:
            del self._busy[conversation]

    async def _attempt(self, conversation: ConversationId, work: Work) -> bool:
        if self._ending.is_set():
            return True
        self._woken.discard(conversation)
        try:
            await work(conversation)
        except Exception as error:
            log_crash(error)
            return False
        return True

    async def _pause(self, seconds: float) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(self._ending.wait(), seconds)

    async def _finish(self) -> None:
        tasks = list(self._busy.values())
        if not tasks:
            return
        _, late = await asyncio.wait(tasks, timeout=self._grace)
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)
