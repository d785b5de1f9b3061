"""Work shared by any number of processes, through Procrastinate's table of jobs in Postgres.

A wake is a job that names a conversation. Of the jobs of one conversation at most one runs (`lock`) and at most one
waits (`queueing_lock`), whichever process takes it. Processes say every moment that they live; the jobs of one that
has stopped saying so are given to others. The table holds no truth: a job that is lost comes back with the next
sweep, and a process that was paused and comes back is fenced off by the conversation's epoch.
"""

import asyncio
import hashlib
import logging
import math
import re
from collections.abc import Awaitable, Callable, Iterable, Sequence

import structlog

from cleo.domain.conversation import ConversationId
from cleo.domain.delivery import backoff
from cleo.domain.errors import ConfigError, StoreError
from cleo.engine.crash import log_crash

try:
    from procrastinate import App, PsycopgConnector
    from procrastinate.exceptions import AlreadyEnqueued, ConnectorException, ProcrastinateException
    from procrastinate.jobs import Job, Status
    from procrastinate.manager import JobManager
    from procrastinate.types import TimeDeltaParams
    from psycopg import Error
    from psycopg.conninfo import conninfo_to_dict
    from psycopg.errors import RaiseException
except ModuleNotFoundError as error:
    raise ConfigError(
        "CLEO_ENGINE=procrastinate needs what is not installed. For example: pip install 'cleo[postgres]'"
    ) from error

Work = Callable[[ConversationId], Awaitable[None]]

ALIVE_EVERY = 0.8
"""Seconds between the signs of life of a process."""
DEAD_AFTER = 2.5
"""Seconds without one after which its conversations are given to others."""
_LOOK_EVERY = 0.4
"""Seconds between looks for jobs whose time has come, and for those that waited for another."""
_FORGOTTEN_AFTER = 60.0
_LONGEST_WAIT = 2.0
"""Seconds that a wake waits for a free connection."""
_LONGEST_START = 5.0

_QUEUE_NAME = "conversations"

_log = structlog.get_logger(__name__)
logging.getLogger("procrastinate").setLevel(
    logging.CRITICAL
)  # it names conversations; what matters is said here


