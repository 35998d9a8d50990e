"""Whole sweeps, in zones far apart: absences by rhythm, days of joining, tiers about to end.

What a sweep begins, and when, is compared with a reference that is written plainly and knows
nothing of timers: it looks at a guest's receipts, or at the calendar on the wall.
"""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo

import pytest
from infra.simulator.store import MemoryStore
from tests.proof.walking import DAY, HOUR, QUARTER, first_of
from tests.rig import NOON, Rig, refund, sale

from loyalty.connectors.spec import Guest
from loyalty.records import journeys as kept

ZONES = ("Europe/Berlin", "America/Santiago", "Asia/Kathmandu", "Pacific/Apia")
"""Clocks that change in the north and in the south, a quarter of an hour, the date line."""
PHONE = "+49151123456{:02d}"
MINUTE = timedelta(minutes=1)


def program(zone, automation, more=""):
    """A program with one automation, which gives a tag and tells nobody."""
    plain = Path("tests/programs/plain.yaml").read_text("utf-8")
    text = plain.replace("Europe/Berlin", zone).replace("per: 10.00", "per: 1.00")
    return f"{text}{more}automations:\n  it: {{{automation}, steps: {{mark: {{tag: told}}}}}}\n"


def opened(zone, automation, more=""):
    return Rig(Path(), program(zone, automation, more), store=MemoryStore())


def begun(rig):
    """List what was begun: for whom, and when."""
    return sorted((each.member, each.at) for each in kept.each(rig.store))


def tells(rig, fact, phone):
    rig.tell(fact, Guest(phone=phone))
    rig.run()


def begins(day: date, zone: ZoneInfo) -> datetime:
    """Find the first instant of a day where somebody is, by walking."""
    return first_of(day, datetime.combine(day - 2 * DAY, time(), UTC), zone)


# -- by a guest's own rhythm --------------------------------------------------------------

EVERY, TURN = 8 * HOUR, 4 * HOUR
"""So often the sweep runs here; when a business day begins."""


class Told(NamedTuple):
    """A receipt: when it was, when we heard of it, and when all its money went back."""

    at: datetime
    heard: datetime
    back: datetime | None = None


def life(seed: int) -> list[Told]:
    """Make a guest's receipts of most of a year; some are told late, some go back."""
    dice = random.Random(seed)
    at, found = NOON + dice.randrange(600) * MINUTE, []
    usual = dice.choice((3, 7, 9, 14, 30))
    while at < NOON + 250 * DAY:
        heard = at + (dice.randrange(1, 6) * DAY if dice.random() < 0.1 else 0 * DAY)
        back = heard + dice.randrange(1, 30) * DAY if dice.random() < 0.1 else None
        found.append(Told(at, heard, back))
        if dice.random() < 0.3:  # another sitting of the same day
            found.append(Told(at + 2 * HOUR, at + 2 * HOUR))
        pause = dice.choice((1, 1, 1, 1, 3, 5)) * usual
        at += pause * DAY + dice.randrange(-300, 300) * MINUTE
    return found


def reference(told: list[Told], zone: ZoneInfo, sweeps: list[datetime]) -> list[datetime]:
    """Say at which sweeps a guest is missed: away for twice their usual gap, and 21 days."""
    missed, found = NOON - DAY, []
    for now in sweeps:
        known = [
            each.at for each in told if each.heard <= now and not (each.back and each.back <= now)
        ]
        days: dict[date, datetime] = {}
        for at in sorted(known, reverse=True):
            days[(at.astimezone(zone).replace(tzinfo=None) - TURN).date()] = at
        first = sorted(days.values())
        if len(first) < 3:
            continue
        gaps = sorted(later - earlier for earlier, later in pairwise(first))
        half = len(gaps) // 2
        usual = gaps[half] if len(gaps) % 2 else (gaps[half - 1] + gaps[half]) / 2
        newest = max(known)
        if now >= newest + max(2 * usual, 21 * DAY) and newest > missed:
            missed = newest
            found.append(now)
    return found


@pytest.mark.parametrize("name", ZONES)
def test_who_is_away_for_long_by_their_own_rhythm_is_missed_once_and_on_time(name):
    rig = opened(name, "on: dormant, rhythm: 2")
    guests = {rig.join(phone=PHONE.format(seed)): life(seed) for seed in range(12)}
    sweeps = [NOON + n * EVERY for n in range(1, 300 * 3)]
    acts = [(now, 1, rig.sweep, ()) for now in sweeps]
    for seed, told in enumerate(guests.values()):
        phone = PHONE.format(seed)
        for number, each in enumerate(told):
            receipt = f"{seed}-{number}"
            acts.append((each.heard, 0, tells, (rig, sale(receipt, 500, at=each.at), phone)))
            if each.back:
                given = refund(f"b{receipt}", receipt, 500, at=each.back)
                acts.append((each.back, 0, tells, (rig, given, phone)))
    for at, _, act, about in sorted(acts, key=lambda each: each[:2]):
        rig.clock.set(at)
        act(*about)
    expected = sorted(
        (member, at)
        for member, told in guests.items()
        for at in reference(told, ZoneInfo(name), sweeps)
    )
    assert begun(rig) == expected
    assert len(expected) > 12, "there is something to compare"


