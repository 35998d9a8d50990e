"""A year in which everything comes that time brings, as often as plain reckoning says it must.

`make year` does it with a thousand guests.
"""

from __future__ import annotations

import time
from typing import NamedTuple

import pytest
from tests.year import judging
from tests.year.living import Year, jobs
from tests.year.plan import DOWN, END, UP, Plan, drawn
from tests.year.reference import reckoned
from tests.year.seen import Seen

from loyalty.steps import lifecycle_sweep

GUESTS = 34
"""The fewest among whom is one of each kind."""


class Lived(NamedTuple):
    """A year as it was lived, and as it was reckoned."""

    plan: Plan
    year: Year
    seen: Seen
    reckoned: Seen
    seconds: float


def lived(guests: int, folder) -> Lived:
    plan = drawn(guests)
    year, began = Year(plan, folder), time.process_time()
    year.live(END)
    seconds = time.process_time() - began
    return Lived(plan, year, year.seen(), reckoned(plan, year.members), seconds)


@pytest.fixture(scope="module")
def life(tmp_path_factory):
    return lived(GUESTS, tmp_path_factory.mktemp("year"))


def test_everything_comes_as_often_as_it_must_and_every_point_is_where_it_must_be(life):
    assert judging.different(life.seen, life.reckoned) == {}


def test_timers_of_every_kind_fire(life):
    """A kind that is new is not forgotten: something in the year has to bring it."""
    assert judging.kinds() == set(lifecycle_sweep._WORK)
    assert judging.kinds() - set(life.year.fired) == set()


def test_automations_begin_on_every_occasion(life):
    assert judging.occasions() - set(judging.began(life.year, life.seen)) == set()


def test_every_job_is_done_on_each_of_its_nights(life):
    assert jobs() - set(life.seen.asked) <= {"retention"}, "which a cloud does not ask for"
    nights = (END - life.plan.facts[0].at).days - (UP - DOWN).days
    assert life.seen.asked["arm"] > nights


def test_no_phone_is_told_anything_twice(life):
    assert judging.told_twice(life.year) == []


def test_nothing_fails_and_the_ledger_adds_up(life):
    assert judging.troubles(life.year) == []


def test_a_receipt_that_was_lost_would_be_seen(life):
    last = next(fact for fact in life.plan.facts[::-1] if fact.what == "sale")
    without = [fact for fact in life.plan.facts if fact.name != last.name]
    again = reckoned(life.plan._replace(facts=without), life.year.members, last.guest)
    assert again.sums[last.guest] != life.seen.sums[last.guest]


@pytest.mark.slow  # a thousand guests: a minute, or some where others work too
def test_a_thousand_guests_live_through_a_year_as_it_was_reckoned(tmp_path):
    life = lived(1000, tmp_path)
    found = judging.found(life.year, life.seen, life.reckoned, life.seconds)
    assert [row for row in judging.rows(found) if not row.kept] == []
