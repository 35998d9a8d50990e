"""Automations: begun once for each occasion, led on by time, ended when their reason is gone."""

from __future__ import annotations

from datetime import timedelta

import pytest
from infra.sandbox import Sandbox
from tests.rig import NOON, refund, sale
from tests.steps.cafe import SITA, Cafe

from loyalty.audit import audit
from loyalty.connectors.spec import Guest
from loyalty.guests import activities, erasing
from loyalty.guests.activities import Done
from loyalty.journeys import leading
from loyalty.records import accounts, entries, timers, vouchers
from loyalty.records import journeys as kept

DAY = timedelta(days=1)


@pytest.fixture(scope="module")
def sandbox():
    with Sandbox(seed="journeys") as running:
        yield running


@pytest.fixture
def cafe(sandbox):
    """A cafe whose automations do nothing twice, though all is delivered twice."""
    sandbox.reset()
    cafe = Cafe(sandbox, "journeys", copies=2)
    yield cafe
    assert audit(entries.each(cafe.rig.store), accounts.each(cafe.rig.store)).findings == ()


def joins(cafe, **more):
    member = cafe.rig.join(phone=SITA, **more)
    cafe.rig.run()
    return member


def passes(cafe, time, step=timedelta(hours=6)):
    """Let time pass as a scheduler sees it."""
    end = cafe.rig.clock.now() + time
    while cafe.rig.clock.now() < end:
        cafe.rig.clock.advance(min(step, end - cafe.rig.clock.now()))
        cafe.rig.sweep()


def buys(cafe, receipt="R1", amount=1_000, at=None):
    fact = sale(receipt, amount, at=at or cafe.rig.clock.now())
    cafe.rig.tell(fact, Guest(phone=SITA))
    cafe.rig.run()


def states(cafe, automation):
    found = kept.each(cafe.rig.store)
    return [(each.state, each.why) for each in found if each.automation == automation]


def test_a_welcome_goes_on_at_its_time_of_day_and_branches(cafe):
    joins(cafe)
    assert cafe.texts() == ["Welcome, Sita!"]
    passes(cafe, 2 * DAY)
    assert len(cafe.texts()) == 1, "two days later it is noon; ten o'clock is tomorrow"
    passes(cafe, DAY)
    assert cafe.texts()[1:] == ["Come by, Sita."]
    assert states(cafe, "welcome") == [("done", "")]


def test_who_came_meanwhile_is_told_something_else(cafe):
    joins(cafe)
    buys(cafe)
    passes(cafe, 3 * DAY)
    assert cafe.texts() == ["Welcome, Sita!", "Good to see you."]


def test_a_birthday_brings_a_voucher_once_a_year_with_its_lead(cafe):
    member = joins(cafe, birthday="01-10")
    given = ("member", "==", member)
    passes(cafe, 46 * DAY)
    assert list(vouchers.each(cafe.rig.store, given)) == [], "it is the sixth of January"
    passes(cafe, 2 * DAY)
    [coffee] = vouchers.each(cafe.rig.store, given)
    assert cafe.texts()[-1] == f"Happy birthday! a coffee: {coffee.code}"
    passes(cafe, 366 * DAY, DAY)
    assert len(list(vouchers.each(cafe.rig.store, given))) == 2


def test_the_third_visit_is_asked_about(cafe):
    joins(cafe)
    for number in range(4):
        buys(cafe, f"R{number}", 200)
        passes(cafe, DAY)
    assert [text for text in cafe.texts() if "How was it" in text] == [
        "Visit 3 at Main Street. How was it?"
    ]


def test_a_win_back_gives_in_steps_to_who_stays_away(cafe):
    joins(cafe)
    buys(cafe)
    passes(cafe, 61 * DAY, DAY)
    assert cafe.texts()[-1] == "60 days without you."
    passes(cafe, 8 * DAY, DAY)
    assert cafe.texts()[-1] == "+10 for you. Balance 20."
    passes(cafe, 90 * DAY, DAY)
    assert states(cafe, "win_back") == [("done", "")], "once for each absence"


