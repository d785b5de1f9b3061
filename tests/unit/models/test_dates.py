"""The grammar of dates: right, or nothing. The now of all tests is Monday, 2026-11-23 15:04:05 in Berlin."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cleo.models.basic.dates import read_time
from cleo.models.basic.time_span import split_time

BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 11, 23, 15, 4, 5, tzinfo=BERLIN)


@pytest.mark.parametrize(
    ("phrase", "at"),
    [
        ("in 5 seconds", "2026-11-23T15:04:10"),
        ("in half an hour", "2026-11-23T15:34:05"),
        ("in 1 hour and 30 minutes", "2026-11-23T16:34:05"),
        ("in 2.5 hours", "2026-11-23T17:34:05"),
        ("in 1h 30m", "2026-11-23T16:34:05"),
        ("in 3 days", "2026-11-26T15:04:05"),
        ("in 1 day and 2 hours", "2026-11-24T17:04:05"),
        ("at 09:30", "2026-11-24T09:30:00"),
        ("9pm", "2026-11-23T21:00:00"),
        ("at 18:30", "2026-11-23T18:30:00"),
        ("at 14:30", "2026-11-24T14:30:00"),
        ("at 12 pm", "2026-11-24T12:00:00"),
        ("at 12:30 am", "2026-11-24T00:30:00"),
        ("at nine p.m.", "2026-11-23T21:00:00"),
        ("in two weeks", "2026-12-07T15:04:05"),
        ("tomorrow at 12", "2026-11-24T12:00:00"),
        ("today at 16:00", "2026-11-23T16:00:00"),
        ("the day after tomorrow at 9", "2026-11-25T09:00:00"),
        ("friday at 9", "2026-11-27T09:00:00"),
        ("on friday evening at 8", "2026-11-27T20:00:00"),
        ("tomorrow afternoon at 3", "2026-11-24T15:00:00"),
        ("at 9 a.m.", "2026-11-24T09:00:00"),
        ("at noon", "2026-11-24T12:00:00"),
        ("tomorrow at 6", "2026-11-24T06:00:00"),
        ("tomorrow evening at 6", "2026-11-24T18:00:00"),
        ("at 6 tomorrow evening", "2026-11-24T18:00:00"),
        ("tonight at 9", "2026-11-23T21:00:00"),
        ("at 7 in the evening", "2026-11-23T19:00:00"),
        ("24 december at 10", "2026-12-24T10:00:00"),
        ("March 3rd at 10", "2027-03-03T10:00:00"),
        ("december 24th, 2027 at 8 am", "2027-12-24T08:00:00"),
        ("2026-12-24 15:00", "2026-12-24T15:00:00"),
    ],
)
def test_what_is_clear(phrase: str, at: str):
    when = read_time(phrase, NOW)
    assert when is not None
    assert (when.at, when.repeat) == (datetime.fromisoformat(at).replace(tzinfo=BERLIN), "")


@pytest.mark.parametrize(
    ("phrase", "rule", "first"),
    [
        ("every day at 8", "0 8 * * *", "2026-11-24T08:00"),
        ("daily at 18:00", "0 18 * * *", "2026-11-23T18:00"),
        ("every day at 9 in the evening", "0 21 * * *", "2026-11-23T21:00"),
        ("every weekday at 7:30", "30 7 * * 1-5", "2026-11-24T07:30"),
        ("every monday and thursday at 9", "0 9 * * 1,4", "2026-11-26T09:00"),
        ("on sundays at 10", "0 10 * * 0", "2026-11-29T10:00"),
        ("on the 1st of every month at 10", "0 10 1 * *", "2026-12-01T10:00"),
    ],
)
def test_what_comes_again(phrase: str, rule: str, first: str):
    when = read_time(phrase, NOW)
    assert when is not None
    assert (when.repeat, when.at) == (rule, datetime.fromisoformat(first).replace(tzinfo=BERLIN))


@pytest.mark.parametrize(
    "phrase",
    [
        "not tomorrow",
        "tomorrow or friday",
        "between 3 and 5",
        "yesterday at 9",
        "an hour ago",
        "every other day at 9",
        "every second tuesday at 9",
        "every 3 days at 9",
        "every 7 hours",
        "every minute",
        "every month at 9",
        "every day",
        "every day at 8 and 20",
        "tonight at 1",
        "tomorrow at 3",
        "tomorrow at midnight",
        "today at 9 in the morning",
        "next friday",
        "next week",
        "on monday at 8",
        "sun",
        "sat",
        "31 february",
        "29 february 2027",
        "23 november 2025",
        "5/6",
        "5.6.2026",
        "end of the month",
        "13pm",
        "25:00",
        "9:75",
        "in 0 minutes",
        "in 6 years",
        "in a few minutes",
        "in half a month",
        "3 or so",
        "soon",
        "morgen um 9",
        "demain à 9h",
        "9",
        "at 9am in the evening",
        "tomorrow at 9 at 10",
        "tomorrow friday",
        "in 5",
        "",
        "in an hour and a half",
        "in a quarter of an hour",
        "in 2 and a half hours",
        "twenty-five minutes from now",
        "in 3 days at 9",
        "in one month",
        "at 6",
        "at 3",
        "at 9:30",
        "at midnight",
        "half past nine",
        "at quarter to five pm",
        "at ten past six",
        "quarter to 1 pm tomorrow",
        "tomorrow",
        "today at 6",
        "on sun at 10",
        "this friday at noon",
        "on the 24th at 8am",
        "on the 1st at 8am",
        "2026-12-24T15:00",
        "every evening at 8",
        "every week on friday at noon",
        "every month on the 31st at 9",
        "every year on 24 december at 9",
        "every 15 minutes",
        "every 2 hours",
        "hourly",
        "every hour",
        "on fri at 9",
        "at 12",
        "at 12:30",
        "tomorrow morning",
        "in an hour at 9",
        "in 1.5 days",
        "on 5.6. at 18:00",
        "every day at 3",
        "on the 29th of every month at 9",
        "in 5 minutes and 2",
        "at 24:00",
        "at 12 in the morning",
    ],
)
def test_what_is_unsure_is_nothing(phrase: str):
    assert read_time(phrase, NOW) is None


def test_a_time_that_summer_time_skips_moves_on():
    spring = datetime(2027, 3, 27, 12, 0, tzinfo=BERLIN)
    when = read_time("tomorrow at 02:30", spring)
    assert when is not None and when.at.isoformat() == "2027-03-28T03:30:00+02:00"


def test_a_day_later_is_the_same_clock_time_and_24_hours_are_not():
    eve = datetime(2027, 3, 27, 12, 0, tzinfo=BERLIN)
    day, hours = read_time("in 1 day", eve), read_time("in 24 hours", eve)
    assert day is not None and day.at.hour == 12
    assert hours is not None and hours.at.hour == 13


@pytest.mark.parametrize(
    ("text", "body", "at"),
    [
        ("to call mum tomorrow at 9", "call mum", "2026-11-24T09:00:00"),
        ("tomorrow at 9 to call mum", "call mum", "2026-11-24T09:00:00"),
        ("tomorrow to call mum at 9", "call mum", "2026-11-24T09:00:00"),
        ("to buy 2 beers at 18:00", "buy 2 beers", "2026-11-23T18:00:00"),
        ("in 2 hours: check the oven", "check the oven", "2026-11-23T17:04:05"),
        ("to water the Plants in 5 min", "water the Plants", "2026-11-23T15:09:05"),
        ("for tomorrow 9am: call mum", "call mum", "2026-11-24T09:00:00"),
    ],
)
def test_the_time_is_taken_off_a_text(text: str, body: str, at: str):
    span = split_time(text, NOW)
    assert span.text == body
    assert span.when is not None and span.when.at == datetime.fromisoformat(at).replace(tzinfo=BERLIN)


@pytest.mark.parametrize(
    "text",
    [
        "to call mum tomorrow or friday",
        "to take a 30 minute break at 3pm",
        "to pay the bill by friday",
        "to call mum not tomorrow",
        "to discuss the 9:30 meeting at 8",
        "to call every day until friday",
        "tomorrow at 9 or 10 to call",
        "to read yesterday's news at 8pm",
        "about the sun at 21:00",
        "to call mum on fri at 18:00",
        "to call mum this friday at 18:00",
        "to call mum on 5/6 at 18:00",
        "to call mum on 5.6. at 18:00",
        "to call mum on the 24th at 18:00",
        "to pay at the end of the month at 18:00",
        "to run weekly at 18:00",
        "to run every morning at 18:00",
        "to leave twenty past six at 18:00",
        "to sleep in 2 and a half hours tomorrow at 9",
        "tomorrow at 5 to 9 to leave",
        "tomorrow at six thirty to leave",
        "tomorrow at nine fifteen to leave",
        "tomorrow at 5, 6 and 7 to call",
        "tomorrow at 9 utc to call",
        "in 30 minutes to 1 hour to call",
    ],
)
def test_what_is_left_over_about_time_makes_all_of_it_unsure(text: str):
    span = split_time(text, NOW)
    assert span.when is None and span.mentions_time


WORDS = (
    "in at on the a an and or not half past to from now 5 9 30 13pm 9pm 21:30 second minute hours day days weeks "
    "tomorrow tonight monday sun friday every other next last morning evening noon of 24th december"
)


@given(st.lists(st.sampled_from(WORDS.split()), max_size=8))
def test_any_words_give_a_moment_ahead_or_none_and_no_error(words: list[str]):
    when = read_time(" ".join(words), NOW)
    assert when is None or when.at > NOW
    split_time(" ".join(words), NOW)
