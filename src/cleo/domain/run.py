"""A run: one turn of the agent in one conversation."""

from dataclasses import dataclass
from typing import Literal, NewType

from cleo.domain.conversation import ConversationId

RunId = NewType("RunId", str)

RunState = Literal["open", "done", "failed"]
RunKind = Literal["message", "resume", "late"]
"""`message` answers inbox items · `resume` continues after every open question of a batch was settled · `late`
does what was approved after the chat had moved on."""

Stop = Literal["", "stop", "new"]
"""`stop`: somebody wants it to end · `new`: and the conversation to begin anew."""

MAX_CRASHES = 10
"""A run during which the process ended this often is given up, so that its neighbours go on. Not every death is
the message's doing: people pull plugs, and a start that is killed again takes the same run down with it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One turn. `prompted` tells that its input is in the history already: go on, do not ask again."""

    id: RunId
    conversation: ConversationId
    kind: RunKind
    state: RunState = "open"
    attempts: int = 0
    prompted: bool = False
    ref: str = ""
    """The confirmation that a `late` run carries out."""
    retry_at: float | None = None
    """Unix seconds: it waits for its model until then."""
    waiting_since: float | None = None
    """Unix seconds of the first time that its model could not be reached."""
    stop: Stop = ""
