"""Days of the year: one gift in eleven months, and only the guest's profile knows the day."""

from __future__ import annotations

from datetime import timedelta
from io import StringIO
from pathlib import Path

import pytest
from infra.sandbox import Sandbox
from infra.simulator.store import MemoryStore
from tests.rig import Rig
from tests.steps.cafe import HARI, SITA, Cafe

from loyalty import programs
from loyalty.guests import birthdays, erasing, merging, parting
from loyalty.guests.merging import Wish
from loyalty.logs import Log
from loyalty.records import journeys, timers, vouchers

DAY = timedelta(days=1)
PROGRAM = """
birthdays: {edit_days: 0, notice_days: 0}
automations:
  birthday:
    on: birthday
    days_before: 3
    steps: {gift: {reward: gift}}
rewards:
  gift: {title: {en: a gift}}
"""
PLAIN = Path("tests/programs/plain.yaml").read_text("utf-8")


@pytest.fixture
def rig():
    return Rig(Path(), PLAIN + PROGRAM, store=MemoryStore())


def joins(rig, phone, birthday):
    member = rig.join(phone=phone, birthday=birthday)
    rig.run()
    return member


def passes(rig, days, step=5):
    """Let days pass as a scheduler with little to do sees them."""
    for _ in range(0, days, step):
        rig.clock.advance(step * DAY)
        rig.sweep()


def gifts(rig):
    return sorted(each.issued_at.date().isoformat() for each in vouchers.each(rig.store))


def yearly(rig):
    return [each for each in timers.each(rig.store) if each.kind == "yearly"]


def merges(rig, member, into):
    merging.merge(Wish("M1", member, into, "owner"), rig.shop)
    rig.run()


# -- one in eleven months -----------------------------------------------------------------


def test_two_birthdays_of_one_person_bring_one_gift(rig):
    one, other = joins(rig, SITA, "02-10"), joins(rig, HARI, "05-10")
    passes(rig, 90)
    merges(rig, one, other)
    passes(rig, 320)
    assert len(gifts(rig)) == 1
    passes(rig, 200)
    assert [day[:7] for day in gifts(rig)] == ["2027-02", "2028-05"]


def test_two_birthdays_around_new_year_bring_one_gift_too(rig):
    one, other = joins(rig, SITA, "12-20"), joins(rig, HARI, "01-10")
    passes(rig, 30)
    merges(rig, one, other)
    passes(rig, 60)
    assert len(gifts(rig)) == 1


def test_who_parts_again_is_congratulated_next_year(rig):
    one, other = joins(rig, SITA, "12-20"), joins(rig, HARI, "06-10")
    passes(rig, 30)
    merges(rig, one, other)
    parting.unmerge(one, "owner", rig.shop)
    rig.run()
    birthdays.change(one, "03-01", rig.shop)
    rig.run()
    passes(rig, 360)
    assert [day[:7] for day in gifts(rig)] == ["2026-12", "2027-06"], "Hari's own, in June"
    passes(rig, 120)
    assert gifts(rig)[-1][:7] == "2028-02", "three days before the first of March"


def test_a_birthday_that_is_taken_back_and_told_anew_brings_no_second_gift(rig):
    member = joins(rig, SITA, "12-10")
    passes(rig, 20)
    for birthday in ("", "02-01"):
        birthdays.change(member, birthday, rig.shop)
        rig.run()
        passes(rig, 20)
    passes(rig, 280)
    assert len(gifts(rig)) == 1
    passes(rig, 120)
    assert [day[:7] for day in gifts(rig)] == ["2026-12", "2028-01"]


def test_what_was_told_is_forgotten_when_it_does_not_matter_any_more(rig):
    member = joins(rig, SITA, "12-10")
    passes(rig, 20)
    birthdays.change(member, "", rig.shop)
    rig.run()
    assert [each.marks for each in yearly(rig)] == [{"birthday": "2026-12-10"}]
    passes(rig, 340)
    assert yearly(rig) == []


def test_a_gift_that_comes_much_earlier_from_now_on_is_not_taken_for_a_second_one(rig):
    joins(rig, SITA, "12-10")
    passes(rig, 20)
    programs.publish(
        rig.store, (PLAIN + PROGRAM).replace("days_before: 3", "days_before: 60"), rig.clock.now()
    )
    rig.clock.advance(timedelta(hours=1))
    passes(rig, 365)
    assert len(gifts(rig)) == 2


# -- whose day it is ----------------------------------------------------------------------


@pytest.fixture(scope="module")
def sandbox():
    with Sandbox(seed="yearly") as running:
        yield running


@pytest.fixture
def cafe(sandbox):
    sandbox.reset()
    cafe = Cafe(sandbox, "yearly", copies=2)
    cafe.member = cafe.join(phone=SITA, birthday="01-10")
    cafe.rig.run()
    return cafe


def test_the_day_is_in_the_message_and_neither_on_the_bus_nor_in_a_journey(cafe):
    while len(cafe.texts()) < 1:
        cafe.passes(days=1)
    assert cafe.texts() == ["Your day is 10 January 2027."]
    assert not [body for _, body in cafe.bus.published if b"01-10" in body]
    holding = {name for name, rows in cafe.rig.dump().items() if "01-10" in str(rows)}
    assert holding == {"profiles", "timers"}, "of what was told, the timer keeps the day itself"


def test_an_anniversary_says_its_day_and_how_many_years(cafe):
    cafe.passes(days=365)
    cafe.passes(days=366)
    assert cafe.texts()[-2:] == ["1 since 21 November 2027.", "2 since 21 November 2028."]


def test_a_birthday_that_was_taken_back_while_its_message_waited_is_not_named(cafe):
    cafe.is_now(cafe.now.replace(year=2027, month=1, day=6, hour=23, minute=30))
    cafe.rig.sweep()  # at night: the message waits for eight o'clock
    birthdays.change(cafe.member, "", cafe.shop)
    cafe.rig.run()
    cafe.passes(hours=9)
    assert cafe.texts() == ["Your day is ."]


def test_after_erasure_nobody_knows_the_day(cafe):
    while len(cafe.texts()) < 1:
        cafe.passes(days=1)
    erasing.erase(cafe.member, cafe.shop)
    cafe.rig.run()
    assert yearly(cafe.rig) == []
    assert "01-10" not in str(cafe.rig.dump())
    [journey] = journeys.each(cafe.rig.store)
    assert (journey.values, journey.words, journey.begun, journey.outcome) == ({}, {}, (), ())


# -- much too late ------------------------------------------------------------------------


@pytest.fixture
def said(rig):
    """What the log warns of."""
    stream = StringIO()
    rig.shop = rig.shop._replace(log=Log("warning", stream))
    return stream


def test_a_birthday_that_nothing_swept_in_time_is_passed_over_and_said_so(rig, said):
    joins(rig, SITA, "12-10")
    passes(rig, 30, 30)
    assert gifts(rig) == []
    passes(rig, 365)
    assert [day[:7] for day in gifts(rig)] == ["2027-12"]
    assert said.getvalue().count("passed over") == 1


def test_what_was_told_is_forgotten_without_a_word(rig, said):
    member = joins(rig, SITA, "12-10")
    passes(rig, 30)
    birthdays.change(member, "", rig.shop)
    passes(rig, 360)
    assert (len(gifts(rig)), said.getvalue()) == (1, "")
