"""What is due, in every zone there is: as a calendar says that was made by walking through it."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from functools import cache
from itertools import product
from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo

import msgspec
import pytest
from infra.simulator.store import MemoryStore
from tests.proof.walking import DAY, HOUR, QUARTER, Walked, first_of, left_out, tables, walk, watch
from tests.rig import NOON, Rig

from loyalty import program_file
from loyalty.domain import calendar, journeys, occasions, yearly
from loyalty.domain.account import Account, Lot
from loyalty.domain.automations import Anniversary, Birthday, Expiring, Step
from loyalty.domain.program import Birthdays
from loyalty.domain.yearly import Person
from loyalty.records import vouchers

FEW = ("America/Santiago", "Asia/Kathmandu", "Australia/Lord_Howe", "Africa/Casablanca")
"""Midnights that are left out, quarters of an hour, half hours, a month of other time."""
PROGRAM = program_file.read(Path("tests/programs/plain.yaml").read_text("utf-8"))
JOINED = datetime(2026, 3, 1, 2, 40, tzinfo=UTC)
EVEN = datetime(2026, 3, 1, 3, 0, tzinfo=UTC)
EDITED = datetime(2027, 2, 10, 23, 10, tzinfo=UTC)
LEADS, APART, LATE = (0, 3, 7), 330 * DAY, 7 * DAY
TIMES = ("00:00", "00:30", "02:00", "02:30", "08:00", "23:45")


class Life(NamedTuple):
    """A guest's birthday, and the one they wrote over it later."""

    birthday: str
    edited: str = ""
    leap: str = "feb28"
    notice: int = 30
    lead: int = 0


@pytest.fixture(
    scope="module",
    params=[
        *(pytest.param(name, id=name) for name in FEW),
        *(
            # All sets of clock changes that there are: a minute and more.
            pytest.param(name, id=name, marks=pytest.mark.slow)
            for name in tables()
            if name not in FEW
        ),
    ],
)
def walked(request) -> Walked:
    return walk(ZoneInfo(request.param))


# -- days of the year ---------------------------------------------------------------------


def lives():
    days = ("02-29", "03-31", "01-02", "03-08", "10-25")
    for birthday, lead, leap in product(days, LEADS, ("feb28", "mar01")):
        yield Life(birthday, "", leap, 30, lead)
        yield Life(birthday, "02-20", leap, 0, lead)


@cache
def is_it(day: date, month_day: str, leap: str) -> bool:
    """Look whether a day is somebody's, as a person looks at a calendar on the wall."""
    if f"{day:%m-%d}" == month_day:
        return True
    there_is_none = f"{day + DAY:%m-%d}" != "02-29" and f"{day - DAY:%m-%d}" != "02-29"
    instead = {"feb28": "02-28", "mar01": "03-01"}[leap]
    return month_day == "02-29" and there_is_none and f"{day:%m-%d}" == instead


def walked_through(life: Life, place: Walked) -> list[tuple[datetime, date]]:
    """Go day by day: when somebody is told of which of their days."""
    told, found = date.min, []
    there = (JOINED.astimezone(place.zone).date(), EDITED.astimezone(place.zone).date())
    days = [(day, at) for day, at in place.begins.items() if at > JOINED and at.year <= 2028]
    moments = [*days, (there[0], JOINED), (there[1], EDITED)]
    for today, now in sorted(moments, key=lambda moment: moment[1]):
        edited = bool(life.edited) and now >= EDITED
        for ahead in range(life.lead, -8, -1):
            day = today + ahead * DAY
            mine = is_it(day, life.edited if edited else life.birthday, life.leap)
            far = told == date.min or day > told + APART
            if mine and far and day >= there[edited] + life.notice * DAY:
                told = day
                found.append((now, day))
    return found


def lived(life: Life, place: Walked) -> list[tuple[datetime, date]]:
    """Let the product find each day, then wait for the next."""
    program = msgspec.structs.replace(
        PROGRAM, zone=place.zone.key,
        automations={"day": Birthday(steps={}, days_before=life.lead)},
        birthdays=Birthdays(leap_day=life.leap, notice_days=life.notice),
    )  # fmt: skip
    person = Person(JOINED, life.birthday, None, place.zone.key)
    marks, now, found = {}, JOINED, []
    while now.year <= 2028:
        due = yearly.due_at(person, program, marks, now)
        if life.edited and not person.told_at and (due is None or due > EDITED):
            person, now = person._replace(birthday=life.edited, told_at=EDITED), EDITED
            continue
        assert due is not None
        now = due
        marks, days = yearly.came(person, program, marks, now)
        assert len(days) == 1, "a timer never comes for nothing"
        found.append((now, days[0].day))
    return [each for each in found if each[0].year <= 2028]


def test_birthdays_come_when_a_calendar_on_the_wall_says(walked):
    for life in lives():
        assert lived(life, walked) == walked_through(life, walked), life


