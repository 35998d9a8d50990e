"""Campaigns keep to what they told: halted in the midst, lowered, or out of budget."""

from __future__ import annotations

from collections import Counter
from contextlib import suppress
from datetime import timedelta

import msgspec
import pytest
from infra.sandbox import Sandbox
from tests.test_campaigns import (
    GIVE,
    TELL,
    Cut,
    Killed,
    joined,
    opened,
    phone,
    record,
    spring,
    starts,
    told,
)

from loyalty.audit import audit
from loyalty.campaigns import campaigning, commissioning
from loyalty.domain.automations import Step
from loyalty.domain.campaigns import Budget
from loyalty.journeys import leading
from loyalty.records import accounts, campaigns, claims, entries, journeys, timers

_replace = msgspec.structs.replace


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


class Meanwhile:
    """Does something just before the next commit, once."""

    def __init__(self, act):
        self.act, self.done = act, False

    def __call__(self):
        if not self.done:
            self.done = True
            self.act()


def timer_of(cafe):
    [timer] = [each for each in timers.each(cafe.rig.store) if each.kind == "campaign"]
    return timer


def comes(cafe):
    """Let a sweep come to the campaign."""
    campaigning.come(timer_of(cafe), cafe.shop)


def test_two_sweeps_that_begin_one_page_count_nobody_twice(cafe):
    joined(cafe, 4)
    starts(cafe, spring(holdout=50))
    commissioning.pause("spring", "owner", cafe.shop)
    cafe.rig.clock.advance(timedelta(hours=2))
    commissioning.resume("spring", "owner", cafe.shop)
    comes(cafe)  # those who met the pause: nobody
    cafe.rig.store.boundary = Meanwhile(lambda: comes(cafe))
    comes(cafe)
    assert (record(cafe).begun, record(cafe).told + record(cafe).held) == (True, 4)


LATER = {"pause": Step(wait=2 * 24 * 60), "points": Step(award=40), "more": Step(send="gift")}


def awarded(cafe):
    return [
        each.entry.points for each in entries.each(cafe.rig.store) if each.entry.kind == "award"
    ]


def paused_on_the_way(cafe):
    """Let three guests meet a pause between two steps."""
    joined(cafe, 3)
    starts(cafe, spring({**TELL, **LATER}))
    cafe.passes(hours=1)
    commissioning.pause("spring", "owner", cafe.shop)
    cafe.passes(hours=72)
    cafe.passes(minutes=16)  # each looks once more


def test_a_long_pause_costs_nothing_and_then_everybody_goes_on_at_once(cafe):
    paused_on_the_way(cafe)
    commits = cafe.rig.store.boundary.passed
    for _ in range(48):
        cafe.passes(minutes=30)
    assert cafe.rig.store.boundary.passed == commits
    assert sum(told(cafe).values()) == 3
    commissioning.resume("spring", "owner", cafe.shop)
    cafe.passes(minutes=1)
    assert told(cafe) == {phone(number): 2 for number in range(3)}
    assert awarded(cafe) == [40, 40, 40]


def paused_at_night(cafe):
    """Let a campaign begin by night, and be paused before its texts leave in the morning."""
    joined(cafe, 3)
    starts(cafe, spring(starts="2026-11-21 23:30"))
    cafe.passes(hours=12)
    commissioning.pause("spring", "owner", cafe.shop)
    for _ in range(10):
        cafe.passes(hours=1)
    assert told(cafe) == {}


def test_texts_that_meet_a_pause_cost_nothing_and_leave_when_it_ends(cafe):
    paused_at_night(cafe)
    commits = cafe.rig.store.boundary.passed
    for _ in range(48):
        cafe.passes(minutes=15)
    assert cafe.rig.store.boundary.passed == commits
    commissioning.resume("spring", "owner", cafe.shop)
    cafe.passes(minutes=1)
    assert told(cafe) == {phone(number): 1 for number in range(3)}


def test_texts_that_meet_a_pause_are_given_up_when_the_campaign_is_stopped(cafe):
    paused_at_night(cafe)
    commissioning.stop("spring", "owner", cafe.shop)
    cafe.passes(minutes=1)
    assert {each.word for each in claims.each(cafe.rig.store)} == {"campaign-over"}


