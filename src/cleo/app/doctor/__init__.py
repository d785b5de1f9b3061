"""`cleo doctor`: check everything, and say what is wrong and how to mend it."""

from cleo.app.doctor.examine import examine
from cleo.app.doctor.trace import trace

__all__ = ["examine", "trace"]
