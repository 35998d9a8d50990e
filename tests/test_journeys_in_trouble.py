"""Automations where things come late, twice or fail: what the simulator found stays mended."""

from __future__ import annotations

from datetime import timedelta

import msgspec
import pytest
from infra.sandbox import Sandbox
from tests.steps.cafe import HARI, Cafe
from tests.test_journeys import buys, joins, passes, states

from loyalty import timekeeping
from loyalty.audit import audit
from loyalty.domain.facts import minute
from loyalty.events import OccasionCame
from loyalty.guests import merging, parting
from loyalty.guests.merging import Wish
from loyalty.records import accounts, claims, contacts, entries, timers, vouchers
from loyalty.steps import journey_start, notification_dispatch

DAY = timedelta(days=1)


@pytest.fixture(scope="module")
def sandbox():
    with Sandbox(seed="journeys in trouble") as running:
        yield running


@pytest.fixture
def cafe(sandbox):
    sandbox.reset()
    cafe = Cafe(sandbox, "journeys", copies=2)
    yield cafe
    assert audit(entries.each(cafe.rig.store), accounts.each(cafe.rig.store)).findings == ()


def of_kind(cafe, kind):
    return [timer for timer in timers.each(cafe.rig.store) if timer.kind == kind]


def occasion(cafe, automation, member, key, **more):
    name = f"occasion:{automation}:{member}:{key}"
    return OccasionCame(id=name, at=cafe.rig.clock.now(), subject=member, member=member,
                        automation=automation, key=key, **more)  # fmt: skip


def hears(cafe, event):
    outcome = journey_start.handle(event, cafe.rig.shop)
    cafe.rig.run()
    return outcome


def merges(cafe, one, into):
    merging.merge(Wish("M1", one, into, "key:owner", "the same guest"), cafe.rig.shop)
    cafe.rig.run()


def test_a_journey_whose_timer_was_put_off_ends_all_the_same(cafe):
    """It was put off by another name, which came back every minute for ever."""
    joins(cafe)
    [timer] = of_kind(cafe, "journey")
    timekeeping.put_off(timer, "KeyError", cafe.rig.clock.now(), cafe.rig.shop)
    passes(cafe, 4 * DAY)
    assert (of_kind(cafe, "journey"), states(cafe, "welcome")) == ([], [("done", "")])


def test_a_timer_that_was_struck_out_is_not_put_off(cafe):
    """It came back as it was when it failed, though its work was done."""
    joins(cafe)
    [timer] = of_kind(cafe, "journey")
    timekeeping.strike_out(timer, cafe.rig.shop)
    timekeeping.put_off(timer, "KeyError", cafe.rig.clock.now(), cafe.rig.shop)
    assert of_kind(cafe, "journey") == []


def test_who_came_before_their_absence_was_heard_of_is_not_won_back(cafe):
    """Their journey took the visit that ended the absence for the one before it."""
    member = joins(cafe)
    buys(cafe)
    away = str(minute(cafe.rig.clock.now()))
    passes(cafe, 10 * DAY, DAY)
    buys(cafe, "R2", 200)
    hears(cafe, occasion(cafe, "win_back", member, away, values={"days": "60"}))
    assert states(cafe, "win_back") == [("stopped", "visit")]
    assert "60 days without you." not in cafe.texts()


def test_an_occasion_told_by_two_names_of_a_person_begins_once(cafe):
    """It came again for whom its guest was found to be, with another gift."""
    member, other = joins(cafe), cafe.rig.join(phone=HARI)
    came = occasion(cafe, "birthday_week", member, "2026")
    first = hears(cafe, came)
    merges(cafe, member, other)
    assert hears(cafe, came) == first
    assert len(list(vouchers.each(cafe.rig.store))) == 1


def test_what_began_for_either_name_of_a_person_is_published_again(cafe):
    """Of two that had begun only the one of the name that stayed was found."""
    member, other = joins(cafe), cafe.rig.join(phone=HARI)
    first = {
        who: hears(cafe, occasion(cafe, "birthday_week", who, "2026")) for who in (member, other)
    }
    merges(cafe, member, other)
    assert hears(cafe, occasion(cafe, "birthday_week", member, "2026")) == first[member]
    assert hears(cafe, occasion(cafe, "birthday_week", other, "2026")) == first[other]


def test_which_birthday_was_told_is_known_after_a_merge_that_was_a_mistake(cafe):
    """It was forgotten with the timer of who was nobody for a while."""
    member, other = joins(cafe, birthday="01-10"), cafe.rig.join(phone=HARI)
    passes(cafe, 48 * DAY, DAY)
    [before] = [timer for timer in of_kind(cafe, "yearly") if timer.subject == member]
    merges(cafe, member, other)
    parting.unmerge(member, "key:owner", cafe.rig.shop)
    cafe.rig.run()
    [after] = [timer for timer in of_kind(cafe, "yearly") if timer.subject == member]
    assert (after.marks, after.due_at) == (before.marks, before.due_at)
    assert after.marks


def test_nothing_of_a_birthday_is_kept_for_who_stays_another_member(cafe):
    member, other = joins(cafe, birthday="01-10"), cafe.rig.join(phone=HARI)
    passes(cafe, 48 * DAY, DAY)
    merges(cafe, member, other)
    passes(cafe, 340 * DAY, 10 * DAY)
    assert member not in [timer.subject for timer in of_kind(cafe, "yearly")]


def test_a_message_that_is_dropped_gives_back_its_own_place_in_the_cap_only(cafe):
    """All that were claimed at the same instant were forgotten with it."""
    member, now = joins(cafe), cafe.rig.clock.now()
    found = contacts.get(cafe.rig.store, member)
    sent = msgspec.structs.replace(found, sent=(now, now))
    cafe.rig.store.atomically("people", lambda unit: contacts.put(unit, member, sent))
    claim = next(iter(claims.each(cafe.rig.store)))
    dropped = msgspec.structs.replace(claim, at=now, purpose="marketing")
    notification_dispatch._give_back(dropped, cafe.rig.shop)
    assert contacts.get(cafe.rig.store, member).sent == (now,)
