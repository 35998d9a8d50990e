"""A person's word on a receipt that waits is one act like every other."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from infra.simulator.store import MemoryStore
from tests.rig import NOON, Rig, refund, sale, void

from loyalty.connectors.spec import Guest
from loyalty.counter import reviewing
from loyalty.errors import Problem
from loyalty.records import reviews, timers

PLAIN = Path("tests/programs/plain.yaml").read_text("utf-8")
PROGRAM = PLAIN.replace("rules:", "limits: {receipt_ceiling: 100.00}\n  rules:", 1)
PHONE = "+4915112345671"


@pytest.fixture
def rig():
    rig = Rig(Path(), PROGRAM, store=MemoryStore())
    rig.member = rig.join(phone=PHONE)
    return rig


def tell(rig, *facts):
    for fact in facts:
        rig.tell(fact, Guest(phone=PHONE))
        rig.run()


def decide(rig, verdict="approved", receipt="generic:R1"):
    entry = reviewing.decide(receipt, verdict, "Maya", rig.shop)
    rig.run()
    return entry


def test_an_approved_receipt_earns_what_it_would_have_earned(rig):
    tell(rig, sale("R1", 20_000))
    assert rig.points(rig.member) == 0
    entry = decide(rig)
    assert (entry.id, entry.kind, entry.points) == ("review:generic:R1:0:approved", "review", 20)
    assert entry.reason == "review: EUR 200.00: 1 point per 10 euros"
    assert rig.points(rig.member) == 20
    assert (rig.receipt("R1").state, rig.receipt("R1").points) == ("posted", 20)
    assert rig.account(rig.member).totals.visits == 1


def test_a_refused_receipt_earns_nothing_for_good(rig):
    tell(rig, sale("R1", 20_000))
    assert decide(rig, "refused").points == 0
    tell(rig, sale("R1", 9_000, revision=1))
    assert rig.points(rig.member) == 0
    assert rig.receipt("R1").state == "refused"
    assert [entry.kind for entry in rig.history(rig.member)] == ["sale", "review", "edit"]


def test_who_decided_is_kept(rig):
    tell(rig, sale("R1", 20_000))
    decide(rig)
    kept = reviews.get(rig.store, "generic:R1")
    assert (kept.state, kept.by) == ("approved", "Maya")


def test_what_was_given_back_meanwhile_counts(rig):
    tell(rig, sale("R1", 20_000), refund("F1", "R1", 5_000))
    assert decide(rig).points == 15


def test_a_void_meanwhile_leaves_nothing_to_approve(rig):
    tell(rig, sale("R1", 20_000), void("R1"))
    assert decide(rig).points == 0


def test_after_an_approval_refunds_take_points_back(rig):
    tell(rig, sale("R1", 20_000))
    decide(rig)
    tell(rig, refund("F1", "R1", 20_000))
    assert rig.points(rig.member) == 0


def test_points_that_waited_count_from_the_receipts_own_time(rig):
    tell(rig, sale("R1", 20_000))
    rig.clock.advance(timedelta(days=100))
    decide(rig)
    (lot,) = rig.account(rig.member).lots
    assert (lot.points, f"{lot.expires_at:%Y-%m-%d}") == (20, "2027-11-21")


def test_a_day_that_the_account_forgot_is_looked_up():
    rig = Rig(Path(), PROGRAM.replace("rules:", "caps: {per_day: 15}\n  rules:", 1),
              store=MemoryStore())  # fmt: skip
    rig.member = rig.join(phone=PHONE)
    tell(rig, sale("R0", 9_000), sale("R1", 20_000))
    rig.clock.advance(timedelta(days=100))
    tell(rig, sale("R2", 1_000, at=rig.clock.now()))
    assert decide(rig).points == 6
    assert rig.account(rig.member).totals.visits == 2


def test_it_is_published_at_once_and_the_promise_is_struck_out(rig):
    tell(rig, sale("R1", 20_000))
    reviewing.decide("generic:R1", "approved", "Maya", rig.shop)
    assert [topic for topic, _ in rig.bus.published][-1] == "points-posted"
    assert timers.get(rig.store, "publish:review:generic:R1:0:approved") is None


def test_a_crash_before_publishing_is_healed_by_the_promise(rig):
    tell(rig, sale("R1", 20_000))
    told = len(rig.bus.published)

    class Broken:
        def publish(self, *_):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        reviewing.decide("generic:R1", "approved", "Maya", rig.shop._replace(bus=Broken()))
    rig.clock.advance(timedelta(minutes=3))
    rig.sweep()
    assert [topic for topic, _ in rig.bus.published[told:]] == ["sweep-requested", "points-posted"]


def test_a_receipt_is_decided_on_once(rig):
    tell(rig, sale("R1", 20_000))
    decide(rig)
    with pytest.raises(Problem, match="409") as problem:
        decide(rig, "refused")
    assert problem.value.title == "The receipt was approved by Maya already."
    assert rig.points(rig.member) == 20


@pytest.mark.parametrize("receipt", ["generic:R1", "generic:R404"])
def test_what_does_not_wait_cannot_be_decided_on(rig, receipt):
    tell(rig, sale("R1", 1_000, at=NOON))
    with pytest.raises(Problem, match="404"):
        decide(rig, receipt=receipt)
