"""Local time: days that turn at four, spans over midnight, clocks that are put back."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.domain.cafe import few

from loyalty.domain.calendar import (
    business_day,
    day_end,
    end_of,
    expiry,
    local,
    months_back,
    months_later,
    weekday,
    within,
)

BERLIN, KATHMANDU = "Europe/Berlin", "Asia/Kathmandu"
# Clocks that change at night, at midnight, by half an hour, or not at all.
ZONES = [
    BERLIN, KATHMANDU, "Europe/Dublin", "America/New_York", "America/Havana", "America/Santiago",
    "Africa/Cairo", "Africa/Casablanca", "Asia/Beirut", "Asia/Tehran", "Asia/Tokyo",
    "Atlantic/Azores", "Australia/Lord_Howe", "Pacific/Chatham", "Pacific/Apia",
]  # fmt: skip


def utc(*parts):
    return datetime(*parts, tzinfo=UTC)


# -- business days ------------------------------------------------------------------------


def test_a_sale_at_half_past_two_belongs_to_the_day_before():
    assert business_day(utc(2026, 11, 22, 1, 30), BERLIN, "04:00") == "2026-11-21"


def test_the_day_begins_exactly_at_its_turn():
    # Kathmandu is 5:45 ahead: 22:14 UTC is 03:59 there, 22:15 is 04:00.
    assert business_day(utc(2026, 11, 21, 22, 14), KATHMANDU, "04:00") == "2026-11-21"
    assert business_day(utc(2026, 11, 21, 22, 15), KATHMANDU, "04:00") == "2026-11-22"


def test_a_day_that_turns_at_midnight_is_the_calendars():
    # 18:15 UTC is midnight in Kathmandu.
    assert business_day(utc(2026, 11, 21, 18, 14), KATHMANDU, "00:00") == "2026-11-21"
    assert business_day(utc(2026, 11, 21, 18, 15), KATHMANDU, "00:00") == "2026-11-22"


def test_the_business_day_of_new_years_night_is_in_the_old_year():
    assert business_day(utc(2027, 1, 1, 2, 59), BERLIN, "04:00") == "2026-12-31"


def test_a_day_has_23_and_25_hours_when_the_clocks_change():
    # Berlin: 28 March 2026 lasts from 04:00 (03:00 UTC) to 04:00 summer time (02:00 UTC).
    assert business_day(utc(2026, 3, 29, 1, 59), BERLIN, "04:00") == "2026-03-28"
    assert business_day(utc(2026, 3, 29, 2, 0), BERLIN, "04:00") == "2026-03-29"
    # 24 October: from 04:00 summer time (02:00 UTC) to 04:00 winter time (03:00 UTC).
    assert business_day(utc(2026, 10, 25, 2, 59), BERLIN, "04:00") == "2026-10-24"
    assert business_day(utc(2026, 10, 25, 3, 0), BERLIN, "04:00") == "2026-10-25"


def test_the_weekday_is_that_of_the_calendar_not_of_the_business_day():
    # 02:30 on Sunday, though the business day is still Saturday.
    assert weekday(utc(2026, 11, 22, 1, 30), BERLIN) == "sun"
    assert weekday(utc(2026, 11, 21, 18, 15), KATHMANDU) == "sun"


# -- spans --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("hour", "minute", "inside"),
    [(13, 59, False), (14, 0, True), (15, 59, True), (16, 0, False)],
)
def test_a_spans_start_belongs_to_it_and_its_end_does_not(hour, minute, inside):
    at = utc(2026, 11, 21, hour, minute)  # one hour later in Berlin
    assert within(at, BERLIN, "15:00", "17:00") is inside


@pytest.mark.parametrize(
    ("hour", "minute", "inside"),
    [(20, 59, False), (21, 0, True), (23, 30, True), (0, 59, True), (1, 0, False), (11, 0, False)],
)
def test_a_span_may_pass_midnight(hour, minute, inside):
    at = utc(2026, 11, 21, hour, minute)
    assert within(at, BERLIN, "22:00", "02:00") is inside


def test_a_span_without_a_side_runs_to_the_end_of_the_day():
    assert within(utc(2026, 11, 21, 22, 59), BERLIN, "17:00", None)
    assert not within(utc(2026, 11, 21, 23, 0), BERLIN, "17:00", None)
    assert within(utc(2026, 11, 21, 23, 0), BERLIN, None, "08:00")
    assert within(utc(2026, 11, 21, 3, 0), BERLIN, None, None)


def test_a_span_ends_on_the_same_day_or_the_next():
    assert end_of(utc(2026, 11, 21, 21, 0), BERLIN, "08:00") == utc(2026, 11, 22, 7, 0)
    assert end_of(utc(2026, 11, 21, 5, 0), BERLIN, "08:00") == utc(2026, 11, 21, 7, 0)


def test_a_night_is_an_hour_shorter_when_summer_begins():
    # 22:00 in Berlin on 28 March; 08:00 the next morning is summer time.
    assert end_of(utc(2026, 3, 28, 21, 0), BERLIN, "08:00") == utc(2026, 3, 29, 6, 0)


def test_in_the_hour_that_comes_twice_the_end_still_lies_ahead():
    # 02:15 in Berlin for the second time, after the clocks were put back.
    second = utc(2026, 10, 25, 1, 15)
    assert local(second, BERLIN).fold == 1
    assert end_of(second, BERLIN, "02:30") == utc(2026, 10, 25, 1, 30)


@few
@given(
    st.sampled_from(ZONES),
    st.integers(0, 5 * 365 * 1440).map(lambda m: utc(2024, 1, 1) + timedelta(minutes=m)),
    st.times().map(lambda t: t.strftime("%H:%M")),
)
def test_the_end_of_a_span_lies_ahead_and_within_a_day(zone, at, end):
    found = end_of(at, zone, end)
    assert at < found <= at + timedelta(hours=26)
    shown = local(found, zone)
    gap = shown.utcoffset() != local(found - timedelta(hours=3), zone).utcoffset()
    assert shown.strftime("%H:%M") == end or gap


# -- months and days that end -------------------------------------------------------------


@pytest.mark.parametrize(
    ("start", "months", "then"),
    [
        (date(2026, 1, 31), 1, date(2026, 2, 28)),
        (date(2028, 1, 31), 1, date(2028, 2, 29)),
        (date(2028, 2, 29), 12, date(2029, 2, 28)),
        (date(2026, 8, 31), 6, date(2027, 2, 28)),
        (date(2026, 12, 15), 1, date(2027, 1, 15)),
        (date(2026, 5, 31), 0, date(2026, 5, 31)),
    ],
)
def test_where_a_month_is_too_short_its_last_day_counts(start, months, then):
    assert months_later(start, months) == then


def test_points_lapse_at_the_end_of_the_local_day():
    # 31 January + 1 month is 28 February; it ends at 1 March 00:00 in Berlin.
    assert expiry(utc(2026, 1, 31, 12), BERLIN, 1, to_month_end=False) == utc(2026, 2, 28, 23)
    # 23:30 UTC on 30 January is already the 31st in Berlin.
    assert expiry(utc(2026, 1, 30, 23, 30), BERLIN, 1, to_month_end=False) == utc(2026, 2, 28, 23)


def test_points_lapse_at_the_end_of_that_month_where_so_rounded():
    assert expiry(utc(2026, 1, 15, 12), BERLIN, 1, to_month_end=True) == utc(2026, 2, 28, 23)
    assert expiry(utc(2026, 3, 3, 12), BERLIN, 12, to_month_end=True) == utc(2027, 3, 31, 22)


def test_a_day_ends_at_its_own_midnight_in_kathmandu():
    assert day_end(date(2026, 11, 21), KATHMANDU) == utc(2026, 11, 21, 18, 15)


@few
@given(st.sampled_from(ZONES), st.dates(date(2024, 1, 1), date(2028, 12, 30)))
def test_a_days_end_is_the_first_instant_of_the_next(zone, day):
    """Also where the clocks jump at midnight, as in Cairo or Havana."""
    end = day_end(day, zone)
    assert end.astimezone(ZoneInfo(zone)).date() == day + timedelta(days=1)
    assert (end - timedelta(seconds=1)).astimezone(ZoneInfo(zone)).date() == day


def test_months_are_counted_back_over_the_new_year():
    assert months_back("2026-11", 11) == "2025-12"
    assert months_back("2026-01", 1) == "2025-12"
    assert months_back("2026-11", 0) == "2026-11"
