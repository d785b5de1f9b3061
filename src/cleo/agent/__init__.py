"""What Cleo does, one file a step of the line: receive · job · loop · confirm · answer · deliver · remind."""

from cleo.agent.confirm import Asker
from cleo.agent.loop import Bounds, Loop
from cleo.agent.move import move_over
from cleo.agent.receive import ClaimCode, Receiver
from cleo.agent.sight import Sight
from cleo.agent.sweep import Sweeper
from cleo.agent.worker import Worker

__all__ = ["Asker", "Bounds", "ClaimCode", "Loop", "Receiver", "Sight", "Sweeper", "Worker", "move_over"]
