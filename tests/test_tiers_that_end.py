"""Who is about to drop a tier is warned, also who gives back what would have kept it."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from infra.simulator.store import MemoryStore
from tests.rig import Rig, refund, sale

from loyalty.connectors.spec import Guest
from loyalty.records import journeys, timers

SITA = "+4915112345671"
DAY = timedelta(days=1)
PROGRAM = """
tiers:
  metric: spend
  levels:
    gold: {title: {en: Gold}, at: 500.00}
automations:
  warned:
    on: tier-ending
    days_before: 30
    steps: {gift: {award: 5}}
"""


@pytest.fixture
def rig():
    plain = Path("tests/programs/plain.yaml").read_text("utf-8")
    rig = Rig(Path(), plain + PROGRAM, store=MemoryStore())
    rig.sita = rig.join(phone=SITA)
    buys(rig, "A", 60_000)
    rig.until = rig.account(rig.sita).standing.until
    is_swept(rig, rig.until - 100 * DAY)
    buys(rig, "B", 55_000)
    is_swept(rig, rig.until - 25 * DAY)
    return rig


def buys(rig, receipt, amount):
    rig.tell(sale(receipt, amount, at=rig.clock.now()), Guest(phone=SITA))
    rig.run()


def is_swept(rig, at):
    rig.clock.set(at)
    rig.sweep()


def warned(rig):
    return len(list(journeys.each(rig.store)))


def test_who_gives_back_what_would_have_kept_a_tier_is_warned_then(rig):
    assert warned(rig) == 0
    rig.tell(refund("b", "B", 55_000, at=rig.clock.now()))
    rig.run()
    rig.sweep()
    assert warned(rig) == 1
    is_swept(rig, rig.until)
    assert (warned(rig), rig.account(rig.sita).tier) == (1, None)


def test_who_keeps_a_tier_is_not_looked_at_again_with_each_purchase(rig):
    before = list(timers.each(rig.store))
    buys(rig, "C", 400)
    assert list(timers.each(rig.store)) == before
    is_swept(rig, rig.until)
    assert (warned(rig), rig.account(rig.sita).tier) == (0, "gold")


def test_who_was_warned_is_not_warned_again_before_the_same_end(rig):
    rig.tell(refund("b", "B", 55_000, at=rig.clock.now()))
    rig.run()
    rig.sweep()
    for receipt in ("C", "D"):
        buys(rig, receipt, 55_000)
        rig.tell(refund(receipt.lower(), receipt, 55_000, at=rig.clock.now()))
        is_swept(rig, rig.clock.now() + DAY)
    assert warned(rig) == 1
