"""Faults on command: which calls or webhooks a rule matches, how often, and what it does to them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, model_validator

from cloud_simulator.errors import Body

Operation = Literal["send", "read", "upload", "media", "delete", "download", "admin", "any", "webhook"]
CallAction = Literal["delay", "reset", "timeout", "refuse"]
SendAction = Literal["early", "statuses", "fail", "hold", "no_id", "wa_id"]
MetadataAction = Literal["expire", "sha256", "length", "foreign"]
DownloadAction = Literal["drip", "truncate", "oversize", "redirect", "corrupt", "name"]
WebhookAction = Literal[
    "lose", "delay", "merge", "duplicate", "rebatch", "signature", "truncate", "oversize", "poison", "strip", "field",
    "skew",
]  # fmt: skip
Action = CallAction | SendAction | MetadataAction | DownloadAction | WebhookAction
BadSignature = Literal["missing", "wrong", "sha1", "upper", "non-ascii"]
Status = Literal["sent", "delivered", "read", "played", "failed", "deleted"]

CALL_ACTIONS = get_args(CallAction)
SEND_ACTIONS = get_args(SendAction)
METADATA_ACTIONS = get_args(MetadataAction)
DOWNLOAD_ACTIONS = get_args(DownloadAction)

_ALLOWED: dict[Operation, Sequence[str]] = {
    "send": CALL_ACTIONS + SEND_ACTIONS,
    "read": CALL_ACTIONS,
    "upload": CALL_ACTIONS,
    "media": CALL_ACTIONS + METADATA_ACTIONS,
    "delete": CALL_ACTIONS,
    "download": CALL_ACTIONS + DOWNLOAD_ACTIONS,
    "admin": CALL_ACTIONS,
    "any": CALL_ACTIONS,
    "webhook": get_args(WebhookAction),
}


class StatusUpdate(BaseModel):
    """A status that a message will get, with its error."""

    model_config = ConfigDict(extra="forbid")

    status: Status
    code: int | None = None
    details: str = ""


class FaultRule(BaseModel):
    """The body of `POST /control/faults`: operation (`on`), action (`do`), what to match, how often, parameters."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    on: Operation
    do: Action
    number: str | None = None
    phone: str | None = None
    kind: str | None = None
    status: Status | None = None
    ref: str | None = None
    text: str | None = None
    skip: int = Field(0, ge=0)
    times: int = Field(1, ge=0)

    when: Literal["before", "after"] = "before"
    ms: int = Field(0, ge=0)
    code: int = 131000
    http: int | None = None
    body: Body = "graph"
    details: str = ""
    retry_after: int | None = None
    transient: bool | None = None
    statuses: list[Status | StatusUpdate] = []
    wa_id: str = ""
    bytes: int | None = None
    count: int = Field(2, ge=1)
    signature: BadSignature = "wrong"
    element: object = "poison"
    keys: list[str] = []
    field: str = "standby"
    seconds: float = 0
    filename: str = "../../outside.txt"

    @model_validator(mode="after")
    def _check_action(self) -> "FaultRule":
        allowed = _ALLOWED[self.on]
        if self.do not in allowed:
            raise ValueError(f"On {self.on} there is only: {' '.join(sorted(allowed))}.")
        return self

    @property
    def updates(self) -> list[StatusUpdate]:
        """The statuses that `fail` or `statuses` asks for."""
        if self.do == "fail":
            return [StatusUpdate(status="failed", code=self.code, details=self.details)]
        return [StatusUpdate(status=one) if isinstance(one, str) else one for one in self.statuses]


class Fault(FaultRule):
    """An installed rule; `matched` counts all matches, `applied` those in which it acted."""

    id: int
    matched: int = 0
    applied: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What rules match: the properties of a call or of a webhook event."""

    on: Operation
    number: str = ""
    phone: frozenset[str] = frozenset()
    """Every name of the phone: its id, number, aliases and user id."""
    kind: str = ""
    status: str = ""
    ref: str = ""
    text: str = ""


@dataclass(slots=True)
class Faults:
    """The installed faults, in the order of their installation."""

    installed: list[Fault] = field(default_factory=list[Fault])
    last_id: int = 0

    def add(self, rule: FaultRule) -> Fault:
        """Install a rule behind the others."""
        self.last_id += 1
        fault = Fault(id=self.last_id, **rule.model_dump())
        self.installed.append(fault)
        return fault

    def remove(self, id: int | None = None) -> None:
        """Remove one fault, or all."""
        self.installed = [one for one in self.installed if id is not None and one.id != id]

    def match(self, subject: Subject, actions: Sequence[str], when: str = "before") -> Mapping[str, Fault]:
        """Return, by action, the first fault that matches and is not used up; counts it as applied."""
        matched: dict[str, Fault] = {}
        for fault in self.installed:
            if fault.do not in actions or fault.do in matched or fault.when != when:
                continue
            if not _matches(fault, subject):
                continue
            fault.matched += 1
            if fault.matched > fault.skip and (fault.times == 0 or fault.applied < fault.times):
                fault.applied += 1
                matched[fault.do] = fault
        return matched


def _matches(fault: Fault, subject: Subject) -> bool:
    if fault.on != subject.on and (fault.on != "any" or subject.on == "webhook"):
        return False
    return (
        fault.number in {None, subject.number}
        and (fault.phone is None or fault.phone in subject.phone)
        and fault.kind in {None, subject.kind}
        and fault.status in {None, subject.status}
        and all(
            pattern is None or fnmatchcase(value, pattern)
            for pattern, value in ((fault.ref, subject.ref), (fault.text, subject.text))
        )
    )
