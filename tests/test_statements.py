"""Statements: a month's sums for each month in which something happened, and none is left out."""

from __future__ import annotations

import random
import re
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import msgspec
import pytest
from infra.sandbox import Sandbox
from tests.domain.cafe import program
from tests.rig import NOON, refund
from tests.steps.cafe import SITA, Cafe

from loyalty.counter import adjusting
from loyalty.domain import prospects
from loyalty.domain.account import Account, Lot
from loyalty.records import accounts, quarantine, timers
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


def sums(cafe):
    return [text.partition(";")[0] for text in cafe.texts()]


def ahead(cafe):
    return [text.partition("; ")[2] for text in cafe.texts()]


def test_what_lapsed_while_nothing_was_swept_is_on_the_statement_of_its_own_month(cafe):
    cafe.buys("R1", 1_000)  # they lapse on February 22
    is_swept_at(cafe, 2026, 12, 1)
    cafe.is_now(datetime(2027, 2, 10, 12, tzinfo=UTC))
    cafe.buys("R2", 500)
    for when in ((2027, 3, 3), (2027, 3, 3), (2027, 4, 1)):
        is_swept_at(cafe, *when)
    assert sums(cafe)[1:] == ["2027-02: 10 + 5 - 0 - 10 = 5"]


def test_a_month_with_a_lapse_alone_has_its_statement_however_late_it_is_swept(cafe):
    cafe.buys("R1", 1_000)
    is_swept_at(cafe, 2026, 12, 1)
    for when in ((2027, 3, 3), (2027, 3, 3), (2027, 4, 1)):
        is_swept_at(cafe, *when)
    assert sums(cafe)[1:] == ["2027-02: 10 + 0 - 0 - 10 = 0"]


def test_points_that_lapse_in_a_month_without_any_other_act_are_on_its_statement(cafe):
    cafe.buys("R1", 1_000)
    for when in ((2026, 12, 1), (2027, 2, 22), (2027, 3, 1), (2027, 4, 1)):
        is_swept_at(cafe, *when)
    assert sums(cafe) == [
        "2026-11: 0 + 10 - 0 - 0 = 10",
        "2027-02: 10 + 0 - 0 - 10 = 0",
    ]


def test_months_that_nobody_swept_are_each_told_of_later(cafe):
    for number in range(4):
        cafe.is_now(NOON + 31 * number * DAY)
        cafe.buys(f"R{number}", 1_000)
    for _ in range(4):
        cafe.rig.sweep()
    assert sums(cafe) == [
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
    assert sums(cafe) == ["2026-11: 0 + 10 - 0 - 0 = 10", "2026-12: 10 + 7 - 0 - 0 = 17"]


class Slow:
    """A store at which midnight comes between measuring and deciding."""

    def __init__(self, cafe, end):
        self.cafe, self.end, self.inner = cafe, end, cafe.rig.shop.store

    def __getattr__(self, name):
        return getattr(self.inner, name)

    def atomically(self, database, work):
        if self.cafe.now < self.end:
            self.cafe.is_now(self.end)
        return self.inner.atomically(database, work)


def test_a_month_that_ends_while_its_account_is_looked_at_is_added_up_all_the_same(cafe):
    cafe.buys("R1", 1_000)
    [timer] = [each for each in timers.each(cafe.rig.store) if each.kind == "account"]
    early = msgspec.structs.replace(timer, due_at=timer.due_at - timedelta(seconds=30))
    armed = accounts.get(cafe.rig.store, cafe.member)
    account = msgspec.structs.replace(armed.account, armed_at=early.due_at)

    def work(unit):
        timers.put(unit, f"account:{cafe.member}", early)
        accounts.put(unit, cafe.member, msgspec.structs.replace(armed, account=account))

    cafe.rig.store.atomically("ledger", work)
    cafe.is_now(timer.due_at - timedelta(seconds=1))
    lifecycle_sweep._settle(early, cafe.rig.shop._replace(store=Slow(cafe, timer.due_at)))
    cafe.rig.run()
    is_swept_at(cafe, 2026, 12, 1)
    assert sums(cafe) == ["2026-11: 0 + 10 - 0 - 0 = 10"]


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
    told = [[*map(int, re.findall(r"\d+", text.partition(": ")[2]))] for text in sums(cafe)]
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


# -- what lies ahead --------------------------------------------------------------------------


def test_a_statement_says_what_lapses_next_and_what_is_missing_for_the_next_reward(cafe):
    cafe.buys("R1", 1_000)
    cafe.is_now(NOON + 5 * DAY)
    cafe.buys("R2", 700)
    for when in ((2026, 12, 1), (2027, 2, 22), (2027, 2, 27), (2027, 3, 1)):
        is_swept_at(cafe, *when)
    assert ahead(cafe) == [
        "next 10 until 21 February 2027, 23 to a cake",
        "next 0 until -, 15 to a coffee",
    ]


def test_who_has_enough_for_everything_misses_nothing(cafe):
    cafe.buys("R1", 9_000)
    is_swept_at(cafe, 2026, 12, 1)
    assert ahead(cafe) == ["next 90 until 21 February 2027, 0 to a cake"]


def test_what_a_statement_said_would_lapse_next_is_what_the_ledger_then_lets_lapse(cafe):
    draw = random.Random(3)
    for number in range(12):
        cafe.rig.clock.advance(7 * DAY)
        cafe.rig.sweep()
        cafe.buys(f"R{number}", draw.randint(100, 3_000))
    for _ in range(120):
        cafe.passes(days=1)
    lapsed = {
        f"{local(entry.occurred_at - DAY):%d %B %Y}".lstrip("0"): -entry.points
        for entry in cafe.rig.history(cafe.member)
        if entry.kind == "expire"
    }
    said = [re.match(r"next (\d+) until (.*),", text) for text in ahead(cafe)]
    found = [(each[2], int(each[1])) for each in said if each and each[1] != "0"]
    assert len(found) >= 5
    assert {day: lapsed[day] for day, _ in found} == dict(found)


def test_a_program_without_rewards_for_points_has_no_next_one():
    account = Account(id="m", lots=(Lot(points=5, month="2026-11"),))
    found = prospects.ahead(account, program(), NOON)
    assert found.values == {
        "expiring": "0", "expires_on": "-", "next_reward": "-", "missing": "0",
    }  # fmt: skip


def local(at):
    return at.astimezone(ZoneInfo("Europe/Berlin"))
