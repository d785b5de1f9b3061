"""Health: how a part is doing, for programs (`state`, `code`) and for people (`message`); and news of the account."""

from dataclasses import dataclass
from typing import Literal

from cleo.domain.conversation import DEFAULT_ACCOUNT, AccountId, AccountKey


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """`ok` works · `degraded` works in part or will soon · `down` needs somebody."""

    state: Literal["ok", "degraded", "down"]
    code: str
    """A stable word for programs, such as `connected`, `linking`, `unreachable`."""
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountNews:
    """What the network says about the account and its owner must know, such as a restriction, or that it is over.

    `subject` is what it is about: newer news replace older ones about the same.
    """

    channel: str
    subject: str
    words: str
    """For the owner; empty: what was said about the subject before is over."""
    account: AccountId = DEFAULT_ACCOUNT

    @property
    def account_key(self) -> AccountKey:
        """The account that it is about."""
        return AccountKey(self.channel, self.account)