def test_a_rhythm_that_was_found_out_before_the_last_visit_is_found_out_anew():
    """It was taken for known: a guest who comes each month was missed after three weeks."""
    rig = opened("Europe/Berlin", "on: dormant, rhythm: 2")
    member = rig.join(phone=PHONE.format(0))
    for number in range(4):
        tells(rig, sale(f"R{number}", 500, at=rig.clock.now()), PHONE.format(0))
        rig.clock.advance(25 * DAY)
        rig.sweep()
    last = rig.account(member).last_visit
    for days in (26, 49, 50):
        rig.clock.set(last + days * DAY)
        rig.sweep()
        assert bool(begun(rig)) == (days == 50)


# -- the day of joining -------------------------------------------------------------------


@pytest.mark.parametrize("leap", ["feb28", "mar01"])
@pytest.mark.parametrize("name", ZONES)
def test_who_joined_on_a_leap_day_is_told_each_year_as_the_day_begins(name, leap):
    """Four years on it is a leap day again; on the day itself nothing is a year ago."""
    zone = ZoneInfo(name)
    rig = opened(name, "on: anniversary", f"birthdays: {{leap_day: {leap}}}\n")
    rig.clock.set(begins(date(2028, 2, 29), zone) + 5 * MINUTE)  # it is another day elsewhere
    member = rig.join(phone=PHONE.format(0))
    rig.run()
    expected = []
    for year in range(2029, 2033):
        instead = date(year, 2, 28) if leap == "feb28" else date(year, 3, 1)
        day = begins(date(2032, 2, 29) if year == 2032 else instead, zone)
        expected.append((member, day))
        for now in (day - 100 * DAY, day - QUARTER, day, day + QUARTER, day + 30 * DAY):
            rig.clock.set(now)
            rig.sweep()
    assert begun(rig) == expected
    years = sorted(each.values["anniversary"] for each in kept.each(rig.store))
    assert years == ["2029", "2030", "2031", "2032"]


@pytest.mark.parametrize("name", ZONES)
def test_the_day_of_joining_is_the_one_where_the_guest_joined(name):
    """Late in the evening there, and early in the morning; told with a lead of three days."""
    zone = ZoneInfo(name)
    rig = opened(name, "on: anniversary, days_before: 3")
    joined = date(2026, 12, 31)
    expected = []
    for number, at in enumerate((begins(joined, zone), begins(joined + DAY, zone) - MINUTE)):
        rig.clock.set(at)
        expected.append((rig.join(phone=PHONE.format(number)), begins(date(2027, 12, 28), zone)))
        rig.run()
    for now in (expected[0][1] - MINUTE, expected[0][1], expected[0][1] + 5 * DAY):
        rig.clock.set(now)
        rig.sweep()
    assert begun(rig) == sorted(expected)


def test_a_sweep_that_was_down_for_a_week_still_tells_and_for_longer_does_not():
    for down, told in ((7 * DAY, 1), (9 * DAY, 0)):
        rig = opened("Europe/Berlin", "on: anniversary")
        rig.join(phone=PHONE.format(0))
        rig.run()
        rig.clock.set(NOON + 365 * DAY + down)
        rig.sweep()
        assert len(begun(rig)) == told


# -- a tier about to end ------------------------------------------------------------------

TIERS = """tiers:
  metric: spend
  window: {window}
  grace_days: {grace}
  levels:
    silver: {{title: {{en: Silver}}, at: 100.00}}
    gold: {{title: {{en: Gold}}, at: 500.00}}
"""
ROLLING, CALENDAR = date(2027, 11, 23), date(2027, 12, 31)
"""The last day of the window in which a purchase on 2026-11-23 is not enough any more."""


@pytest.mark.parametrize("name", ZONES)
@pytest.mark.parametrize(
    ("window", "last", "grace"),
    [("rolling_year", ROLLING, 0), ("rolling_year", ROLLING, 30), ("calendar_year", CALENDAR, 31)],
)
def test_who_is_about_to_drop_a_tier_is_told_30_days_before_and_who_is_not_is_not(
    name, window, last, grace
):
    zone, bought = ZoneInfo(name), datetime(2026, 11, 23, 12, tzinfo=ZoneInfo(name))
    rig = opened(name, "on: tier-ending, days_before: 30", TIERS.format(window=window, grace=grace))
    rig.clock.set(bought)
    drops, stays, late = (rig.join(phone=PHONE.format(number)) for number in range(3))
    for number in range(3):
        tells(rig, sale(f"A{number}", 60_000, at=bought), PHONE.format(number))
    ends = begins(last + (grace + 1) * DAY, zone)  # when the tier is looked at
    warned = begins(last + (grace + 1 - 30) * DAY, zone)
    story = [
        (begins(date(2027, 2, 1), zone), "", 0),  # a calendar year is over, in which it was enough
        (warned - HOUR, "B", 1), (warned - QUARTER, "", 0), (warned, "", 0), (warned + DAY, "", 0),
        (ends - 9 * DAY, "C", 2), (ends - QUARTER, "", 0), (ends, "", 0),
    ]  # fmt: skip
    for now, receipt, number in story:
        rig.clock.set(now)
        if receipt:
            tells(rig, sale(receipt, 60_000, at=now), PHONE.format(number))
        rig.sweep()
    told = {member for member, at in begun(rig) if at == warned}
    assert told == {drops, late}
    assert [rig.account(each).tier for each in (drops, stays, late)] == ["silver", "gold", "gold"]
    assert {at for _, at in begun(rig)} == {warned}
    dates = {each.values["date"] for each in kept.each(rig.store)}
    assert dates == {(last + grace * DAY).isoformat()}, "the last day on which the tier holds"
