"""A guest's way through an automation: from where it goes on, and when there is nothing left."""

from __future__ import annotations

from tests.rig import NOON

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
