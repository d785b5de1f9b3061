"""The engines by name."""

from collections.abc import Awaitable, Callable, Mapping
from contextlib import AsyncExitStack

from cleo.app.settings import Settings
from cleo.domain.errors import ConfigError
from cleo.engine import InProcessEngine
from cleo.ports import Engine

_GRACE = 1.5
"""Seconds that turns under way have at the end; the next start goes on with what did not finish."""


async def open_engine(settings: Settings, closing: AsyncExitStack) -> Engine:
    """Open the engine that the settings name; raises `ConfigError` or `StoreError`."""
    return await ENGINES[engine_name(settings)](settings, closing)


def engine_name(settings: Settings) -> str:
    """Return which engine it is; raises `ConfigError` when the settings name none that fits."""
    name = settings.cleo_engine or ("procrastinate" if settings.is_shared else "inprocess")
    if name not in ENGINES:
        raise ConfigError(
            f"CLEO_ENGINE: there is no {name!r}. It can be: {', '.join(ENGINES)}. For example: CLEO_ENGINE=inprocess"
        )
    if name == "procrastinate" and not settings.is_shared:
        raise ConfigError(
            "CLEO_ENGINE=procrastinate needs Postgres. For example: "
            "DATABASE_URL=postgresql://cleo:password@localhost/cleo"
        )
    return name


async def _inprocess(settings: Settings, closing: AsyncExitStack) -> Engine:
    return InProcessEngine(grace=_GRACE)


async def _procrastinate(settings: Settings, closing: AsyncExitStack) -> Engine:
    from cleo.engine.procrastinate import ProcrastinateEngine  # noqa: PLC0415 - needs an extra

    engine = ProcrastinateEngine(settings.database, grace=_GRACE)
    closing.push_async_callback(engine.close)
    await engine.open()
    return engine


ENGINES: Mapping[str, Callable[[Settings, AsyncExitStack], Awaitable[Engine]]] = {
    "inprocess": _inprocess,
    "procrastinate": _procrastinate,
}
"""What `CLEO_ENGINE` may name."""
