"""Timers for days that come each year; the profile says which, the ledger only when."""

from __future__ import annotations

from datetime import datetime

from loyalty import homes
from loyalty.delivery import Shop, outgoing, publish
from loyalty.domain import yearly
from loyalty.domain.yearly import Day, Person
from loyalty.events import OccasionCame
from loyalty.ports import Unit
from loyalty.records import Timer, profiles, timers


def arm(member: str, shop: Shop) -> None:
    """Set a member's timer for their next day, as their profile and the program are now."""
    program, now = shop.programs.current().program, shop.clock.now()
    if not yearly.among(program):
        return  # nothing waits for such a day: no read, no write
    person, elsewhere = _person(member, shop), _is_another(member, shop)

    def work(unit: Unit) -> None:
        found = timers.get(unit, _name(member))
        marks = found.marks if found else {}
        due = yearly.due_at(person, program, marks, now) if person else None
        if marks and elsewhere:  # until they part, or nothing of it matters any more
            due = now + yearly.APART
        _set(unit, member, due, marks, found)

    shop.store.atomically("ledger", work)


def _is_another(member: str, shop: Shop) -> bool:
    """Tell whether somebody was found to be another member, from whom they may be parted again."""
    home = homes.find(shop.store, member)
    return home is not None and not home.record.closed and home.person != member


def _name(member: str) -> str:
    return f"yearly:{member}"


def _person(member: str, shop: Shop) -> Person | None:
    """Read what a guest told; nobody, once they were erased or turned out to be another."""
    profile, home = profiles.get(shop.store, member), homes.find(shop.store, member)
    if profile is None or home is None or home.record.closed or home.person != member:
        return None
    program = shop.programs.current().program
    told = profile.birthday_at or profile.joined_at
    return Person(profile.joined_at, profile.birthday, told, program.zone_of(profile.store))


def _set(
    unit: Unit, member: str, due: datetime | None, marks: dict[str, str], found: Timer | None
) -> None:
    if due:
        timers.put(
            unit, _name(member), Timer(kind="yearly", subject=member, due_at=due, marks=marks)
        )
    elif found:
        timers.delete(unit, _name(member))


def come(timer: Timer, shop: Shop) -> None:
    """Tell of the days that have come, and only then wait for the next one."""
    person, program = _person(timer.subject, shop), shop.programs.current().program
    now, marks, days = shop.clock.now(), timer.marks, list[Day]()
    if person:
        marks, days = yearly.came(person, program, timer.marks, now)
    publish(shop.bus, outgoing([_came(timer.subject, day, now) for day in days]))
    due = yearly.due_at(person, program, marks, now) if person else None

    def work(unit: Unit) -> None:
        found = timers.get(unit, _name(timer.subject))
        if found and found.due_at == timer.due_at:  # else it was set anew meanwhile
            _set(unit, timer.subject, due, marks, found)

    shop.store.atomically("ledger", work)


def _came(member: str, day: Day, now: datetime) -> OccasionCame:
    key = str(day.day.year)
    return OccasionCame(
        id=f"occasion:{day.automation}:{member}:{key}", at=now, subject=member, member=member,
        automation=day.automation, key=key,
        values={"date": day.day.isoformat(), "years": str(day.years)},
    )  # fmt: skip
