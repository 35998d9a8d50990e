"""Whoever changed is listed, once for each listing, and nobody falls between two of them."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from infra.simulator.store import MemoryStore
from tests.rig import NOON, Rig

from loyalty.connectors import load, names
from loyalty.counter import adjusting
from loyalty.errors import Problem
from loyalty.guests import agreeing, changes, members, merging
from loyalty.guests.agreeing import How
from loyalty.guests.merging import Wish
from loyalty.records import identities

PROGRAM = Path("tests/programs/rewards.yaml").read_text("utf-8")


@pytest.fixture
def rig():
    return Rig(Path(), PROGRAM, store=MemoryStore())


def later(rig, minutes=5):
    rig.clock.advance(timedelta(minutes=minutes))


def joined(rig, number):
    member = rig.join(phone=f"+49151123456{number:02}")
    later(rig)
    return member


def test_whoever_joined_bought_or_agreed_is_listed_in_that_order(rig):
    one, two, three = (joined(rig, number) for number in range(3))
    first = changes.since(NOON - timedelta(days=1), 100, rig.shop)
    assert first.members == [one, two, three]
    adjusting.adjust(three, 5, "an apology", "A1", "key:x", rig.shop)
    later(rig)
    agreeing.agree(one, {"sms:marketing": True}, How("page", ""), "", rig.shop)
    later(rig)
    assert changes.since(first.until, 100, rig.shop).members == [three, one]


def test_listings_of_any_length_come_to_the_same(rig):
    everybody = [joined(rig, number) for number in range(7)]
    for number in range(7):
        adjusting.adjust(everybody[number], 5, "an apology", f"A{number}", "key:x", rig.shop)
    later(rig)
    whole = changes.since(NOON - timedelta(days=1), 100, rig.shop).members
    since, listed = NOON - timedelta(days=1), []
    while (part := changes.since(since, 2, rig.shop)).members:
        listed, since = [*listed, *part.members], part.until
    assert list(dict.fromkeys(listed)) == whole
    assert sorted(whole) == sorted(everybody)


def test_the_last_minute_is_not_listed_yet(rig):
    start = rig.clock.now() - timedelta(seconds=1)
    member = rig.join(phone="+4915112345600")
    early = changes.since(start, 100, rig.shop)
    assert early == ([], start)
    later(rig)
    assert changes.since(early.until, 100, rig.shop).members == [member]


def test_a_member_is_found_by_a_vendors_customer_id(rig):
    joining = members.Joining(name="", phone="+4915112345600", customer="square:CUST-1")
    member, _ = members.enroll(joining, "", rig.shop)
    assert members.find(rig.shop, customer="square:CUST-1") == member
    assert members.find(rig.shop, customer="square:CUST-2") is None
    for wrong in ("phone:+4915112345600", "square:", "CUST-1"):
        with pytest.raises(Problem, match="unknown_vendor"):
            members.find(rig.shop, customer=wrong)


def test_a_till_that_tells_the_customer_id_tells_of_them(rig):
    joining = members.Joining(name="", phone="+4915112345600", customer="square:CUST-1")
    member, _ = members.enroll(joining, "", rig.shop)
    named = rig.shop.pepper.hash(load("square").identity, "CUST-1")
    assert identities.get(rig.store, named).member == member


def test_the_vendors_with_customer_ids_are_those_of_the_connectors():
    assert set(members.VENDORS) == {load(name).identity for name in names()} - {""}


def test_all_who_share_an_account_are_listed_when_one_of_them_changed_it(rig):
    one, two, three = (joined(rig, number) for number in range(3))
    merging.merge(Wish("share", two, one, "key:x", shared=True), rig.shop)
    later(rig)
    since = changes.since(NOON - timedelta(days=1), 100, rig.shop).until
    adjusting.adjust(one, 5, "an apology", "A1", "key:x", rig.shop)
    later(rig)
    assert changes.since(since, 100, rig.shop).members == [one, two]
    assert three not in changes.since(since, 100, rig.shop).members
