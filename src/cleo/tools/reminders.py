"""Reminders: set, listed, cancelled. The agent says them when they are due."""

from datetime import datetime

from cleo.domain.errors import ToolError
from cleo.ports import Reminder, ToolContext, Transaction
from cleo.tools.calendar import CronRepeats, cron_rule, describe_rule, read_iso, read_wall_clock, say_time
from cleo.tools.definition.decorator import tool
from cleo.tools.listed import Listed, next_number, pick, show
from cleo.tools.once import once

_FARTHEST = 5 * 366 * 86400.0
_GRACE = 60.0
"""Seconds that a time may have passed: a slow model asked for "in 5 seconds" thinks longer than that."""
_LONGEST = 1000


@tool(requires_confirmation=False, repeatable=True, title="set a reminder")
async def set_reminder(ctx: ToolContext, text: str, when: str, repeat: str = "") -> str:
    """Remind this chat of something later, once or again and again.

    Args:
        text: What to remind of, in the person's words.
        when: The first time, ISO 8601 such as 2026-11-23T15:04; without an offset it is the person's local time.
        repeat: Empty for once; or daily, weekdays, weekly, monthly, yearly, or five cron fields in the person's
            local time, such as "0 9 * * 1,4".
    """
    text = text.strip()
    if not text:
        raise ToolError("There is nothing to remind of: `text` is empty.")
    if len(text) > _LONGEST:
        raise ToolError(f"The text has {len(text)} characters; a reminder holds {_LONGEST}. Make it shorter.")
    moment = read_iso(when, ctx.zone)
    clock = read_wall_clock(when, ctx.zone)
    rule = cron_rule(repeat, clock)
    at = _first(ctx, moment, clock, rule)

    def work(tx: Transaction) -> str:
        _check(ctx, at)
        zone = ctx.zone.key or "UTC"
        number = next_number(tx, ctx, "reminder")
        tx.reminders.add(
            Reminder(
                id=f"{number}/{ctx.key}",
                conversation=ctx.conversation,
                text=text,
                next_at=at,
                rule=rule,
                zone=zone,
            )
        )
        again = f", then {describe_rule(rule)}" if rule else ""
        return f"⏰ Reminder set for {say_time(at, ctx.zone)}{again}: {text}"

    return await once(ctx, work)


@tool(read_only=True)
async def list_reminders(ctx: ToolContext) -> str:
    """List the reminders of this chat that are still due, soonest first, with their numbers."""
    reminders = await ctx.store.read(lambda tx: _listed(ctx, tx))
    return show(reminders, "Your reminders:", "You have no reminders.")


async def _resolve_reminder(ctx: ToolContext, reminder: str) -> dict[str, object]:
    found = await ctx.store.read(lambda tx: pick(_listed(ctx, tx), reminder, "reminder"))
    return {"reminder": found.resolved}


@tool(requires_confirmation=True, prepare=_resolve_reminder, repeatable=True, title="cancel a reminder")
async def cancel_reminder(ctx: ToolContext, reminder: str) -> str:
    """Cancel one reminder of this chat.

    Args:
        reminder: Its whole line as list_reminders shows it, number and text: the person sees it before saying yes.
    """

    def work(tx: Transaction) -> str:
        found = pick(_listed(ctx, tx), reminder, "reminder")
        tx.reminders.move(found.id, None)
        return f"Cancelled the reminder: {found}"

    return await once(ctx, work)


def _listed(ctx: ToolContext, tx: Transaction) -> list[Listed]:
    return [
        Listed(id=reminder.id, number=int(reminder.id.partition("/")[0]), text=_line(ctx, reminder))
        for reminder in tx.reminders.of(ctx.conversation)
    ]


def _line(ctx: ToolContext, reminder: Reminder) -> str:
    when = describe_rule(reminder.rule) if reminder.rule else say_time(reminder.next_at, ctx.zone)
    return f"{reminder.text} — {when}"


def _first(ctx: ToolContext, moment: datetime, clock: datetime, rule: str) -> float:
    if not rule:
        return moment.timestamp()
    # Of a time that summer time skips, the rule makes the end of what is skipped: that is before `moment`.
    begins = min(moment.timestamp(), clock.replace(tzinfo=ctx.zone, fold=1).timestamp())
    after = max(ctx.clock.now(), begins - 1)
    first = CronRepeats().next(rule, ctx.zone.key or "UTC", after)
    if first is None:
        raise ToolError(f"The rule {rule!r} never comes true.")
    return first


def _check(ctx: ToolContext, at: float) -> None:
    now = ctx.clock.now()
    if at <= now - _GRACE:
        raise ToolError(
            f"{say_time(at, ctx.zone)} has passed: it is {say_time(now, ctx.zone)} now. Nothing was set."
        )
    if at - now > _FARTHEST:
        raise ToolError(
            f"{say_time(at, ctx.zone)} is more than 5 years away, which is too far. Nothing was set."
        )
