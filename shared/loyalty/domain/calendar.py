"""Local time: business days, spans of the day, and where a day or a month ends."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_KNOWN = 4096
"""So many answers are kept: each act asks for the ends of the same few days and months again."""


def local(at: datetime, zone: str) -> datetime:
    """Tell what a clock on the wall of this zone shows at an instant."""
    return at.astimezone(ZoneInfo(zone))


def month(at: datetime, zone: str) -> str:
    """Name the month of an instant, as in `2026-11`."""
    return local(at, zone).date().isoformat()[:7]


def _shown(there: datetime) -> str:
    """Write a time of day: `strftime` would take most of the time that a receipt's day takes."""
    return there.time().isoformat("minutes")


def business_day(at: datetime, zone: str, turns_at: str) -> str:
    """Name the business day (ISO date) of an instant: before the turn it is still yesterday."""
    there = local(at, zone)
    late_night = _shown(there) < turns_at
    return (there.date() - timedelta(days=late_night)).isoformat()


def weekday(at: datetime, zone: str) -> str:
    """Name the weekday of the local calendar date."""
    return WEEKDAYS[local(at, zone).weekday()]


def within(at: datetime, zone: str, start: str | None, end: str | None) -> bool:
    """Tell whether the local time is in [start, end); a span may pass midnight."""
    if start is None and end is None:
        return True  # mostly so: no clock needs to be looked at
    now, begin, stop = _shown(local(at, zone)), start or "00:00", end or "24:00"
    return begin <= now < stop if begin <= stop else now >= begin or now < stop


def end_of(at: datetime, zone: str, end: str) -> datetime:
    """Find the next instant after `at` at which the local clock shows `end`.

    When clocks are put back, an hour comes twice: `fold` tells its two passes apart.
    """
    there, shown = local(at, zone), time.fromisoformat(end)
    goals = (
        datetime.combine(there.date() + timedelta(days=day), shown.replace(fold=fold), there.tzinfo)
        for day in (0, 1)
        for fold in (0, 1)
    )
    return next(goal.astimezone(UTC) for goal in goals if goal.astimezone(UTC) > at)


def months_later(day: date, months: int) -> date:
    """Count months on; where the month is too short, its last day: 31 Jan + 1 is end of Feb."""
    index = day.year * 12 + day.month - 1 + months
    last = _last_day(index // 12, index % 12 + 1)
    return date(index // 12, index % 12 + 1, min(day.day, last))


def expiry(start: datetime, zone: str, months: int, *, to_month_end: bool) -> datetime:
    """Find the first instant after points from `start` have lapsed."""
    day = months_later(local(start, zone).date(), months)
    if to_month_end:
        day = day.replace(day=_last_day(day.year, day.month))
    return day_end(day, zone)


@lru_cache(_KNOWN)
def day_end(day: date, zone: str) -> datetime:
    """Find the first instant of the next local day."""
    midnight = datetime.combine(day + timedelta(days=1), time(), ZoneInfo(zone))
    return midnight.astimezone(UTC)


def days_before(at: datetime, days: int, zone: str) -> datetime:
    """Find the same time of day so many local days earlier, also where the clocks change."""
    return (local(at, zone) - timedelta(days=days)).astimezone(UTC)


@lru_cache(_KNOWN)
def months_back(month: str, count: int) -> str:
    """Name the month `count` months before `2026-11`."""
    year, number = (int(part) for part in month.split("-"))
    index = year * 12 + number - 1 - count
    return f"{index // 12:04d}-{index % 12 + 1:02d}"


def _last_day(year: int, month: int) -> int:
    follows = date(year + month // 12, month % 12 + 1, 1)
    return (follows - timedelta(days=1)).day
