"""Reminders are set, listed and cancelled; time zones and summer time are the person's."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from tests.support.tool_harness import ToolHarness

from cleo.domain.errors import ToolError
from cleo.tools import CronRepeats
from cleo.tools.calendar import cron_rule, describe_rule
from cleo.tools.reminders import cancel_reminder, list_reminders, set_reminder

BERLIN = ZoneInfo("Europe/Berlin")


async def due(harness: ToolHarness) -> list[tuple[str, float, str]]:
    reminders = await harness.store.read(lambda tx: tx.reminders.of(harness.conversation))
    return [(one.text, one.next_at, one.rule) for one in reminders]


async def test_a_time_without_offset_is_the_persons_own(harness: ToolHarness):
    said = await harness.call(set_reminder, text="call mum", when="2026-11-24T09:00")
    assert await due(harness) == [("call mum", datetime(2026, 11, 24, 8, tzinfo=UTC).timestamp(), "")]
    assert "Tue 24 Nov 2026, 09:00 (Europe/Berlin)" in said


async def test_a_time_with_offset_is_converted(harness: ToolHarness):
    said = await harness.call(set_reminder, text="call", when="2026-11-24T09:00-05:00")
    assert "15:00 (Europe/Berlin)" in said


async def test_the_same_call_repeated_sets_one(harness: ToolHarness):
    first = await harness.call(set_reminder, key="k", text="call mum", when="2026-11-23T15:04:10")
    harness.clock.advance(3600)  # the repeat comes after a crash, when the time has long passed
    assert await harness.call(set_reminder, key="k", text="call mum", when="2026-11-23T15:04:10") == first
    assert len(await due(harness)) == 1


@pytest.mark.parametrize(
    ("when", "why"),
    [
        ("2026-11-23T14:00", "has passed"),
        ("2025-11-23T16:00", "has passed"),
        ("2033-01-01T09:00", "5 years"),
        ("9999-12-31T23:59:59", "5 years"),
        ("tomorrow", "not a date"),
        ("2026-02-31T09:00", "not a date"),
        ("", "not a date"),
    ],
)
async def test_a_time_that_cannot_be_is_refused_and_nothing_is_set(harness: ToolHarness, when: str, why: str):
    with pytest.raises(ToolError, match=why):
        await harness.call(set_reminder, text="x", when=when)
    assert await due(harness) == []


async def test_a_slow_model_may_name_a_time_that_has_just_passed(harness: ToolHarness):
    harness.clock.advance(20)
    await harness.call(set_reminder, text="breathe", when="2026-11-23T15:04:10")
    assert len(await due(harness)) == 1


@pytest.mark.parametrize("text", ["", "   ", "x" * 1001])
async def test_a_text_that_cannot_be_is_refused(harness: ToolHarness, text: str):
    with pytest.raises(ToolError):
        await harness.call(set_reminder, text=text, when="2026-11-24T09:00")


@pytest.mark.parametrize(
    ("repeat", "rule", "first"),
    [
        ("daily", "0 9 * * *", "2026-11-24T09:00"),
        ("weekdays", "0 9 * * 1-5", "2026-11-24T09:00"),
        ("weekly", "0 9 * * 2", "2026-11-24T09:00"),
        ("monthly", "0 9 24 * *", "2026-11-24T09:00"),
        ("yearly", "0 9 24 11 *", "2026-11-24T09:00"),
        ("30 8 * * 1,4", "30 8 * * 1,4", "2026-11-26T08:30"),
    ],
)
async def test_repeats_start_with_the_first_time_of_their_rule(
    harness: ToolHarness, repeat: str, rule: str, first: str
):
    await harness.call(set_reminder, text="x", when="2026-11-24T09:00", repeat=repeat)
    assert await due(harness) == [
        ("x", datetime.fromisoformat(first).replace(tzinfo=BERLIN).timestamp(), rule)
    ]


async def test_a_repeat_whose_first_time_has_passed_starts_with_the_next(harness: ToolHarness):
    await harness.call(set_reminder, text="x", when="2026-11-23T09:00", repeat="daily")
    assert (await due(harness))[0][1] == datetime(2026, 11, 24, 9, tzinfo=BERLIN).timestamp()


@pytest.mark.parametrize("repeat", ["hourly-ish", "* * *", "0 9 31 2 *", "61 9 * * *", "0 9 * * * *"])
async def test_a_rule_that_means_nothing_is_refused(harness: ToolHarness, repeat: str):
    with pytest.raises(ToolError):
        await harness.call(set_reminder, text="x", when="2026-11-24T09:00", repeat=repeat)


def test_nine_in_the_morning_stays_nine_across_summer_time():
    before = datetime(2027, 3, 27, 9, 30, tzinfo=BERLIN)  # the clocks go forward on the 28th
    following = CronRepeats().next("0 9 * * *", "Europe/Berlin", before.timestamp())
    assert following is not None and following == datetime(2027, 3, 28, 9, tzinfo=BERLIN).timestamp()
    assert following - before.timestamp() < 23.5 * 3600


async def test_a_time_that_summer_time_skips_moves_on(harness: ToolHarness):
    said = await harness.call(set_reminder, text="x", when="2027-03-28T02:30")
    assert "03:30" in said


def moments(rule: str, zone: ZoneInfo, after: datetime, count: int) -> list[str]:
    """Return the next local times of a rule, each as the reminder that fired before it asks for it."""
    found: list[str] = []
    at: float | None = after.replace(tzinfo=zone).timestamp()
    while len(found) < count and (at := CronRepeats().next(rule, zone.key, at)) is not None:
        found.append(datetime.fromtimestamp(at, zone).strftime("%Y-%m-%dT%H:%M%z"))
    return found


@pytest.mark.parametrize(
    ("zone", "when", "rule", "first"),
    [
        ("Europe/Berlin", "2027-03-28T02:30", "30 2 * * *", "2027-03-28T03:00+0200"),
        ("America/New_York", "2027-03-14T02:30", "30 2 * * *", "2027-03-14T03:00-0400"),
        ("Australia/Sydney", "2027-10-03T02:30", "30 2 * * *", "2027-10-03T03:00+1100"),
        ("Australia/Lord_Howe", "2027-10-03T02:15", "15 2 * * *", "2027-10-03T02:30+1100"),
        ("Africa/Cairo", "2027-04-30T00:30", "30 0 * * *", "2027-04-30T01:00+0300"),
        ("Europe/Berlin", "2027-10-31T02:30", "30 2 * * *", "2027-10-31T02:30+0200"),
        ("Australia/Sydney", "2027-04-04T02:30", "30 2 * * *", "2027-04-04T02:30+1100"),
        ("Europe/Berlin", "2027-03-28T02:30+01:00", "30 3 * * *", "2027-03-28T03:30+0200"),
    ],
)
async def test_a_rule_keeps_the_clock_time_that_was_said_whatever_its_first_day_does(
    harness: ToolHarness, zone: str, when: str, rule: str, first: str
):
    harness.zone = ZoneInfo(zone)
    await harness.call(set_reminder, text="x", when=when, repeat="daily")
    [(_, at, kept)] = await due(harness)
    assert (kept, f"{datetime.fromtimestamp(at, harness.zone):%Y-%m-%dT%H:%M%z}") == (rule, first)
    after = datetime.fromtimestamp(at, harness.zone)
    [next_day] = moments(rule, harness.zone, after.replace(tzinfo=None, fold=after.fold), 1)
    minute, hour, *_ = rule.split()
    assert next_day[11:16] == f"{int(hour):02}:{int(minute):02}"
    assert next_day[:10] == f"{datetime.fromordinal(after.toordinal() + 1):%Y-%m-%d}"


@pytest.mark.parametrize("day", [29, 30, 31])
def test_a_day_that_a_month_does_not_have_is_its_last_one(day: int):
    rule = cron_rule("monthly", datetime(2027, 1, day, 9, tzinfo=BERLIN))
    days = [each[:10] for each in moments(rule, BERLIN, datetime(2027, 1, day, 9, tzinfo=BERLIN), 15)]
    assert days[:2] == ["2027-02-28", f"2027-03-{day}"]
    assert days[2] == f"2027-04-{min(day, 30)}" and days[12] == "2028-02-29"
    assert len({each[:7] for each in days}) == 15


def test_the_29th_of_february_is_the_last_day_of_it_in_other_years():
    rule = cron_rule("yearly", datetime(2028, 2, 29, 9, tzinfo=BERLIN))
    days = [each[:10] for each in moments(rule, BERLIN, datetime(2028, 2, 29, 9, tzinfo=BERLIN), 4)]
    assert days == ["2029-02-28", "2030-02-28", "2031-02-28", "2032-02-29"]


@pytest.mark.parametrize(
    ("rule", "says"),
    [
        (
            cron_rule("monthly", datetime(2027, 1, 30, 9, tzinfo=BERLIN)),
            "on day 30 of every month (in February on its last day) at 9:00",
        ),
        (
            cron_rule("monthly", datetime(2027, 1, 31, 9, tzinfo=BERLIN)),
            "on the last day of every month at 9:00",
        ),
        (
            cron_rule("yearly", datetime(2028, 2, 29, 9, tzinfo=BERLIN)),
            "every year on the last day of Feb at 9:00",
        ),
    ],
)
def test_such_rules_are_said_in_words(rule: str, says: str):
    assert describe_rule(rule) == says


@pytest.mark.parametrize("rule", ["30 2 * * *", "*/10 * * * *", "10 2 * * *", "0 * * * *"])
@pytest.mark.parametrize(
    ("zone", "hour"), [("Europe/Berlin", "2027-10-31T02:35"), ("Australia/Sydney", "2027-04-04T02:35")]
)
def test_in_an_hour_that_comes_twice_the_next_time_is_always_to_come(rule: str, zone: str, hour: str):
    """Else a reminder that was late would be due again and again until the hour is over."""
    for fold in (0, 1):
        after = datetime.fromisoformat(hour).replace(tzinfo=ZoneInfo(zone), fold=fold).timestamp()
        following = CronRepeats().next(rule, zone, after)
        assert following is not None and following > after


def test_a_rule_follows_the_clocks_of_its_zone_over_a_year():
    for zone in ("Europe/Berlin", "Australia/Sydney", "America/Santiago", "Asia/Kolkata"):
        days = moments("0 9 * * *", ZoneInfo(zone), datetime(2027, 1, 1, tzinfo=BERLIN), 365)
        assert {each[11:16] for each in days} == {"09:00"}
        assert len({each[:10] for each in days}) == 365


def test_a_broken_rule_or_zone_is_the_end_of_repeating_not_of_cleo():
    assert CronRepeats().next("", "UTC", 0) is None
    assert CronRepeats().next("nonsense", "UTC", 0) is None
    assert CronRepeats().next("0 9 * * *", "Nowhere/At_All", 0) is None
    assert CronRepeats().next("0 9 30 2 *", "UTC", 0) is None


async def test_numbers_stay_when_others_go(harness: ToolHarness):
    for text in ("one", "two", "three"):
        await harness.call(set_reminder, text=text, when="2026-11-24T09:00")
    await harness.call(cancel_reminder, reminder="1")
    listed = await harness.call(list_reminders)
    assert "2. two — Tue 24 Nov 2026, 09:00" in listed and "3. three" in listed and "one" not in listed
    await harness.call(set_reminder, text="four", when="2026-11-24T09:00")
    assert "4. four" in await harness.call(list_reminders)


async def test_what_was_shown_is_what_is_cancelled(harness: ToolHarness):
    await harness.call(set_reminder, text="call mum", when="2026-11-24T09:00", repeat="daily")
    line = (await harness.call(list_reminders)).split("\n")[1]
    assert line == "1. call mum — every day at 9:00"
    with pytest.raises(ToolError, match="no reminder"):
        await harness.call(cancel_reminder, reminder=line.replace("mum", "dad"))
    assert await harness.call(cancel_reminder, reminder=line) == f"Cancelled the reminder: {line}"
    assert await harness.call(list_reminders) == "You have no reminders."


async def test_an_ambiguous_word_cancels_nothing(harness: ToolHarness):
    for text in ("call mum", "call dad"):
        await harness.call(set_reminder, text=text, when="2026-11-24T09:00")
    with pytest.raises(ToolError, match="say which"):
        await harness.call(cancel_reminder, reminder="call")
    assert len(await due(harness)) == 2


async def test_a_question_names_the_one_reminder_that_is_meant(harness: ToolHarness):
    for text in ("call mum", "call dad"):
        await harness.call(set_reminder, text=text, when="2026-11-24T09:00")
    shown = await harness.shown(cancel_reminder, reminder="2")
    assert str(shown["reminder"]).startswith("2. call dad — Tue 24 Nov 2026, 09:00 (Europe/Berlin) #")
    with pytest.raises(ToolError, match="say which"):
        await harness.shown(cancel_reminder, reminder="call")
    harness.frozen["later"] = shown
    await harness.call(cancel_reminder, key="later")
    assert [text for text, _, _ in await due(harness)] == ["call mum"]
