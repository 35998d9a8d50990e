"""A win-back is never sent to a guest who came back, whatever became of the receipt."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from infra.sandbox import Sandbox
from tests.rig import NOON, refund, sale, void
from tests.steps.cafe import SITA, Cafe

from loyalty import programs
from loyalty.connectors.spec import Guest
from loyalty.counter import adjusting, redeeming
from loyalty.counter.redeeming import Asking
from loyalty.events import decode
from loyalty.journeys import leading
from loyalty.records import journeys as kept
from loyalty.records import timers, vouchers
from loyalty.steps import journey_start

DAY = timedelta(days=1)
STAGES = (
    Path("tests/programs/stopping.yaml")
    .read_text("utf-8")
    .replace(
        "      tell: {send: gift}\n",
        "      tell: {send: gift}\n      day: {wait: 1d}\n      third: {send: gift}\n",
    )
)
"""A win-back of three stages."""


@pytest.fixture(scope="module")
def sandbox():
    with Sandbox(seed="stops") as running:
        yield running


@pytest.fixture
def cafe(sandbox):
    """A cafe with a guest who bought twice and then stays away; a win-back has two texts."""
    sandbox.reset()
    cafe = Cafe(sandbox, "stopping", copies=2)
    cafe.member = cafe.join(phone=SITA)
    for receipt in ("R0", "R1"):
        cafe.buys(receipt, 900)
        cafe.rig.clock.advance(DAY)
    return cafe


def tells(cafe, fact):
    cafe.rig.tell(fact, Guest(phone=SITA))
    cafe.rig.run()


def stays_away(cafe):
    cafe.is_now(NOON + 62 * DAY)
    cafe.rig.sweep()
    assert missed(cafe) == ["61 days without you."]


def comes_back(cafe, what):
    """Buy something that counts for nothing, waits for a person, or goes back."""
    amount = {"review": 60_000, "too little": 100}.get(what, 1_000)
    channel = "delivery" if what == "delivery" else "in_store"
    tells(cafe, sale("R2", amount, at=cafe.now, channel=channel))
    if what == "refund":
        tells(cafe, refund("F2", "R2", amount, at=cafe.now))
    if what == "void":
        tells(cafe, void("R2", at=cafe.now))


def a_week_passes(cafe):
    cafe.is_now(cafe.now + 7 * DAY)
    cafe.rig.sweep()


def missed(cafe):
    return [text for text in cafe.texts() if "without you" in text or "for you" in text]


def states(cafe, automation="win_back"):
    found = kept.each(cafe.rig.store)
    return [(each.state, each.why) for each in found if each.automation == automation]


@pytest.mark.parametrize("what", ["refund", "void", "review", "too little", "delivery"])
def test_who_came_back_is_left_alone_whatever_becomes_of_the_receipt(cafe, what):
    stays_away(cafe)
    comes_back(cafe, what)
    a_week_passes(cafe)
    assert (states(cafe), len(missed(cafe))) == ([("stopped", "visit")], 1)


def test_money_back_for_the_last_visit_is_no_coming_back(cafe):
    """The newest visit was another one then, and the win-back ended for nothing."""
    stays_away(cafe)
    tells(cafe, refund("F1", "R1", 900, at=cafe.now))
    a_week_passes(cafe)
    assert states(cafe) == [("done", "")]


def test_a_receipt_from_before_the_absence_that_is_told_late_is_no_coming_back(cafe):
    stays_away(cafe)
    tells(cafe, sale("R00", 1_000, at=NOON + timedelta(hours=1)))
    a_week_passes(cafe)
    assert states(cafe) == [("done", "")]


def test_who_came_before_the_win_back_had_begun_gets_none_of_it(cafe):
    """The sweep had told of the absence; whoever begins journeys was down until noon."""
    cafe.is_now(NOON + 62 * DAY)
    heard = []
    publish = cafe.bus.publish

    class Slow:
        """A bus on which one topic is held up."""

        def publish(self, topic, bodies):
            heard.extend(bodies) if topic == "occasion-came" else publish(topic, bodies)

    cafe.rig.shop, shop = cafe.rig.shop._replace(bus=Slow()), cafe.rig.shop
    cafe.rig.sweep()
    cafe.rig.shop = shop
    assert heard
    cafe.buys("R2", 1_000)
    cafe.bus.publish("occasion-came", heard)
    cafe.rig.run()
    assert (states(cafe), missed(cafe)) == ([("stopped", "visit")], [])
    assert journey_start.handle(decode(heard[0]), shop) == ()


def test_who_spent_the_points_before_a_reminder_had_begun_is_not_reminded(cafe):
    """Both acts came before whoever begins journeys heard of the first."""
    adjusting.adjust(cafe.member, 5, "a gift", "A1", "ravi", cafe.shop)
    adjusting.adjust(cafe.member, -20, "a mistake", "A2", "ravi", cafe.shop)
    cafe.rig.run()
    assert states(cafe, "remind") == [("stopped", "unaffordable")]


@pytest.mark.parametrize("what", ["refund", "void", "review", "too little", "delivery"])
def test_it_does_not_begin_for_who_was_there_hours_before(cafe, what):
    cafe.is_now(NOON + 61 * DAY - timedelta(hours=3))
    comes_back(cafe, what)
    cafe.is_now(NOON + 62 * DAY)
    cafe.rig.sweep()
    a_week_passes(cafe)
    assert missed(cafe) == []


class CutOffError(Exception):
    """The process ended."""


class Cut:
    """A bus at which the process is cut off before anything is published."""

    def publish(self, *_):
        raise CutOffError


@pytest.mark.parametrize("down", [timedelta(minutes=1), DAY, 9 * DAY])
def test_what_a_stage_said_is_said_however_late_it_is_done_again(sandbox, down):
    sandbox.reset()
    cafe = staged(sandbox)
    cafe.join(phone=SITA)
    cafe.buys("R1", 900)
    cafe.is_now(NOON + 61 * DAY)
    cafe.rig.sweep()
    cafe.is_now(cafe.now + 7 * DAY)
    [timer] = [each for each in timers.each(cafe.rig.store) if "win_back" in each.subject]
    with pytest.raises(CutOffError):
        leading.go_on(timer, cafe.shop._replace(bus=Cut()))
    cafe.rig.bus.published.clear()
    cafe.is_now(cafe.now + down)
    cafe.rig.sweep()
    posted = [decode(body) for topic, body in cafe.rig.bus.published if topic == "points-posted"]
    assert {each.kind for each in posted} == {"award"}


CAKE = STAGES.replace(
    "rewards:\n", "rewards:\n  cake: {title: {en: a cake}, points: 30, valid_days: 5}\n"
).replace("second: {award: 10}", "second: {reward: cake}").replace(
    "+{award} for you. Balance {balance}.", "{reward} for you: {code}"
)  # fmt: skip


def staged(sandbox, text=STAGES):
    cafe = Cafe(sandbox, "stopping")
    publishes(cafe, text)
    return cafe


def publishes(cafe, text):
    programs.publish(cafe.rig.store, text, cafe.now)
    cafe.rig.clock.advance(timedelta(minutes=3))


def test_a_reward_of_a_journey_is_the_one_of_its_version_and_can_be_redeemed(sandbox):
    sandbox.reset()
    cafe = staged(sandbox)
    publishes(cafe, CAKE)
    member = cafe.join(phone=SITA)
    cafe.buys("R1", 900)
    cafe.is_now(NOON + 61 * DAY)
    cafe.rig.sweep()
    publishes(cafe, STAGES)
    cafe.is_now(cafe.now + 7 * DAY)
    cafe.rig.sweep()
    [given] = vouchers.each(cafe.rig.store)
    assert (given.reward, given.expires_at - given.issued_at) == ("cake", 5 * DAY)
    assert redeeming.hold(Asking("H1", member, voucher=given.id), cafe.shop)


def test_what_an_automation_says_is_not_said_once_the_program_has_it_no_more(sandbox):
    sandbox.reset()
    cafe = staged(sandbox)
    cafe.join(phone=SITA)
    cafe.buys("R1", 900)
    cafe.is_now(NOON + 60 * DAY + timedelta(hours=11))  # at night nothing leaves
    cafe.rig.sweep()
    before, _, rest = STAGES.partition("  win_back:\n")
    publishes(cafe, before + rest[rest.index("  remind:\n") :])
    cafe.rig.clock.advance(timedelta(hours=11))
    cafe.rig.sweep()
    assert missed(cafe) == []


def test_a_win_back_stops_with_a_visit_also_where_nobody_said_so(sandbox):
    sandbox.reset()
    cafe = staged(sandbox)
    publishes(cafe, STAGES.replace("    stop_when: [visit]\n", "", 1))
    cafe.join(phone=SITA)
    cafe.buys("R1", 900)
    cafe.is_now(NOON + 61 * DAY)
    cafe.rig.sweep()
    cafe.buys("R2", 900)
    a_week_passes(cafe)
    assert states(cafe) == [("stopped", "visit")]
