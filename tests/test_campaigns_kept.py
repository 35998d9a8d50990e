"""Campaigns keep to what they told: halted in the midst, lowered, or out of budget, none is lost."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

import pytest
from infra.sandbox import Sandbox
from tests.steps.cafe import Cafe
from tests.test_campaigns import GIVE, TELL, joined, opened, phone, record, spring, starts, told

from loyalty.audit import audit
from loyalty.campaigns import budgeting, commissioning
from loyalty.domain.automations import Step
from loyalty.domain.campaigns import Budget
from loyalty.records import accounts, entries, journeys


@pytest.fixture(scope="module")
def sandbox():
    with Sandbox(seed="kept") as running_one:
        yield running_one


@pytest.fixture
def cafe(sandbox):
    sandbox.reset()
    cafe = opened(sandbox)
    yield cafe
    assert audit(entries.each(cafe.rig.store), accounts.each(cafe.rig.store)).findings == ()


class Owner:
    """Pauses and resumes a campaign just before so many commits of its sweep."""

    def __init__(self, cafe, **acts):
        self.cafe, self.passed, self.busy = cafe, 0, False
        self.acts = {at: getattr(commissioning, act) for act, at in acts.items()}

    def __call__(self):
        if self.busy:
            return
        self.passed += 1
        if act := self.acts.get(self.passed):
            self.busy = True
            act("spring", "owner", self.cafe.shop)
            self.busy = False


def test_nobody_is_left_out_who_came_up_while_a_campaign_was_paused_for_a_moment(cafe):
    joined(cafe, 20)
    starts(cafe, spring())
    cafe.rig.store.boundary = Owner(cafe, pause=10, resume=14)
    cafe.passes(hours=2)
    for _ in range(3):
        cafe.passes(minutes=16)
    assert [note.what for note in record(cafe).notes] == ["published", "paused", "running"]
    assert told(cafe) == {phone(number): 1 for number in range(20)}
    assert (record(cafe).told, record(cafe).begun) == (20, True)
