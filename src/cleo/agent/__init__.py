"""What Cleo does, one file a step of the line: receive · job · loop · confirm · answer · deliver · remind."""

from cleo.agent.account_switch import move_over
from cleo.agent.approval.confirm import Asker
from cleo.agent.media.images import Sight
from cleo.agent.receive import ClaimCode, Receiver
from cleo.agent.run.model_loop import Bounds, Loop
from cleo.agent.run.worker import Worker
from cleo.agent.sweep import Sweeper

__all__ = ["Asker", "Bounds", "ClaimCode", "Loop", "Receiver", "Sight", "Sweeper", "Worker", "move_over"]
