"""Look at everything, and say what is wrong, why, and how to mend it."""

from cleo.app.doctor.examine import examine
from cleo.app.doctor.finding import Finding, Findings
from cleo.app.doctor.history import trace

__all__ = ["Finding", "Findings", "examine", "trace"]
