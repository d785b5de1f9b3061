"""What Cleo does, one file a step of the line: receive · claimed · loop · confirm · answer · deliver · remind."""

from cleo.agent.account_switch import switch_account
from cleo.agent.approval.confirm import Asker
from cleo.agent.media.images import ImageAttacher
from cleo.agent.receive import ClaimCode, Receiver
from cleo.agent.run.model_loop import ModelLoop, RunLimits
from cleo.agent.run.worker import Worker
from cleo.agent.sweep import Sweeper

__all__ = [
    "Asker",
    "ClaimCode",
    "ImageAttacher",
    "ModelLoop",
    "Receiver",
    "RunLimits",
    "Sweeper",
    "Worker",
    "switch_account",
]
