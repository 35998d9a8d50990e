"""A guest's way through an automation: from where it goes on, and when there is nothing left."""

from __future__ import annotations

from datetime import datetime

import pytest
from tests.rig import NOON

from loyalty.domain import journeys
from loyalty.domain.account import Account
from loyalty.domain.automations import Joined, Step
from loyalty.domain.journeys import Walk, walk

STEPS = Joined(steps={"hello": Step(award=5), "pause": Step(wait=60), "again": Step(award=5)})


def goes_on(begin):
    return walk(STEPS, begin, Account(id="m_1"), NOON, "UTC")


def test_a_way_goes_up_to_its_next_wait_and_on_from_there():
    first = goes_on("")
    assert (first.steps, first.next) == (("hello",), "again")
    assert goes_on("again") == Walk(("again",))


def test_after_a_step_that_is_not_there_any_more_comes_nothing():
    assert goes_on("last-chance") == Walk(())


@pytest.mark.parametrize(
    ("now", "until"),
    [
        (
            "2026-11-20T10:00:00.400+01:00",
            "2026-11-26T10:00+01:00",
        ),  # a sweep is never on the second
        ("2026-11-20T10:59+01:00", "2026-11-26T10:00+01:00"),
        ("2026-11-20T11:30+01:00", "2026-11-27T10:00+01:00"),
        ("2026-11-20T09:59+01:00", "2026-11-26T10:00+01:00"),
        ("2027-03-24T10:00+01:00", "2027-03-30T10:00+02:00"),  # a day of 23 hours lies between
        ("2026-10-23T10:00+02:00", "2026-10-29T10:00+01:00"),  # and one of 25
    ],
)
def test_a_wait_for_a_time_of_day_ends_on_the_day_that_people_mean(now, until):
    step = Step(wait=6 * 1440, at_time="10:00")
    found = journeys.waited(step, datetime.fromisoformat(now), "Europe/Berlin")
    assert found == datetime.fromisoformat(until)


def test_a_short_wait_for_a_time_of_day_never_ends_at_once():
    now = datetime.fromisoformat("2026-11-20T10:00:00+01:00")
    found = journeys.waited(Step(wait=1, at_time="10:00"), now, "Europe/Berlin")
    assert found == datetime.fromisoformat("2026-11-21T10:00+01:00")