@pytest.mark.parametrize("at", range(1, 13))
def test_a_text_that_meets_a_pause_as_it_ends_leaves_all_the_same(cafe, at):
    """The owner resumes at each moment of the hour in which texts find the campaign paused."""
    joined(cafe, 2)
    starts(cafe, spring(starts="2026-11-21 23:30"))
    cafe.passes(hours=12)
    commissioning.pause("spring", "owner", cafe.shop)
    cafe.rig.clock.advance(timedelta(hours=7))
    cafe.rig.store.boundary = Owner(cafe, resume=at)
    for _ in range(3):
        cafe.passes(minutes=1)
    assert told(cafe) == {phone(0): 1, phone(1): 1}


def test_more_guests_than_one_page_go_on_after_a_pause_that_came_twice(cafe):
    joined(cafe, 101)
    starts(cafe, spring({**TELL, **LATER}))
    cafe.passes(hours=1)
    commissioning.pause("spring", "owner", cafe.shop)
    cafe.passes(hours=72)
    cafe.rig.store.boundary = Owner(cafe, pause=150, resume=160)
    commissioning.resume("spring", "owner", cafe.shop)
    for _ in range(3):
        cafe.passes(minutes=16)
    assert Counter(told(cafe).values()) == {2: 101}


def test_who_meets_a_pause_while_the_campaign_is_resumed_goes_on_all_the_same(cafe):
    joined(cafe, 1)
    starts(cafe, spring({**TELL, **LATER}))
    cafe.passes(hours=1)
    commissioning.pause("spring", "owner", cafe.shop)
    cafe.rig.clock.advance(timedelta(hours=72))
    [timer] = [each for each in timers.each(cafe.rig.store) if each.kind == "journey"]
    cafe.rig.store.boundary = Meanwhile(lambda: resumes(cafe))
    leading.go_on(timer, cafe.shop)
    assert record(cafe).resuming is None, "all who waited for it were set going again"
    cafe.passes(minutes=16)
    assert told(cafe) == {phone(0): 2}


def resumes(cafe):
    """Resume the campaign, and set those going again who wait."""
    commissioning.resume("spring", "owner", cafe.shop)
    comes(cafe)


@pytest.mark.parametrize("down", [timedelta(minutes=1), timedelta(days=3)])
def test_who_was_in_a_page_that_was_cut_off_is_told_however_late_it_is_done_again(cafe, down):
    joined(cafe, 3)
    starts(cafe, spring(GIVE))
    cafe.rig.clock.advance(timedelta(hours=2))
    with suppress(Killed):
        campaigning.come(timer_of(cafe), cafe.shop._replace(bus=Cut()))
    cafe.rig.clock.advance(down)
    cafe.rig.sweep()
    assert told(cafe) == {phone(number): 1 for number in range(3)}


def test_who_was_promised_a_gift_gets_it_whole_though_the_campaign_gives_less_by_then(cafe):
    joined(cafe, 2)
    starts(cafe, spring({**TELL, **LATER}, budget=Budget(points=1000, lower_to=(50,))))
    cafe.passes(hours=1)
    lowered = _replace(record(cafe), level=50)
    cafe.rig.store.atomically("ledger", lambda unit: campaigns.put(unit, "spring", lowered))
    cafe.passes(hours=72)
    assert awarded(cafe) == [40, 40]


def test_who_cannot_be_given_anything_any_more_was_not_told_and_the_owner_reads_why(cafe):
    joined(cafe, 5)
    starts(cafe, spring(GIVE, budget=Budget(points=30)))
    cafe.passes(hours=1)
    assert sum(told(cafe).values()) == 3
    assert (record(cafe).told, record(cafe).begun) == (3, True)
    assert sum(each.arm == "told" for each in journeys.each(cafe.rig.store)) == 3
    assert [note.what for note in record(cafe).notes] == ["published", campaigning.TOO_LITTLE]


def test_a_campaign_that_is_resumed_before_its_time_is_scheduled_again(cafe):
    starts(cafe, spring())
    commissioning.pause("spring", "owner", cafe.shop)
    assert commissioning.resume("spring", "owner", cafe.shop).state == "scheduled"
    joined(cafe, 1)
    cafe.passes(hours=2)
    assert sum(told(cafe).values()) == 1
