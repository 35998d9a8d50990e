"""Days that come each year: birthdays, and the day on which a guest joined.

A day is chosen by its date, not by "is it today": a sweep that was down, or a lead that was
changed, neither leaves a guest out nor tells them twice.
"""

from __future__ import annotations

from calendar import isleap
from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta
from typing import Final, Literal, NamedTuple, get_args

from loyalty.domain import calendar
from loyalty.domain.automations import Anniversary, Birthday, Yearly
from loyalty.domain.program import Program

LATE = timedelta(days=7)
"""What could not be told for so long is left out: a birthday is over."""
APART = timedelta(days=330)
"""Two birthdays of a guest are further apart than this, also when one was changed in between."""
_DAY = timedelta(days=1)


class Person(NamedTuple):
    """What is known of a guest's days: `birthday` as `03-31`, and since when; when they joined."""

    joined_at: datetime
    birthday: str = ""
    told_at: datetime | None = None
    zone: str = "UTC"


Kind = Literal["birthday", "anniversary"]
DAYS: Final = get_args(Kind)
"""What an event says of a day: which one it is, and the year. The day itself is in the profile."""


class Day(NamedTuple):
    """A day of an automation's that has come."""

    automation: str
    day: date
    years: int
    of: Kind = "birthday"


def on(month_day: str, year: int, leap_day: Literal["feb28", "mar01"]) -> date:
    """Find the day of a year; February 29 is another one in most years."""
    if month_day == "02-29" and not isleap(year):
        month_day = "02-28" if leap_day == "feb28" else "03-01"
    return date.fromisoformat(f"{year:04d}-{month_day}")


def _month_day(of: Kind, person: Person) -> str:
    joined = calendar.local(person.joined_at, person.zone).date()
    return person.birthday if of == "birthday" else f"{joined:%m-%d}"


def _kind(each: Yearly) -> Kind:
    return "birthday" if isinstance(each, Birthday) else "anniversary"


def day_in(of: Kind, year: int, person: Person, program: Program) -> Day | None:
    """Find somebody's day in a year; None if they keep it to themselves."""
    month_day = _month_day(of, person)
    if not month_day:
        return None
    day = on(month_day, year, program.birthdays.leap_day)
    return Day("", day, year - calendar.local(person.joined_at, person.zone).year, of)


def _days(each: Yearly, person: Person, program: Program, today: date) -> Iterator[date]:
    """List the days around today on which something is celebrated, and that count."""
    birthday = isinstance(each, Birthday)
    joined = calendar.local(person.joined_at, person.zone).date()
    told = calendar.local(person.told_at or person.joined_at, person.zone).date()
    first = told + program.birthdays.notice_days * _DAY if birthday else joined + _DAY
    month_day = _month_day(_kind(each), person)
    years = range(today.year - 1, today.year + 3) if month_day else range(0)
    found = (on(month_day, year, program.birthdays.leap_day) for year in years)
    return (day for day in found if day >= first)


def _next(
    name: str, each: Yearly, person: Person, program: Program, marks: Mapping[str, str], today: date
) -> date | None:
    told = marks.get(name, "")
    after = date.fromisoformat(told) + APART if told else date.min
    found = (day for day in _days(each, person, program, today) if day > after)
    return next((day for day in found if day >= today - LATE), None)


def among(program: Program) -> dict[str, Yearly]:
    """Find the automations that wait for a day of the year."""
    found = program.automations.items()
    return {n: each for n, each in found if isinstance(each, Birthday | Anniversary)}


def came(
    person: Person, program: Program, marks: Mapping[str, str], now: datetime
) -> tuple[dict[str, str], list[Day]]:
    """List the days that have come, each with its lead, and mark them as told."""
    today, found = calendar.local(now, person.zone).date(), dict(marks)
    joined = calendar.local(person.joined_at, person.zone).year
    days: list[Day] = []
    for name, each in among(program).items():
        day = _next(name, each, person, program, found, today)
        if day and day - each.days_before * _DAY <= today:
            found[name] = day.isoformat()
            days.append(Day(name, day, day.year - joined, _kind(each)))
    return found, days


def due_at(
    person: Person, program: Program, marks: Mapping[str, str], now: datetime
) -> datetime | None:
    """Find when the next day comes: at its beginning, with its lead; never before now."""
    today = calendar.local(now, person.zone).date()
    found = (
        calendar.day_end(day - (each.days_before + 1) * _DAY, person.zone)
        for name, each in among(program).items()
        if (day := _next(name, each, person, program, marks, today))
    )
    soonest = min(found, default=None)
    return max(soonest, now) if soonest else None


def forgotten_at(marks: Mapping[str, str], now: datetime) -> datetime | None:
    """Find when it does not matter any more of which days somebody was told; None: it is so now."""
    told = max((date.fromisoformat(mark) for mark in marks.values()), default=date.min)
    at = calendar.day_end(told + APART, "UTC") if marks else now
    return at if at > now else None
