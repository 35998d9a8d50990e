"""Occasions come when they have come, once, and to whom they are about."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from infra.simulator.store import MemoryStore
from tests.rig import Rig, sale

from loyalty.connectors.spec import Guest
from loyalty.counter import redeeming
from loyalty.events import decode
from loyalty.guests import merging
from loyalty.guests.merging import Wish
from loyalty.records import journeys

SITA, HARI = "+4915112345671", "+4915112345673"
DAY = timedelta(days=1)
PROGRAM = """
automations:
  remind:
    on: reward-affordable
    reward: coffee
    steps: {gift: {reward: gift}}
  missed:
    on: dormant
    rhythm: 3
    steps: {gift: {reward: gift}}
  statement:
    on: month-ended
    steps: {gift: {reward: gift}}
rewards:
  coffee: {title: {en: a coffee}, points: 50}
  gift: {title: {en: a gift}}
"""


@pytest.fixture
def rig():
    plain = Path("tests/programs/plain.yaml").read_text("utf-8").replace("per: 10.00", "per: 1.00")
    text = plain.replace("expiry:", "  pending: {online: 2d}\nexpiry:")
    rig = Rig(Path(), text + PROGRAM, store=MemoryStore())
    rig.sita = rig.join(phone=SITA)
    return rig


def buys(rig, euros, channel="in_store", phone=SITA):
    name, at = f"R{len(list(rig.store.documents))}", rig.clock.now()
    rig.tell(sale(name, 100 * euros, at=at, channel=channel), Guest(phone=phone))
    rig.run()


def passes(rig, days):
    for _ in range(days):
        rig.clock.advance(DAY)
        rig.sweep()


def begun(rig, automation):
    return [each for each in journeys.each(rig.store) if each.automation == automation]


# -- points that have become enough -----------------------------------------------------------


def test_points_that_cannot_be_spent_yet_make_no_reward_affordable(rig):
    buys(rig, 45)
    buys(rig, 30, "online")
    assert begun(rig, "remind") == []
    passes(rig, 2)
    assert len(begun(rig, "remind")) == 1


def test_who_had_enough_before_is_not_told_again_by_points_that_wait(rig):
    buys(rig, 55)
    buys(rig, 30, "online")
    passes(rig, 3)
    assert len(begun(rig, "remind")) == 1


@pytest.mark.parametrize(("first", "second"), [(25, 25), (15, 45), (5, 30)])
def test_points_that_were_released_while_nobody_swept_are_enough_once(rig, first, second):
    buys(rig, 20)
    buys(rig, first, "online")
    rig.clock.advance(DAY)
    buys(rig, second, "online")
    rig.clock.advance(9 * DAY)
    rig.sweep()
    assert len(begun(rig, "remind")) == 1


def test_a_reward_that_was_set_aside_and_given_up_is_affordable_again(rig):
    buys(rig, 60)
    redeeming.hold(redeeming.Asking("H1", rig.sita, "coffee"), rig.shop)
    redeeming.void("H1", "", rig.shop)
    rig.run()
    assert len(begun(rig, "remind")) == 2


# -- long absence by a guest's own rhythm -----------------------------------------------------


def test_how_long_is_long_is_measured_anew_after_each_visit(rig):
    """Who comes once a month is not missed after 21 days, however often it was measured before."""
    for _ in range(5):
        buys(rig, 5)
        passes(rig, 30)
    assert begun(rig, "missed") == []
    passes(rig, 59)
    assert begun(rig, "missed") == []
    passes(rig, 1)
    assert len(begun(rig, "missed")) == 1


# -- whose occasion it is ---------------------------------------------------------------------


def test_a_month_of_an_account_that_was_merged_is_not_told_in_place_of_the_other_ones(rig):
    hari = rig.join(phone=HARI)
    buys(rig, 3, phone=HARI)
    buys(rig, 40)
    merging.merge(Wish("M1", hari, rig.sita, "owner"), rig.shop)
    passes(rig, 15)
    [came] = [decode(body) for topic, body in rig.bus.published if topic == "occasion-came"]
    assert (came.member, came.values["closing"]) == (rig.sita, "43")
