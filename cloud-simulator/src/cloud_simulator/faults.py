"""Trouble on command: which call it strikes, how often, and what happens."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, model_validator

from cloud_simulator.errors import Body

On = Literal["send", "read", "upload", "media", "delete", "download", "admin", "any", "webhook"]
Call = Literal["delay", "reset", "timeout", "refuse"]
Send = Literal["early", "statuses", "fail", "hold", "no_id", "wa_id"]
Meta = Literal["expire", "sha256", "length", "foreign"]
Download = Literal["drip", "truncate", "oversize", "redirect", "corrupt", "name"]
Webhook = Literal[
    "lose", "delay", "merge", "duplicate", "rebatch", "signature", "truncate", "oversize", "poison", "strip", "field",
    "skew",
]  # fmt: skip
Do = Call | Send | Meta | Download | Webhook
Signature = Literal["missing", "wrong", "sha1", "upper", "non-ascii"]
Status = Literal["sent", "delivered", "read", "played", "failed", "deleted"]

_CALL = frozenset[str](get_args(Call))
_ALLOWED: dict[On, frozenset[str]] = {
    "send": _CALL | frozenset(get_args(Send)),
    "read": _CALL,
    "upload": _CALL,
    "media": _CALL | frozenset(get_args(Meta)),
    "delete": _CALL,
    "download": _CALL | frozenset(get_args(Download)),
    "admin": _CALL,
    "any": _CALL,
    "webhook": frozenset(get_args(Webhook)),
}


class Outcome(BaseModel):
    """One status to come."""

    model_config = ConfigDict(extra="forbid")

    status: Status
    code: int | None = None
    details: str = ""


class Order(BaseModel):
    """A fault: where (`on`), what (`do`), which ones, how often, and what it needs to know."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    on: On
    do: Do
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
    statuses: list[Status | Outcome] = []
    wa_id: str = ""
    bytes: int | None = None
    count: int = Field(2, ge=1)
    signature: Signature = "wrong"
    leaf: object = "poison"
    keys: list[str] = []
    field: str = "standby"
    seconds: float = 0
    filename: str = "../../outside.txt"

    @model_validator(mode="after")
    def _possible(self) -> "Order":
        if self.do not in _ALLOWED[self.on]:
            raise ValueError(f"On {self.on} there is only: {' '.join(sorted(_ALLOWED[self.on]))}.")
        return self

    @property
    def outcomes(self) -> list[Outcome]:
        """The statuses that it asks for, each with its error."""
        if self.do == "fail":
            return [Outcome(status="failed", code=self.code, details=self.details)]
        return [Outcome(status=one) if isinstance(one, str) else one for one in self.statuses]


class Fault(Order):
    """An order at work."""

    id: int
    passed: int = 0
    struck: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """What a call or a webhook item is about."""

    on: On
    number: str = ""
    phone: frozenset[str] = frozenset()
    """Every name of the phone: its id, number and user id."""
    kind: str = ""
    status: str = ""
    ref: str = ""
    text: str = ""


@dataclass(slots=True)
class Faults:
    """All that are ordered."""

    orders: list[Fault] = field(default_factory=list[Fault])
    made: int = 0

    def order(self, order: Order) -> Fault:
        """Put one behind the others."""
        self.made += 1
        fault = Fault(id=self.made, **order.model_dump())
        self.orders.append(fault)
        return fault

    def cancel(self, id: int | None = None) -> None:
        """Take one back, or all."""
        self.orders = [one for one in self.orders if id is not None and one.id != id]

    def strike(self, case: Case, does: Sequence[str], when: str = "before") -> Mapping[str, Fault]:
        """Tell what happens now: of each kind the first that fits and is not used up. It counts as struck."""
        struck: dict[str, Fault] = {}
        for fault in self.orders:
            if fault.do not in does or fault.do in struck or fault.when != when or not _fits(fault, case):
                continue
            fault.passed += 1
            if fault.passed > fault.skip and (fault.times == 0 or fault.struck < fault.times):
                fault.struck += 1
                struck[fault.do] = fault
        return struck


def _fits(fault: Fault, case: Case) -> bool:
    if fault.on != case.on and (fault.on != "any" or case.on == "webhook"):
        return False
    return (
        fault.number in {None, case.number}
        and (fault.phone is None or fault.phone in case.phone)
        and fault.kind in {None, case.kind}
        and fault.status in {None, case.status}
        and all(
            pattern is None or fnmatchcase(said, pattern)
            for pattern, said in ((fault.ref, case.ref), (fault.text, case.text))
        )
    )
