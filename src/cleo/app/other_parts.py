"""What `/ready` and `cleo status` tell beside store and channels: the models, people who wrote, the account."""

from collections.abc import Awaitable, Callable, Collection, Mapping
from datetime import datetime

from cleo.agent import AccessWatch, ModelWatch
from cleo.agent.account_news import ACCOUNT_NEWS, account_news
from cleo.agent.account_number import switch_fact
from cleo.app.access import unknown_people
from cleo.domain.conversation import AccountKey
from cleo.domain.health import Health


def other_parts(
    access: AccessWatch, accounts: Collection[AccountKey], watches: Mapping[str, ModelWatch], *, first: str
) -> dict[str, Callable[[], Awaitable[Health]]]:
    """Return what `/ready` tells beside store and channels: the models' last outcome, and who is not answered."""

    async def people() -> Health:
        unknown = len(await access.store.read(lambda tx: unknown_people(tx, access.access)))
        said = f"{unknown} unknown people wrote: cleo access list" if unknown else "Nobody unknown wrote."
        return Health(state="ok", code="unknown_people" if unknown else "nobody_unknown", message=said)

    def asked(watch: ModelWatch) -> Callable[[], Awaitable[Health]]:
        async def health() -> Health:
            return watch.health()

        return health

    async def number() -> Health:
        told = [
            await access.store.read(lambda tx, of=of: tx.installation.get(switch_fact(of))) for of in accounts
        ]
        switched = max((float(at) for at in told if at), default=0.0)
        if not switched:
            return Health(state="ok", code="same_number", message="The same number as before.")
        day = f"{datetime.fromtimestamp(switched).astimezone():%Y-%m-%d %H:%M}"
        said = f"Cleo has had another number since {day}; chats and what waited were taken along."
        return Health(state="ok", code="another_number", message=said)

    async def account() -> Health:
        news = account_news(await access.store.read(lambda tx: tx.installation.get(ACCOUNT_NEWS)))
        if not news:
            return Health(state="ok", code="no_news", message="WhatsApp says nothing against it.")
        return Health(state="degraded", code="news", message=" ".join(news.values()))

    models = {"model" if name == first else "second model": asked(watch) for name, watch in watches.items()}
    return {**models, "people": people, "number": number, "account": account}
