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

from loyalty import programs
from loyalty.events import asked_for
from loyalty.journeys import arming
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


def test_who_cannot_be_read_for_a_night_is_waited_for_from_the_next_one_on(cafe):
    [bought] = [each.account.id for each in accounts.each(cafe.rig.store) if each.account.seq]
    key = accounts.key(bought)
    [document] = cafe.rig.store.get(key)
    put(cafe, key, {**document, "v": 99})
    publishes_automations(cafe)
    asks(cafe)
    put(cafe, key, document)
    assert not kinds(cafe, NOON + 60 * DAY)
    cafe.passes(days=1)
    asks(cafe)
    assert kinds(cafe, NOON + 60 * DAY) == ["account"]


def put(cafe, key, document):
    cafe.rig.store.atomically("ledger", lambda unit: unit.put(key, document))


# -- who is away for long already -----------------------------------------------------------------

ALREADY = TEXT.replace("    days: 60\n", "    days: 60\n    include_already: true\n")


def changes_the_program(cafe, text):
    """Publish a version, let it take effect, and let its first night pass."""
    programs.publish(cafe.rig.store, text, cafe.now)
    cafe.rig.clock.advance(timedelta(minutes=5))
    asks(cafe)
    cafe.rig.sweep()
    cafe.is_now(cafe.now + DAY)
    cafe.rig.sweep()


def missed(cafe):
    return [text for text in cafe.texts() if "without you" in text]


def test_who_is_away_for_long_already_is_not_told_when_a_win_back_is_new(cafe):
    cafe.is_now(NOON + 200 * DAY)
    changes_the_program(cafe, TEXT)
    assert missed(cafe) == []
    cafe.is_now(NOON + 400 * DAY)
    cafe.rig.sweep()
    assert missed(cafe) == [], "nor on any later day of this absence"


def test_who_comes_after_that_and_stays_away_again_is_told(cafe):
    cafe.is_now(NOON + 200 * DAY)
    changes_the_program(cafe, TEXT)
    cafe.buys("R2", 1_000)
    cafe.passes(days=61)
    assert missed(cafe) == ["61 days without you."]


def test_who_passes_the_mark_while_nothing_runs_for_days_is_told_all_the_same(cafe):
    cafe.is_now(NOON + 59 * DAY)
    programs.publish(cafe.rig.store, TEXT, cafe.now)
    cafe.is_now(NOON + 66 * DAY)
    asks(cafe)
    cafe.rig.sweep()
    assert missed(cafe) == ["66 days without you."]


def test_an_automation_that_says_so_begins_for_those_already_away(cafe):
    cafe.is_now(NOON + 200 * DAY)
    changes_the_program(cafe, ALREADY)
    assert missed(cafe) == ["200 days without you."]


def test_those_passed_over_are_told_once_the_automation_says_so(cafe):
    cafe.is_now(NOON + 200 * DAY)
    changes_the_program(cafe, TEXT)
    changes_the_program(cafe, ALREADY)
    assert missed(cafe) == ["201 days without you."]
    changes_the_program(cafe, TEXT.replace("days: 60", "days: 61"))
    assert len(missed(cafe)) == 1


def test_a_shorter_absence_floods_nobody_either(cafe):
    programs.publish(cafe.rig.store, TEXT, cafe.now)
    cafe.is_now(NOON + 50 * DAY)
    changes_the_program(cafe, TEXT.replace("days: 60", "days: 30"))
    assert missed(cafe) == []


def test_another_step_does_not_make_an_automation_new(cafe):
    programs.publish(cafe.rig.store, TEXT, cafe.now)
    cafe.is_now(NOON + 60 * DAY - timedelta(minutes=10))
    programs.publish(cafe.rig.store, TEXT.replace("{wait: 7d}", "{wait: 8d}"), cafe.now)
    cafe.is_now(NOON + 62 * DAY)
    asks(cafe)
    cafe.rig.sweep()
    assert missed(cafe) == ["62 days without you."]


def test_by_rhythm_too_nobody_is_told_who_was_away_for_long_already(cafe):
    for number in range(2, 6):
        cafe.passes(days=10)
        cafe.buys(f"R{number}", 1_000)
    cafe.passes(days=21)
    by_rhythm = TEXT.replace("    days: 60\n", "    rhythm: 2\n    least_days: 14\n")
    changes_the_program(cafe, by_rhythm)
    assert missed(cafe) == [], "twenty days were long already"
    cafe.buys("R6", 1_000)
    cafe.passes(days=14)
    cafe.passes(days=15)
    assert missed(cafe) == ["29 days without you."], "the median is ten, with one gap of 22"
