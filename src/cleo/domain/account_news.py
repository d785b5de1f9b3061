"""What the network says about Cleo's own account: its owner must know it."""

from dataclasses import dataclass

from cleo.domain.conversation import DEFAULT_ACCOUNT, AccountId, AccountKey


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountNews:
    """Something about the account, such as a restriction, or that it is over.

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
