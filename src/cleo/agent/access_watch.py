"""Lets people in, or keeps them out, while Cleo runs."""

from dataclasses import dataclass, field

import structlog

from cleo.domain.access import Access, AccessRule, Rule
from cleo.domain.content import is_about_another
from cleo.domain.conversation import ConversationId
from cleo.domain.errors import StoreError
from cleo.domain.identity import Address
from cleo.ports import Clock, Engine, Store, Transaction

FRESH = 24 * 3600.0
"""Seconds: what somebody wrote longer ago, before they were let in, is not answered any more."""

_log = structlog.get_logger("cleo.access")


@dataclass(slots=True, kw_only=True)
class AccessWatch:
    """Keeps `access` as the store has it; looks every `every` seconds, for another process may have changed it."""

    store: Store
    engine: Engine
    clock: Clock
    access: Access
    every: float = 2.0
    _known: dict[Address, AccessRule] = field(default_factory=dict[Address, AccessRule], init=False)

    async def run(self) -> None:
        """Watch until cancelled."""
        while True:
            try:
                await self.look()
            except StoreError as error:
                _log.error("access rules not read", reason=str(error))
            await self.clock.sleep(self.every)

    async def decide(self, address: Address, rule: Rule) -> None:
        """Make a rule, and act on it at once; raises `StoreError`."""
        now = self.clock.now()
        await self.store.write(lambda tx: tx.access.decide(address, rule, now))
        await self.look()

    async def look(self) -> None:
        """Take over what changed; raises `StoreError`."""
        rules = {rule.address: rule for rule in await self.store.read(lambda tx: tx.access.rules())}
        changed = [rule for rule in rules.values() if self._known.get(rule.address) != rule]
        if not changed:
            return
        self.access.rules.take(rules.values())
        now = self.clock.now()
        fresh = [rule for rule in changed if rule.rule == "allowed" and rule.at > now - FRESH]
        for rule in fresh:
            await self.engine.wake(*await self.store.write(lambda tx, rule=rule: _release(tx, rule)))
        self._known = rules
        _log.info(
            "access changed", allowed=len(self.access.rules.allowed), blocked=len(self.access.rules.blocked)
        )


def _release(tx: Transaction, rule: AccessRule) -> set[ConversationId]:
    """Have answered what somebody wrote before they were let in, as far as it is fresh; return where."""
    person = tx.people.resolve(frozenset({rule.address}), "", rule.at)
    since = max(rule.at - FRESH, rule.before)
    waiting = [
        item
        for item in tx.access.unanswered(person.id, since, rule.at)
        if not (item.message.is_group or item.message.from_me) and not is_about_another(item.message.content)
    ]
    tx.inbox.move([item.seq for item in waiting], "new")
    return {item.conversation for item in waiting}