def test_the_day_of_joining_comes_again_each_year(walked):
    for lead in LEADS:
        program = msgspec.structs.replace(
            PROGRAM, automations={"day": Anniversary(steps={}, days_before=lead)}
        )
        person, marks, now = Person(JOINED, zone=walked.zone.key), {}, JOINED
        joined = JOINED.astimezone(walked.zone).date()
        for years in (1, 2):
            now = yearly.due_at(person, program, marks, now)
            marks, [day] = yearly.came(person, program, marks, now)
            expected = next(
                d for d in walked.begins if is_it(d, f"{joined:%m-%d}", "feb28")
                and d.year == joined.year + years
            )  # fmt: skip
            assert (day.day, day.years) == (expected, years)
            assert now == walked.begins[expected - lead * DAY]


# -- ends of days and months --------------------------------------------------------------


def test_months_end_where_the_next_one_begins(walked):
    for year, month in product((2026, 2027, 2028), range(1, 13)):
        following = date(year + month // 12, month % 12 + 1, 1)
        found = occasions.month_end(f"{year}-{month:02d}", walked.zone.key)
        assert found == walked.begins[following]


def test_points_lapse_and_are_told_of_at_the_beginning_of_a_day(walked):
    for day, days in product(sorted(walked.begins)[400:1400:5], (3, 7, 30)):
        start = walked.begins[day] + 13 * HOUR
        there = start.astimezone(walked.zone).date()
        expires = calendar.expiry(start, walked.zone.key, 1, to_month_end=False)
        ends = next(
            d for d in (there + n * DAY for n in range(31, 27, -1)) if same_or_last(d, there)
        )
        assert expires == walked.begins[ends + DAY]
        lot = Lot(points=5, month="2026-01", expires_at=expires)
        program = msgspec.structs.replace(
            PROGRAM, zone=walked.zone.key, automations={"a": Expiring(steps={}, days_before=days)}
        )
        account = Account(id="m", lots=(lot,))
        due = occasions.due_at(account, program)
        assert due == told_of(walked, ends + DAY, days)
        _, told = occasions.came(account, program, due, occasions.Measured())
        assert [each.values["date"] for each in told] == [ends.isoformat()]


def same_or_last(day: date, start: date) -> bool:
    """Tell whether a day is a month after another: the same number, or the last of its month."""
    following = (start.replace(day=1) + 31 * DAY).month
    last = day.month == following and (day + DAY).month != following
    return day.month == following and (day.day == start.day or (last and day.day < start.day))


def told_of(walked: Walked, day: date, days: int) -> datetime:
    """Find the instant so many days before a day begins; some days begin at one o'clock."""
    shows = walked.begins[day].astimezone(walked.zone).strftime("%H:%M")
    before = walked.begins[day - days * DAY]
    if before.astimezone(walked.zone).strftime("%H:%M") == shows:
        return before
    return watch(walked.zone, before - QUARTER, shows)


# -- times of the day ---------------------------------------------------------------------


def test_waits_and_quiet_hours_end_when_the_clock_on_the_wall_shows_it(walked):
    for change, hours, shows in product(walked.changes or (EVEN,), range(-30, 8, 3), TIMES):
        now = change + hours * HOUR + QUARTER
        if left_out(now, walked.zone):
            continue  # a time left out may then be over already, or as much later
        found = calendar.end_of(now, walked.zone.key, shows)
        assert found == watch(walked.zone, now, shows), (now, shows)


def test_a_wait_of_days_goes_on_at_its_time_of_day(walked):
    for change, hours, shows in product(walked.changes or (EVEN,), range(-50, 0, 7), TIMES):
        now = change + hours * HOUR
        step = Step(wait=2 * 1440, at_time=shows)
        expected = watch(walked.zone, now + 48 * HOUR - 5 * QUARTER, shows)
        assert journeys.waited(step, now, walked.zone.key) == expected


# -- whole sweeps -------------------------------------------------------------------------

TWELVE = (
    *FEW, "America/St_Johns", "Pacific/Apia", "Pacific/Chatham", "Pacific/Kiritimati",
    "America/Havana", "Africa/Cairo", "Europe/Berlin", "Etc/GMT+12",
)  # fmt: skip
TEXT = Path("tests/programs/journeys.yaml").read_text("utf-8")


@pytest.mark.parametrize("name", TWELVE)
def test_a_sweep_finds_a_birthday_as_its_day_begins_and_not_before(name):
    """The lead ends on the day on which the clocks change there; else at the end of March."""
    zone = ZoneInfo(name)
    changed = next((n for n in range(60, 365) if changes(zone, NOON + n * DAY)), 130)
    told = (NOON + changed * DAY).astimezone(zone).date()
    rig = Rig(
        Path(), TEXT.replace("Europe/Berlin", name).replace("      wish: {send: birthday}\n", ""),
        store=MemoryStore(),
    )  # fmt: skip
    member = rig.join(birthday=f"{told + 3 * DAY:%m-%d}", phone="+4915112345671", consents={})
    rig.run()
    begins = first_of(told, datetime.combine(told - 2 * DAY, time(), UTC), zone)
    rig.clock.set(begins - QUARTER)
    rig.sweep()
    assert not list(vouchers.each(rig.store, ("member", "==", member)))
    rig.clock.set(begins)
    rig.sweep()
    assert len(list(vouchers.each(rig.store, ("member", "==", member)))) == 1


def changes(zone: ZoneInfo, at: datetime) -> bool:
    return at.astimezone(zone).utcoffset() != (at + DAY).astimezone(zone).utcoffset()
