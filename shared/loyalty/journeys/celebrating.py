"""Timers for days that come each year; the profile says which, the ledger only when."""

from __future__ import annotations

from datetime import datetime

import msgspec

from loyalty.delivery import Shop, outgoing, publish
from loyalty.domain import yearly
from loyalty.domain.program import Program
from loyalty.domain.yearly import Day, Person
from loyalty.events import OccasionCame, Said
from loyalty.guests import homes
from loyalty.ports import Unit
from loyalty.records import Profile, Timer, profiles, timers


def arm(member: str, shop: Shop) -> None:
    """Set a member's timer for their next day, as their profile and the program are now."""
    program, now = shop.programs.current().program, shop.clock.now()
    if not yearly.among(program):
        return  # nothing waits for such a day: no read, no write
    person = _person(member, shop)

    def work(unit: Unit) -> None:
        found = timers.get(unit, named(member))
        marks = found.marks if found else {}
        due = yearly.due_at(person, program, marks, now) if person else None
        _set(unit, member, due or yearly.forgotten_at(marks, now), marks, found)

    shop.store.atomically("ledger", work)


def named(member: str) -> str:
    """Name a member's timer. It also remembers what they were told, while that is not long ago."""
    return f"yearly:{member}"


def _person(member: str, shop: Shop) -> Person | None:
    """Read what a guest told; nobody, once they were erased or turned out to be another."""
    profile, home = profiles.get(shop.store, member), homes.find(shop.store, member)
    if profile is None or home is None or home.closed or home.person != member:
        return None
    return _told_by(profile, shop.programs.current().program)


def _told_by(profile: Profile, program: Program) -> Person:
    told = profile.birthday_at or profile.joined_at
    return Person(profile.joined_at, profile.birthday, told, program.zone_of(profile.store))


def _set(
    unit: Unit, member: str, due: datetime | None, marks: dict[str, str], found: Timer | None
) -> None:
    if due:
        timers.put(
            unit, named(member), Timer(kind="yearly", subject=member, due_at=due, marks=marks)
        )
    elif found:
        timers.delete(unit, named(member))


def come(timer: Timer, shop: Shop) -> None:
    """Tell of the days that have come, and only then wait for the next one."""
    person, program = _person(timer.subject, shop), shop.programs.current().program
    now, marks, days = shop.clock.now(), timer.marks, list[Day]()
    if person:
        marks, days = yearly.came(person, program, timer.marks, now)
    if person and not days and _was_due(person, timer, program):
        shop.log("WARNING", "day of the year passed over: too late", member=timer.subject)
    publish(shop.bus, outgoing([_came(timer.subject, day, now) for day in days]))
    due = yearly.due_at(person, program, marks, now) if person else None
    due = due or yearly.forgotten_at(marks, now)

    def work(unit: Unit) -> None:
        found = timers.get(unit, named(timer.subject))
        if found and found.due_at == timer.due_at:  # else it was set anew meanwhile
            _set(unit, timer.subject, due, marks, found)

    shop.store.atomically("ledger", work)


def _was_due(person: Person, timer: Timer, program: Program) -> bool:
    """Tell whether a timer was set for a day, and not to forget what was told."""
    return yearly.due_at(person, program, timer.marks, timer.due_at) == timer.due_at


def _came(member: str, day: Day, now: datetime) -> OccasionCame:
    """Say which year's day has come. The day itself is the guest's, and stays with them."""
    key = str(day.day.year)
    return OccasionCame(
        id=f"occasion:{day.automation}:{member}:{key}", at=now, subject=member, member=member,
        automation=day.automation, key=key, values={day.of: key},
    )  # fmt: skip


def dated(said: Said, member: str, program: Program, shop: Shop) -> Said:
    """Put the day into what a message says of one: a guest's profile tells it, at the last moment.

    A birthday that was taken back meanwhile is not named.
    """
    of = next((name for name in yearly.DAYS if name in said.values), None)
    profile = profiles.get(shop.store, member) if of else None
    if of is None or profile is None:
        return said
    person = _told_by(profile, program)
    day = yearly.day_in(of, int(said.values[of]), person, program)
    shown = {"date": day.day.isoformat(), "years": str(day.years)} if day else {"date": ""}
    return msgspec.structs.replace(said, values={**said.values, **shown})
