"""Statements: a month's sums for each month in which something happened, and none is left out."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from infra.sandbox import Sandbox
from tests.rig import NOON
from tests.steps.cafe import SITA, Cafe

from loyalty.records import quarantine, timers

DAY = timedelta(days=1)


@pytest.fixture(scope="module")
def sandbox():
    with Sandbox(seed="statements") as running:
        yield running


@pytest.fixture
def cafe(sandbox):
    sandbox.reset()
    cafe = Cafe(sandbox, "statements", copies=2)
    cafe.join(phone=SITA)
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
