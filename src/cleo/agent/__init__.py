"""What Cleo does, one file a step of the line: receive · run · approval · outbox."""

from cleo.agent.access_watch import AccessWatch
from cleo.agent.account_watch import AccountWatch
from cleo.agent.approval.ask import Asker
from cleo.agent.approval.prompt_delivery import PromptDelivery
from cleo.agent.approval.read_answer import AnswerReader
from cleo.agent.claim_code import ClaimCode
from cleo.agent.commands import Commands
from cleo.agent.media.images import ImageAttacher
from cleo.agent.model.limits import RunLimits
from cleo.agent.model.watch import ModelWatch
from cleo.agent.outbox.delivery_status import DeliveryStatus
from cleo.agent.outbox.queue import OutboxQueue
from cleo.agent.receive import Receiver
from cleo.agent.run.model_loop import ModelLoop
from cleo.agent.run.patience import Patience
from cleo.agent.run.worker import Worker
from cleo.agent.sweep import Sweeper

__all__ = [
    "AccessWatch",
    "AccountWatch",
    "AnswerReader",
    "Asker",
    "ClaimCode",
    "Commands",
    "DeliveryStatus",
    "ImageAttacher",
    "ModelLoop",
    "ModelWatch",
    "OutboxQueue",
    "Patience",
    "PromptDelivery",
    "Receiver",
    "RunLimits",
    "Sweeper",
    "Worker",
]
