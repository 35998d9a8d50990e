"""Statements: a month's sums for each month in which something happened, and none is left out."""

from __future__ import annotations

import random
import re
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from infra.sandbox import Sandbox
from tests.rig import NOON, refund
from tests.steps.cafe import SITA, Cafe

from loyalty import adjusting
from loyalty.records import quarantine, timers
from loyalty.steps import lifecycle_sweep

DAY = timedelta(days=1)


@pytest.fixture(scope="module")
def sandbox():
    with Sandbox(seed="statements") as running:
        yield running


@pytest.fixture
def cafe(sandbox):
    sandbox.reset()
    cafe = Cafe(sandbox, "statements", copies=2)
    cafe.member = cafe.join(phone=SITA)
    cafe.rig.run()
    yield cafe
    assert quarantine.find(cafe.rig.store) == []
    assert [each for each in timers.each(cafe.rig.store) if each.tries] == []


def is_swept_at(cafe, *when):
    cafe.is_now(datetime(*when, 12, tzinfo=UTC))
    cafe.rig.sweep()


def test_points_that_lapse_in_a_month_without_any_other_act_are_on_its_statement(cafe):
    cafe.buys("R1", 1_000)
    for when in ((2026, 12, 1), (2027, 2, 22), (2027, 3, 1), (2027, 4, 1)):
        is_swept_at(cafe, *when)
    assert cafe.texts() == [
        "2026-11: 0 + 10 - 0 - 0 = 10",
        "2027-02: 10 + 0 - 0 - 10 = 0",
    ]


def test_months_that_nobody_swept_are_each_told_of_later(cafe):
    for number in range(4):
        cafe.is_now(NOON + 31 * number * DAY)
        cafe.buys(f"R{number}", 1_000)
    for _ in range(4):
        cafe.rig.sweep()
    assert cafe.texts() == [
        "2026-11: 0 + 10 - 0 - 0 = 10",
        "2026-12: 10 + 10 - 0 - 0 = 20",
        "2027-01: 20 + 10 - 0 - 0 = 30",
    ]


class Busy:
    """A store at which points come while a month is being added up."""

    def __init__(self, cafe):
        self.cafe, self.inner = cafe, cafe.rig.shop.store

    def __getattr__(self, name):
        return getattr(self.inner, name)

    def query(self, asked):
        cafe, self.cafe = self.cafe, None
        if cafe:
            adjusting.adjust(cafe.member, 7, "an apology", "A1", "key:x", cafe.rig.shop)
        return self.inner.query(asked)


def test_points_that_come_while_a_month_is_added_up_are_the_next_ones(cafe):
    cafe.buys("R1", 1_000)
    cafe.is_now(datetime(2026, 12, 1, 12, tzinfo=UTC))
    [timer] = [each for each in timers.each(cafe.rig.store) if each.kind == "account"]
    shop = cafe.rig.shop._replace(store=Busy(cafe))
    lifecycle_sweep._settle(timer, shop)
    cafe.rig.run()
    is_swept_at(cafe, 2027, 1, 1)
    assert cafe.texts() == ["2026-11: 0 + 10 - 0 - 0 = 10", "2026-12: 10 + 7 - 0 - 0 = 17"]


def test_each_month_opens_with_what_the_last_one_closed_with_and_its_sums_are_the_ledgers(cafe):
    draw, number = random.Random(7), 0
    for _ in range(400):
        cafe.rig.clock.advance(DAY)
        cafe.rig.sweep()
        if draw.random() < 0.3:
            number += 1
            cafe.buys(f"R{number}", draw.randint(100, 3_000))
        if number and draw.random() < 0.05:
            cafe.tells(refund(f"b{number}-{cafe.now:%j%y}", f"R{number}", 50, at=cafe.now))
    told = [[*map(int, re.findall(r"\d+", text.partition(": ")[2]))] for text in cafe.texts()]
    assert len(told) == 13
    for before, after in pairwise([[0] * 5, *told]):
        opening, earned, used, expired, closing = after
        assert opening + earned - used - expired == closing
        assert opening == before[4]
    entries = cafe.rig.history(cafe.member)
    gone = [entry for entry in entries if f"{local(entry.at):%Y-%m}" < "2027-12"]
    assert told[-1][4] == sum(entry.points for entry in gone)
    lapsed = -sum(entry.points for entry in gone if entry.kind == "expire")
    assert lapsed == sum(each[3] for each in told) > 0


def local(at):
    return at.astimezone(ZoneInfo("Europe/Berlin"))
