"""Which number is behind an account now: `backend`, or `backend:number` once the number is known."""

from cleo.domain.conversation import AccountKey


def number_fact(account: AccountKey) -> str:
    """Return the name under which the installation keeps it."""
    return f"number:{account}"


def switch_fact(account: AccountKey) -> str:
    """Return the name under which the installation keeps when another number was noticed, in Unix seconds."""
    return f"switched:{account}"


def is_same_number(before: str, now: str) -> bool:
    """Tell whether nothing changed: the same backend, and no other number that is known."""
    before_backend, _, before_number = before.partition(":")
    backend, _, number = now.partition(":")
    return backend == before_backend and (before_number == number or not (before_number and number))
