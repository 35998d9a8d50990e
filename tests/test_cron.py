"""Cron lines: what is refused, in words; and when they come, also as clocks are changed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from loyalty import cron

YEAR = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    "line",
    [
        "* * * * *", "30 3 * * *", "*/10 8-20 * * mon-fri", "0 8 1,15 * *", "0 0 29 2 *",
        "0 9 * JAN-MAR,12 SUN", "15 4 * * 7", "0 8-18/2 * * *",
    ],
)  # fmt: skip
def test_a_line_that_both_clouds_and_machines_read_is_taken(line):
    assert cron.wrong(line) is None


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("30 3 * *", "has not the five fields"),
        ("0 30 3 * * *", "has not the five fields"),
        ("@daily", "has not the five fields"),
        ("every 24 hours", "has not the five fields"),
        ("", "has not the five fields"),
        ("60 3 * * *", "the minute `60` cannot be"),
        ("30 25 * * *", "the hour `25` cannot be"),
        ("0 0 0 * *", "the day-of-month `0` cannot be"),
        ("0 0 1 13 *", "the month `13` cannot be"),
        ("0 0 * * 8", "the day-of-week `8` cannot be"),
        ("0 0 * * MO", "the day-of-week `MO` cannot be"),
        ("*/0 * * * *", "the minute `*/0` cannot be"),
        ("30-10 * * * *", "the minute `30-10` cannot be"),
        ("0 0 1 JAN, *", "the month `JAN,` cannot be"),
    ],
)
def test_what_is_no_cron_line_is_told_by_its_field(line, told):
    assert told in cron.wrong(line).problem


@pytest.mark.parametrize("line", ["0 0 L * *", "0 0 LW * *", "0 0 * * 5L", "0 0 * * MON#1",
                                  "0 0 ? * *", "5/10 * * * *", "H 3 * * *"])  # fmt: skip
def test_what_dialects_differ_in_is_refused(line):
    assert "cannot be" in cron.wrong(line).problem


@pytest.mark.parametrize("line", ["0 0 30 2 *", "0 0 31 4,6,9,11 *"])
def test_a_line_that_never_comes_is_refused(line):
    assert "the day-of-month" in cron.wrong(line).problem


def test_a_long_line_is_cut():
    assert len(cron.wrong("x" * 10_000).problem) < 150


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/New_York", "Asia/Kathmandu"])
@pytest.mark.parametrize("line", ["30 3 * * *", "30 2 * * *"])
def test_a_nightly_line_comes_once_each_night_of_the_year_in_every_zone(line, zone):
    ahead, at = [], cron.following(line, zone, YEAR)
    while at < YEAR + timedelta(days=365):
        ahead.append(at)
        at = cron.following(line, zone, at)
    hours = (YEAR + timedelta(hours=hour) for hour in range(24, 366 * 24))
    looked_back = {cron.latest(line, zone, hour) for hour in hours}
    assert len(ahead) == 365
    assert sorted(each for each in looked_back if each in ahead) == ahead


def test_the_latest_is_found_in_either_pass_of_an_hour_that_comes_twice():
    first = datetime(2027, 10, 31, 0, 30, tzinfo=UTC)
    for minutes, line in ((0, "30 2 * * 0"), (32, "30 2 * * 0"), (59, "30 2 * * 0")):
        at = first + timedelta(minutes=minutes)
        assert cron.latest(line, "Europe/Berlin", at) == first
    for minutes in range(0, 180, 7):
        at = first + timedelta(minutes=minutes)
        assert cron.latest("* * * * *", "Europe/Berlin", at) == at


def test_the_latest_is_the_minute_itself_from_its_first_second_on():
    at = datetime(2026, 11, 21, 21, 45, tzinfo=UTC)
    assert cron.latest("30 3 * * *", "Asia/Kathmandu", at) == at
    assert cron.latest("30 3 * * *", "Asia/Kathmandu", at + timedelta(seconds=59.9)) == at
    earlier = at - timedelta(microseconds=1)
    assert cron.latest("30 3 * * *", "Asia/Kathmandu", earlier) == at - timedelta(days=1)
