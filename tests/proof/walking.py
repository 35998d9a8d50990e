"""A calendar made by walking: hour by hour through three years, with nothing but the wall clock.

Slow and plain on purpose: what the product computes has to equal what was walked past here.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import NamedTuple
from zoneinfo import ZoneInfo, available_timezones

HOUR, MINUTE, DAY = timedelta(hours=1), timedelta(minutes=1), timedelta(days=1)
QUARTER = timedelta(minutes=15)
FIRST, LAST = datetime(2026, 1, 1, tzinfo=UTC), datetime(2029, 1, 1, tzinfo=UTC)
MARGIN = timedelta(days=400)
"""Days before and after the three years are walked too: what begins in them ends later."""


class Walked(NamedTuple):
    """A zone's dates, each with its first instant, and the hours in which its clocks changed."""

    zone: ZoneInfo
    begins: dict[date, datetime]
    changes: tuple[datetime, ...]


def walk(zone: ZoneInfo) -> Walked:
    """Walk through the years; hours in which a date begins are walked by the minute."""
    begins: dict[date, datetime] = {}
    changes, at = [], FIRST - MARGIN
    before = at.astimezone(zone)
    while at < LAST + MARGIN:
        at += HOUR
        now = at.astimezone(zone)
        if now.date() not in begins and now.date() != before.date():
            begins[now.date()] = first_of(now.date(), at - HOUR, zone)
        if now.utcoffset() != before.utcoffset() and FIRST < at < LAST:
            changes.append(at)
        before = now
    return Walked(zone, begins, tuple(changes))


def first_of(day: date, at: datetime, zone: ZoneInfo) -> datetime:
    while at.astimezone(zone).date() != day:
        at += MINUTE
    return at


def watch(zone: ZoneInfo, at: datetime, shows: str) -> datetime:
    """Walk until the clock shows a time of day.

    A time that is left out when clocks are put forward comes as much later as they were.
    """
    while True:
        at += QUARTER
        if at.astimezone(zone).strftime("%H:%M") == shows or left_out(at, zone) == shows:
            return at


def left_out(at: datetime, zone: ZoneInfo) -> str:
    """Tell what a clock would show that nobody put forward, while that is a time left out."""
    for quarters in range(12):
        jump = at - quarters * QUARTER
        old, new = ((each).astimezone(zone).utcoffset() for each in (jump - QUARTER, jump))
        if new > old:
            return (at + old).strftime("%H:%M") if quarters * QUARTER < new - old else ""
    return ""


@cache
def tables() -> tuple[str, ...]:
    """Name one zone of each set that change their clocks alike in these years."""
    found: dict[tuple[object, ...], str] = {}
    for name in sorted(available_timezones() - {"localtime"}):
        found.setdefault(tuple(_changes(ZoneInfo(name))), name)
    return tuple(found.values())


def _changes(zone: ZoneInfo) -> Iterator[tuple[datetime, timedelta | None]]:
    """Tell when a zone's clocks change, to the quarter of an hour, and what they show then."""
    at, before = FIRST - MARGIN, None
    while at < LAST + MARGIN:
        offset = at.astimezone(zone).utcoffset()
        if offset != before:
            yield _changed(zone, at, offset), offset
        before, at = offset, at + DAY


def _changed(zone: ZoneInfo, at: datetime, offset: timedelta | None) -> datetime:
    found = at
    while found > at - DAY and (found - QUARTER).astimezone(zone).utcoffset() == offset:
        found -= QUARTER
    return found