def test_a_win_back_stops_when_the_guest_comes(cafe):
    member = joins(cafe)
    buys(cafe)
    passes(cafe, 62 * DAY, DAY)
    buys(cafe, "R2", 200)
    passes(cafe, 8 * DAY, DAY)
    assert states(cafe, "win_back") == [("stopped", "visit")]
    assert cafe.rig.points(member) == 12


def test_a_receipt_told_late_stops_a_win_back_too(cafe):
    joins(cafe)
    buys(cafe)
    passes(cafe, 62 * DAY, DAY)
    buys(cafe, "R2", 200, at=cafe.rig.clock.now() - 20 * DAY)
    passes(cafe, 8 * DAY, DAY)
    assert states(cafe, "win_back") == [("stopped", "visit")]


def test_who_came_while_a_message_waited_for_the_morning_is_not_told_it(cafe):
    joins(cafe)
    buys(cafe)
    cafe.rig.clock.set(NOON + 60 * DAY + timedelta(hours=12))
    cafe.rig.sweep()  # at night: the message waits for eight o'clock
    buys(cafe, "R2", 200, at=cafe.rig.clock.now())
    passes(cafe, DAY)
    assert not any("without you" in text for text in cafe.texts())


def test_points_about_to_lapse_are_told_of_once(cafe):
    joins(cafe)
    buys(cafe)
    passes(cafe, 366 * DAY, DAY)
    assert [text for text in cafe.texts() if "lapse" in text] == [
        "10 points lapse after 21 November 2027."
    ]


def test_bad_feedback_reaches_the_team_and_good_does_not(cafe):
    member = joins(cafe)
    activities.count(member, Done("survey", "S1", 1), "key:x", cafe.rig.shop)
    activities.count(member, Done("survey", "S2", 5), "key:x", cafe.rig.shop)
    cafe.rig.run()
    alerts = [message.text for message in cafe.sandbox.outbox if message.channel == "staff"]
    assert alerts == ["A guest was unhappy."]


def test_a_reward_within_reach_is_told_of_unless_it_was_used_up(cafe):
    joins(cafe)
    buys(cafe, "R1", 2_500)
    passes(cafe, 3 * DAY)
    cafe.rig.tell(refund("r", "R1", 2_000, at=cafe.rig.clock.now()))
    cafe.rig.run()
    passes(cafe, 5 * DAY)
    assert states(cafe, "remind") == [("stopped", "unaffordable")]
    buys(cafe, "R2", 2_000)
    passes(cafe, 8 * DAY)
    assert cafe.texts()[-1] == "a coffee is yours for the taking."


def test_an_erased_guest_is_on_no_way_any_more(cafe):
    member = joins(cafe)
    erasing.erase(member, cafe.rig.shop)
    cafe.rig.run()
    passes(cafe, 3 * DAY)
    assert states(cafe, "welcome") == [("stopped", "nobody")]
    assert not [each for each in timers.each(cafe.rig.store) if each.kind == "journey"]


class CutOffError(Exception):
    """The process ended."""


class Cut:
    """A bus at which the process is cut off before anything is published."""

    def publish(self, *_):
        raise CutOffError


def test_a_stage_that_was_cut_off_before_it_was_told_is_told_by_the_next_sweep(cafe):
    joins(cafe)
    [timer] = [each for each in timers.each(cafe.rig.store) if each.kind == "journey"]
    cafe.rig.clock.set(timer.due_at)
    with pytest.raises(CutOffError):
        leading.go_on(timer, cafe.rig.shop._replace(bus=Cut()))
    cafe.rig.sweep()
    assert cafe.texts() == ["Welcome, Sita!", "Come by, Sita."]
    assert not [each for each in timers.each(cafe.rig.store) if each.kind == "journey"]
