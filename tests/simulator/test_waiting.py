"""In every seventh simulated shop much waits; what goes wrong with it is seen."""

from __future__ import annotations

import pytest
from infra.simulator.planted import bugs, planted
from infra.simulator.playing import play
from infra.simulator.schedule import Publish, Tell, made
from infra.simulator.what_waits import Ask, Back, Begin, Born, Halt, Hush, Pass, Waiting
from infra.simulator.world import World

from loyalty.records import campaigns, journeys

SEEDS = {
    "an occasion that is heard again begins again": 26,
    "a journey goes on though its reason is gone": 166,
    "a win-back leaves though its guest came back": 509,
    "a win-back begins for who came before it was heard": 3141,
    "a timer that fails is given up": 68,
    "a journey's timer is set anew before its events are published": 54,
    "who is about to lose points is not warned in time": 327,
    "only the first month is told of": 33,
    "what was used counts as nothing in a statement": 40,
    "a day of the year that was told comes again": 26,
    "an account's timer is not set for what time brings to its guest": 33,
    "whoever is held out is told too": 26,
    "a campaign that is halted goes on": 131,
    "a message of a campaign that is halted leaves": 698,
    "what is spent of a budget is not written": 54,
    "a part of a budget may be passed": 54,
    "a gift is booked that the budget does not have": 54,
    "who met a pause of a campaign never goes on": 600,
    "a campaign ends after its first page of guests": 40,
    "a campaign takes a page of guests more than it has room for": 12,
    "the switch is looked at once": 201,
    "the night's run ends after its first page": 40,
    "the next page of the night's run is not promised": 159,
    "what one took of a shared account today is not added up": 26,
}
"""The first shop in which each bug shows."""


def test_every_seventh_shop_waits_for_everything_there_is_to_wait_for():
    shops = [made(seed) for seed in range(350)]
    assert [shop.waits for shop in shops] == [seed % 7 == 5 for seed in range(350)]
    acts = [event for shop in shops for event in shop.events if isinstance(event, Waiting)]
    assert {type(act) for act in acts} == {Pass, Back, Ask, Begin, Halt, Hush, Born}
    assert {act.what for act in acts if isinstance(act, Halt)} == {"pause", "resume", "stop"}
    assert {act.job for act in acts if isinstance(act, Ask)} == {"segments", "arm", "waiting"}
    begun = [act for act in acts if isinstance(act, Begin)]
    assert {act.kind for act in begun} == {"news", "points", "reward", "fewer", "steps"}
    assert any(act.holdout for act in begun)
    assert any(act.most for act in begun)
    assert {shop.crowd for shop in shops} == {0, 105, 130}


def test_a_version_that_is_published_is_there_before_what_it_is_to_judge():
    """A clock that is set back would let what came before it be judged by it."""
    for shop in map(made, range(5, 700, 7)):
        kinds = {type(event) for event in shop.events}
        assert not {Publish, Back} <= kinds


def test_every_kind_of_journey_begins_and_campaigns_have_both_arms():
    worlds = [play(made(seed)).world for seed in range(5, 120, 7)]
    ways = [way for world in worlds for way in journeys.each(lived(world).store)]
    kinds = {way.automation for way in ways if not way.automation.startswith("campaign:")}
    assert kinds >= {"welcome", "birthday", "win_back", "statement", "lapsing", "second_time"}
    assert {way.arm for way in ways} == {"", "told", "held"}
    assert {way.state for way in ways} == {"waiting", "done", "stopped", "held"}
    ends = {each.state for world in worlds for each in campaigns.each(world.store)}
    assert ends >= {"running", "stopped", "ended"}


def lived(world: World) -> World:
    """A world whose replay ended as it had ended."""
    assert world.wrong == []
    return world


def test_guests_come_back_after_a_month():
    shops = [made(seed) for seed in range(5, 200, 7)]
    told = [{e.fact.receipt for e in shop.events if isinstance(e, Tell)} for shop in shops]
    assert sum({"W0", "W1"} <= names for names in told) > len(shops) // 3


@pytest.mark.parametrize("name", SEEDS)
def test_a_bug_of_what_waits_is_seen(name):
    bug, schedule = next(bug for bug in bugs() if bug.name == name), made(SEEDS[name])
    with planted(bug):
        assert play(schedule).wrong
    assert play(schedule).wrong == []
