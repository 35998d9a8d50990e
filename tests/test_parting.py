"""What simulated guests who parted came to: nothing is lost, doubled, or left unsaid."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pytest
from infra.simulator.store import MemoryStore
from tests.rig import Rig, refund, sale

from loyalty.audit import audit
from loyalty.connectors.spec import Guest, Reply
from loyalty.counter import adjusting, redeeming
from loyalty.counter.redeeming import Asking
from loyalty.events import claimed
from loyalty.guests import members, merging, parting
from loyalty.guests.members import Joining
from loyalty.guests.merging import Wish
from loyalty.records import accounts, contacts, entries, quarantine, suppressions
from loyalty.steps import message_feedback, points_calculation

ANNA, ANNI, BEN = "+4915112345671", "+4915112345672", "+4915112345673"
PROGRAM = (
    Path("tests/programs/rewards.yaml").read_text("utf-8").replace(
        "earning:", "earning:\n  pending: {in_store: 1h}", 1
    )
    + "redeeming: {approve_above: 100}\n"
)  # fmt: skip


@pytest.fixture
def rig():
    rig = Rig(Path(), PROGRAM, store=MemoryStore())
    rig.anna, rig.anni = rig.join(phone=ANNA), rig.join(phone=ANNI)
    yield rig
    rig.run()
    assert audit(entries.each(rig.store), accounts.each(rig.store)).findings == ()
    assert list(quarantine.each(rig.store)) == []


def buy(rig, receipt, amount, phone, **more):
    rig.tell(sale(receipt, amount, at=rig.clock.now(), **more), Guest(phone=phone))
    rig.run()


def merge(rig, act="M1", into="", **more):
    merging.merge(Wish(act, rig.anni, into or rig.anna, "key:owner", **more), rig.shop)


def part(rig):
    parting.unmerge(rig.anni, "key:owner", rig.shop)


def says(rig, keyword, phone=ANNI):
    message_feedback._hear(Reply(id="R", channel="sms", address=phone, keyword=keyword), rig.shop)


def meanwhile(rig, act):
    """Let something happen once, between the next decision and its commit."""

    def first():
        del rig.store.before_commit
        act()

    rig.store.before_commit = first


def test_lots_that_became_one_meanwhile_go_back_once(rig):
    """One could be spent when they merged, the other waited: both counted the sum of both."""
    buy(rig, "R1", 2000, ANNI)
    rig.clock.advance(timedelta(hours=2))
    buy(rig, "R2", 3000, ANNI)
    merge(rig)
    rig.clock.advance(timedelta(hours=2))
    rig.tell(refund("F1", "R1", 1000, at=rig.clock.now()))
    rig.run()
    left = rig.points(rig.anna)
    part(rig)
    assert (rig.points(rig.anna), rig.points(rig.anni)) == (0, left)


def test_an_act_in_another_household_at_the_instant_of_a_merge_counts_once(rig):
    ben = rig.join(phone=BEN)
    merge(rig, "S1", ben, shared=True)
    buy(rig, "R1", 2000, ANNI)
    part(rig)
    merge(rig)
    part(rig)
    assert rig.account(rig.anni).totals.spend == 2000
    assert rig.account(rig.anna).totals.spend == 0


def test_a_day_that_began_already_where_a_store_is_is_known_after_parting(rig):
    """Its receipts were neither remembered nor looked up by who had left."""
    rig.clock.set(datetime.fromisoformat("2026-11-24T22:30:00+00:00"))
    tomorrow = rig.clock.now() + timedelta(days=1)
    rig.tell(sale("R1", 2000, at=tomorrow), Guest(phone=ANNI))
    rig.run()
    merge(rig)
    part(rig)
    assert rig.account(rig.anni).facts_from > rig.receipt("R1").day


def test_a_reward_that_time_gave_up_keeps_nobody_from_parting(rig):
    buy(rig, "R1", 9000, ANNI)
    rig.clock.advance(timedelta(hours=2))
    merge(rig)
    everything = rig.points(rig.anna)
    redeeming.hold(Asking(id="H", member=rig.anni, reward="coffee"), rig.shop)
    rig.clock.advance(timedelta(days=1))
    part(rig)
    assert rig.points(rig.anni) == everything


def test_a_stop_while_they_were_one_holds_when_they_part(rig):
    merge(rig)
    says(rig, "stop")
    part(rig)
    known = [contacts.get(rig.store, each).suppressed for each in (rig.anna, rig.anni)]
    assert known == [{"sms": "opted-out"}] * 2
    says(rig, "start")
    assert contacts.get(rig.store, rig.anni).suppressed == {}


def test_a_stop_of_who_stays_is_not_one_of_who_leaves(rig):
    merge(rig)
    says(rig, "stop", ANNA)
    part(rig)
    assert contacts.get(rig.store, rig.anni).suppressed == {}


def test_a_claim_that_comes_after_the_merge_finds_it_done(rig):
    """It was put aside as somebody else's."""
    merge(rig)
    buy(rig, "R1", 2000, ANNI)
    late = claimed("generic:R1", rig.anni, rig.clock.now())
    told = points_calculation.handle(late, rig.shop)
    assert told == entries.get(rig.store, "sale:generic:R1").outcome
    assert rig.receipt("R1").member == rig.anna


def test_what_was_adjusted_for_both_is_added_up_for_one(rig):
    adjusting.adjust(rig.anni, 60, "a word", "A1", "ravi", rig.shop)
    merge(rig)
    for key, member in (("A2", rig.anna), ("A3", rig.anni)):
        assert adjusting.adjust(member, 60, "a word", key, "ravi", rig.shop).state == "waiting"


def test_a_start_beside_a_stop_leaves_the_address_as_its_guest(rig):
    """The guest stayed stopped, and their address was not: joining again would have forgotten."""
    meanwhile(rig, lambda: says(rig, "stop"))
    says(rig, "start")
    name = f"{rig.shop.pepper.hash('phone', ANNI)}:sms"
    stopped = suppressions.get(rig.store, name) is not None
    assert stopped == ("sms" in contacts.get(rig.store, rig.anni).suppressed)


def test_a_stop_during_a_joining_that_broke_off_holds_when_it_is_told_again(rig):
    joining, shop = Joining(name="Ben", phone=BEN, consents={"sms:service": True}), rig.shop
    hashes = members._hashes(joining, shop)
    members._write_person("m_ben", joining, hashes, rig.clock.now(), shop)
    says(rig, "stop", BEN)
    shop.store.atomically(
        "ledger", lambda u: members._open(u, "m_ben", hashes, rig.clock.now(), shop)
    )
    assert members.enroll(joining, "", shop) == ("m_ben", False)
    assert contacts.get(rig.store, "m_ben").suppressed == {"sms": "opted-out"}
