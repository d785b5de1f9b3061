"""Effects that happen once, however often a call is repeated."""

from collections.abc import Callable

from cleo.ports import Record, ToolContext, Transaction

_KIND = "answer"


async def once(ctx: ToolContext, work: Callable[[Transaction], str]) -> str:
    """Do `work` in a transaction that also keeps its answer under the call's key.

    A repeat of the call finds the answer and changes nothing. What `work` raises undoes everything.
    """

    def run(tx: Transaction) -> str:
        for record in tx.records.of(ctx.conversation, _KIND, ctx.key):
            return record.body
        answer = work(tx)
        tx.records.add(
            Record(
                id=f"{_KIND}/{ctx.key}",
                conversation=ctx.conversation,
                kind=_KIND,
                name=ctx.key,
                body=answer,
                at=ctx.clock.now(),
            )
        )
        return answer

    return await ctx.store.write(run)
