"""Who is found to be somebody else before the morning hears in the morning, once."""

from __future__ import annotations

from datetime import timedelta

import pytest
from infra.sandbox import Sandbox
from tests.rig import NOON
from tests.steps.cafe import HARI, SITA, Cafe
from tests.test_campaigns import (
    BOTH,
    LETTER,
    joined,
    opened,
    phone,
    placed,
    record,
    spring,
    starts,
    told,
)

from loyalty.campaigns import commissioning
from loyalty.domain import campaigns as rules
from loyalty.domain.automations import Step
from loyalty.guests import erasing, merging, tagging
from loyalty.guests.merging import Wish
from loyalty.records import contacts
from loyalty.steps import notification_dispatch

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


def test_two_guests_found_to_be_a_third_are_told_once(cafe):
    person, one, other = joined(cafe, 3)
    for each in (one, other):
        tagging.give(each, "helper", "owner", cafe.shop)
    placed(cafe)
    cafe.rig.run()
    at_night(cafe, segments=("helpers",))
    merging.merge(Wish("M1", one, person, "owner"), cafe.shop)
    merging.merge(Wish("M2", other, person, "owner"), cafe.shop)
    cafe.rig.run()
    morning(cafe)
    assert told(cafe) == {phone(0): 1}


def test_a_campaign_goes_on_with_the_person_whom_its_guest_was_found_to_be(cafe):
    person, guest = joined(cafe, 2)
    tagging.give(guest, "helper", "owner", cafe.shop)
    placed(cafe)
    later = {"pause": Step(wait=24 * 60), "gift": Step(award=40), "more": Step(send="news")}
    starts(cafe, spring({"news": Step(send="news"), **later}, segments=("helpers",)))
    cafe.passes(hours=2)
    merges(cafe, guest, person)
    for _ in range(3):
        cafe.passes(hours=24)
    assert (told(cafe), cafe.points(person)) == ({phone(0): 1, phone(1): 1}, 40)


def test_a_text_that_met_a_pause_goes_to_the_person_its_guest_was_found_to_be_meanwhile(cafe):
    person, guest = joined(cafe, 2)
    tagging.give(guest, "helper", "owner", cafe.shop)
    placed(cafe)
    at_night(cafe, segments=("helpers",))
    commissioning.pause("spring", "owner", cafe.shop)
    morning(cafe)
    merges(cafe, guest, person)
    commissioning.resume("spring", "owner", cafe.shop)
    morning(cafe)
    assert told(cafe) == {phone(0): 1}


def test_what_met_a_pause_leaves_by_the_channel_its_guest_is_reached_by_now(cafe):
    cafe.starts_with(SENDGRID_ASM_GROUP_ID="1001")
    [guest] = joined(cafe, 1, email="sita@example.org", consents=BOTH)
    at_night(cafe, steps=LETTER, channels=("sms", "email"))
    commissioning.pause("spring", "owner", cafe.shop)
    morning(cafe)
    notification_dispatch.suppress(cafe.shop, guest, "sms", "opted-out")
    commissioning.resume("spring", "owner", cafe.shop)
    morning(cafe)
    assert [each.channel for each in cafe.sandbox.outbox] == ["email"]


def test_a_text_that_waited_long_counts_in_the_cap_from_the_day_it_leaves(cafe):
    [guest] = joined(cafe, 1)
    at_night(cafe)
    commissioning.pause("spring", "owner", cafe.shop)
    morning(cafe)
    for _ in range(5):
        cafe.passes(days=1)
    commissioning.resume("spring", "owner", cafe.shop)
    cafe.passes(minutes=1)
    assert told(cafe) == {phone(0): 1}
    [sent] = contacts.get(cafe.rig.store, guest).sent
    assert cafe.rig.clock.now() - sent < timedelta(hours=1)


def test_no_text_passes_a_stop_that_a_merge_cut_off_has_not_carried_over(cafe):
    person, guest = joined(cafe, 2)
    tagging.give(guest, "helper", "owner", cafe.shop)
    placed(cafe)
    at_night(cafe, segments=("helpers",))
    cafe.is_now(NIGHT + timedelta(hours=10))
    notification_dispatch.suppress(cafe.shop, guest, "sms", "opted-out")
    wish = Wish("M1", guest, person, "owner")
    cafe.rig.store.atomically("ledger", lambda unit: merging._merge(unit, wish, [], cafe.shop))
    cafe.passes(minutes=1)
    assert told(cafe) == {}
