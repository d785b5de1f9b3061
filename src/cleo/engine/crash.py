"""What is said when the work on a conversation crashes."""

import structlog

_log = structlog.get_logger(__name__)


def log_crash(error: Exception) -> None:
    """Name its kind and place; error texts may hold what people wrote, so they stay out of the log."""
    _log.error("work on a conversation crashed", error=type(error).__name__, at=_place(error))


def _place(error: Exception) -> str:
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return "" if trace is None else f"{trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}"
