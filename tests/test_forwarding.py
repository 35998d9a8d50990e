"""Who is found to be somebody else before the morning hears in the morning, once."""

from __future__ import annotations

from datetime import timedelta

import pytest
from infra.sandbox import Sandbox
from tests.rig import NOON
from tests.steps.cafe import HARI, SITA, Cafe
from tests.test_campaigns import joined, opened, phone, placed, record, spring, starts, told

from loyalty.domain import campaigns as rules
from loyalty.guests import erasing, merging, tagging
from loyalty.guests.merging import Wish

NIGHT = NOON + timedelta(hours=11, minutes=30)
AT_NIGHT = {"starts": "2026-11-21 23:30"}


@pytest.fixture(scope="module")
def sandbox():
    with Sandbox(seed="forwarding") as running_one:
        yield running_one


@pytest.fixture
def cafe(sandbox):
    sandbox.reset()
    return opened(sandbox)


def merges(cafe, one, into):
    merging.merge(Wish("M1", one, into, "owner"), cafe.shop)
    cafe.rig.run()


def at_night(cafe, **more):
    """Begin a campaign by night: what it tells waits for the morning."""
    starts(cafe, spring(**AT_NIGHT, **more))
    cafe.is_now(NIGHT)
    for _ in range(3):
        cafe.passes(minutes=5)
    assert told(cafe) == {}


def morning(cafe):
    for _ in range(8):
        cafe.passes(hours=1)


def test_a_campaigns_text_goes_to_the_person_whom_its_guest_was_found_to_be(cafe):
    person, guest = joined(cafe, 2)
    tagging.give(guest, "helper", "owner", cafe.shop)
    placed(cafe)
    cafe.rig.run()
    at_night(cafe, segments=("helpers",))
    assert record(cafe).told == 1
    merges(cafe, guest, person)
    morning(cafe)
    assert told(cafe) == {phone(0): 1}


def test_two_who_are_one_are_told_once(cafe):
    person, guest = joined(cafe, 2)
    at_night(cafe)
    assert record(cafe).told == 2
    merges(cafe, guest, person)
    morning(cafe)
    assert told(cafe) == {phone(0): 1}


def test_who_is_held_out_under_one_name_is_not_told_for_the_other(cafe):
    members, campaign = joined(cafe, 12), spring(**AT_NIGHT, holdout=50)
    held = next(each for each in members if rules.is_held_out(each, "spring", campaign))
    told_one = next(each for each in members if not rules.is_held_out(each, "spring", campaign))
    at_night(cafe, holdout=50)
    merges(cafe, told_one, held)
    morning(cafe)
    assert not {phone(members.index(each)) for each in (held, told_one)} & told(cafe).keys()


def test_who_is_erased_by_then_is_not_told(cafe):
    person, guest = joined(cafe, 2)
    at_night(cafe)
    merges(cafe, guest, person)
    erasing.erase(person, cafe.shop)
    morning(cafe)
    assert told(cafe) == {}


def test_what_became_of_a_guests_points_is_told_to_the_person_too(sandbox):
    sandbox.reset()
    cafe = Cafe(sandbox)
    person, guest = cafe.join("Hari Lal", HARI), cafe.join(phone=SITA)
    cafe.is_now(NIGHT)
    cafe.buys("R1", 2_000)
    merges(cafe, guest, person)
    for _ in range(10):
        cafe.passes(hours=1)
    assert [(each.to, each.text[:10]) for each in cafe.sandbox.outbox] == [(HARI, "Hari, +20.")]
