"""After a change of the program also the silent are waited for, and nobody twice."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from infra.sandbox import Sandbox
from msgspec.structs import replace
from tests.rig import NOON
from tests.steps.cafe import Cafe
from tests.steps.test_cost import Counting

from loyalty import arming, programs
from loyalty.events import asked_for
from loyalty.records import account_record, accounts, jobs, timers

DAY = timedelta(days=1)
TEXT = Path("tests/programs/journeys.yaml").read_text("utf-8")


@pytest.fixture(scope="module")
def sandbox():
    with Sandbox(seed="arming") as running:
        yield running


@pytest.fixture
def cafe(sandbox):
    """A cafe without automations, in which one guest bought once and others never came."""
    sandbox.reset()
    counting = lambda shop: shop._replace(store=Counting(shop.store))  # noqa: E731 - a value
    cafe = Cafe(sandbox, "silent", copies=2, wrap=counting)
    cafe.join(birthday="03-31")
    cafe.buys("R1", 1_000)
    for number in range(arming.PAGE + 20):
        cafe.join("Guest", "", email=f"g{number}@example.com", birthday="03-31")
    cafe.rig.run()
    return cafe


def asks(cafe):
    cafe.bus.publish("sweep-requested", [asked_for("arm")])
    cafe.rig.run()


def kinds(cafe, due):
    return [each.kind for each in timers.each(cafe.rig.store) if each.due_at == due]


def publishes_automations(cafe):
    programs.publish(cafe.rig.store, TEXT, cafe.now)
    cafe.rig.clock.advance(timedelta(minutes=5))


def test_who_is_silent_is_waited_for_once_the_program_asks_for_it(cafe):
    asks(cafe)
    assert not kinds(cafe, NOON + 60 * DAY), "this program waits for nothing"
    publishes_automations(cafe)
    asks(cafe)
    assert kinds(cafe, NOON + 60 * DAY) == ["account"], "the one who bought may stay away"
    yearly = [each for each in timers.each(cafe.rig.store) if each.kind == "yearly"]
    assert len(yearly) == arming.PAGE + 21, "more than a page of guests has a birthday"


def test_what_is_armed_again_comes_once(cafe):
    publishes_automations(cafe)
    asks(cafe)
    asks(cafe)
    cafe.is_now(NOON + 60 * DAY)
    cafe.rig.sweep()
    cafe.rig.sweep()
    assert [text for text in cafe.texts() if "without you" in text] == ["60 days without you."]


def test_a_pass_that_was_cut_off_is_ended_by_the_sweep(cafe):
    publishes_automations(cafe)
    cafe.bus.publish("sweep-requested", [asked_for("arm")])
    cafe.bus.run(cafe.rig.handler, until_empty=False)  # the pass has begun, a page was done
    cafe.bus.pending.clear()
    for _ in range(3):
        asks(cafe)
        cafe.passes(minutes=3)
    assert jobs.get(cafe.rig.store, arming.NAME).phase == "done"


def test_a_night_on_which_the_program_has_not_changed_costs_one_read(cafe):
    asks(cafe)
    cafe.shop.store.reads = cafe.shop.store.writes = 0
    cafe.shop.programs.current()
    cost = cafe.shop.store.reads
    cafe.bus.publish("sweep-requested", [asked_for("arm")])
    cafe.bus.run(cafe.rig.handler, until_empty=False)
    assert (cafe.shop.store.reads - cost, cafe.shop.store.writes) == (2, 0), "delivered twice"
    assert accounts.find(cafe.rig.store, limit=1)


def test_who_is_armed_is_still_found_by_their_segment(cafe):
    [record] = [each for _, each in accounts.page(cafe.rig.store, "", 500) if each.account.seq]
    placed = account_record(replace(record.account, segments=("friends",)))
    cafe.rig.store.atomically("ledger", lambda unit: accounts.put(unit, placed.account.id, placed))
    publishes_automations(cafe)
    asks(cafe)
    [found] = accounts.find(cafe.rig.store, ("segments", "contains", "friends"))
    assert found.account.armed_at == NOON + 60 * DAY, "it was armed anew"