class ProcrastinateEngine:
    """Implements `cleo.ports.Engine` for many processes; each works on at most `limit` conversations at once.

    After a crash of the work a conversation rests, longer each time, and is tried again. When the database goes
    away, the engine goes on by itself as soon as it is back.
    """

    def __init__(
        self, url: str, limit: int = 64, *, grace: float = 2.0, rest: Callable[[int], float] = backoff
    ) -> None:
        """`grace`: seconds that running work gets to finish at the end, less than `DEAD_AFTER`; `rest`: seconds
        after the n-th crash."""
        connector = _connector(url)
        self._app = App(connector=connector)
        self._app.job_manager = _Jobs(connector, self._start_anew)
        self._task = self._app.task(name="work", queue=_QUEUE_NAME)(self._job)
        self._limit = limit
        self._grace = grace
        self._rest = rest
        self._work: Work | None = None
        self._anew = asyncio.Event()
        self._opening = asyncio.Lock()
        self._is_open = False
        self._resting: dict[ConversationId, tuple[int, float]] = {}
        """How often the work on it crashed in a row, and until when it rests, by the loop's clock."""

    async def open(self) -> None:
        """Connect, and make the table if need be; raises `StoreError`. Whatever comes first does it as well."""
        try:
            await self._open()
        except ProcrastinateException as error:
            raise StoreError(
                "The database cannot be reached for CLEO_ENGINE=procrastinate (DATABASE_URL)."
            ) from error

    async def wake(self, *conversations: ConversationId) -> None:
        """There may be something to do. When the database is away, the next sweep finds it."""
        if not conversations:
            return
        try:
            await self._open()
            if not await self._defer(conversations) and len(conversations) > 1:
                waiting = {job.queueing_lock for job in await self._waiting()}
                await self._defer([each for each in conversations if _name(each) not in waiting])
        except ProcrastinateException as error:
            _log.warning("a wake was lost, the next sweep repeats it", error=type(error).__name__)

    async def run(self, work: Work) -> None:
        """Work, one call a conversation at a time over all processes, until cancelled; then let what runs finish.

        Raises `StoreError` when the database cannot be reached at the start.
        """
        await self.open()
        self._work = work
        looking = asyncio.create_task(self._look_for_the_dead())
        try:
            while True:
                await self._serve()
                await asyncio.sleep(_LOOK_EVERY)
        finally:
            looking.cancel()
            await asyncio.gather(looking, return_exceptions=True)
            self._work = None

    async def close(self) -> None:
        """Let go of the database."""
        await self._app.close_async()

    async def _open(self) -> None:
        async with self._opening:
            if self._is_open:
                return
            try:
                async with asyncio.timeout(_LONGEST_START):
                    await self._app.open_async()
                    await self._make_tables()
            except (TimeoutError, Error, ConnectorException) as error:
                await self._app.close_async()
                raise ConnectorException from error
            self._is_open = True

    async def _make_tables(self) -> None:
        if await self._app.check_connection_async():
            return
        try:
            await self._app.schema_manager.apply_schema_async()
        except ConnectorException:
            if not await self._app.check_connection_async():
                raise  # otherwise another process made the tables meanwhile

    async def _serve(self) -> None:
        """Take jobs until something breaks; what then runs gets its time to finish."""
        self._anew.clear()
        serving = asyncio.create_task(
            self._app.run_worker_async(
                concurrency=self._limit,
                install_signal_handlers=False,
                delete_jobs="always",
                fetch_job_polling_interval=_LOOK_EVERY,
                update_heartbeat_interval=ALIVE_EVERY,
                stalled_worker_timeout=_FORGOTTEN_AFTER,
                shutdown_graceful_timeout=self._grace,
            )
        )
        broken = asyncio.create_task(self._anew.wait())
        try:
            await asyncio.wait({serving, broken}, return_when=asyncio.FIRST_COMPLETED)
            _log.warning("the table of jobs was out of reach, starting to work on it anew")
        finally:
            broken.cancel()
            serving.cancel()
            await asyncio.gather(broken, serving, return_exceptions=True)

    def _start_anew(self) -> None:
        self._anew.set()

    async def _job(self, conversation: str) -> None:
        """Work on a conversation, unless it rests after a crash."""
        here, work, now = ConversationId(conversation), self._work, asyncio.get_running_loop().time
        crashes, until = self._resting.get(here, (0, 0.0))
        if until > now():
            await self._defer([here], until - now())
            return
        if work is None:
            return
        try:
            await work(here)
        except Exception as error:
            log_crash(error)
            rest = self._rest(crashes + 1)
            self._resting[here] = (crashes + 1, now() + rest)
            await self._defer([here], rest)
        else:
            self._resting.pop(here, None)

    async def _defer(self, conversations: Sequence[ConversationId], seconds: float = 0.0) -> bool:
        """Queue a job for each in one statement; False: one of them waits already, and nothing was queued."""
        later: TimeDeltaParams | None = {"milliseconds": math.ceil(seconds * 1000)} if seconds else None
        jobs: list[Job] = []
        for conversation in conversations:
            name = _name(conversation)
            job = self._task.configure(lock=name, queueing_lock=name, schedule_in=later)
            jobs.append(job.make_new_job(conversation=conversation))
        try:
            await self._app.job_manager.batch_defer_jobs_async(jobs)
        except AlreadyEnqueued:
            return False
        return True

    async def _waiting(self) -> Iterable[Job]:
        return await self._app.job_manager.list_jobs_async(queue=_QUEUE_NAME, status="todo")

    async def _look_for_the_dead(self) -> None:
        while True:
            await asyncio.sleep(ALIVE_EVERY)
            try:
                for job in await self._app.job_manager.get_stalled_jobs(seconds_since_heartbeat=DEAD_AFTER):
                    await self._take_over(job)
            except ProcrastinateException:
                await asyncio.sleep(DEAD_AFTER)  # nobody could say that they live either

    async def _take_over(self, job: Job) -> None:
        """Clear the way: a job may wait behind this one, so it is replaced, not repeated."""
        _log.warning("a worker has died, its conversation is taken over")
        await self._app.job_manager.finish_job(job, Status.FAILED, delete_job=True)
        await self.wake(ConversationId(str(job.task_kwargs["conversation"])))


class _Jobs(JobManager):
    """Tells when the end of a job could not be written: as long as its worker lives, the job would block its chat."""

    def __init__(self, connector: PsycopgConnector, broken: Callable[[], None]) -> None:
        super().__init__(connector)
        self._broken = broken

    async def finish_job(self, job: Job, status: Status, delete_job: bool) -> None:
        try:
            await super().finish_job(job, status, delete_job)
        except ConnectorException as error:
            if not isinstance(error.__cause__, RaiseException):  # that one says: somebody ended it before
                self._broken()


def _name(conversation: ConversationId) -> str:
    """Name a conversation in locks, which the server may log, without its phone number."""
    return hashlib.blake2b(conversation.encode(), digest_size=16).hexdigest()


def _connector(url: str) -> PsycopgConnector:
    plain = re.sub(r"^postgres(ql)?(\+\w+)?:", "postgresql:", url)
    given = conninfo_to_dict(plain)
    return PsycopgConnector(
        conninfo=plain,
        min_size=1,
        max_size=4,
        timeout=_LONGEST_WAIT,
        kwargs={
            "application_name": "cleo-engine",
            "connect_timeout": 5,
            "tcp_user_timeout": 8000,
            # A job may get lost with the server: a sweep repeats it. So no job waits for the disk.
            "options": f"-c synchronous_commit=off {given.get('options') or ''}".strip(),
        },
    )
