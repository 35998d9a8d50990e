"""Automations put tags on guests and take them off: once, with a reason, and nobody is told."""

from __future__ import annotations

from datetime import timedelta

import pytest
from infra.sandbox import Sandbox
from tests.steps.cafe import SITA, Cafe

from loyalty.audit import audit
from loyalty.domain import tags as tags_of
from loyalty.explaining import told
from loyalty.guests import tagging
from loyalty.journeys import leading
from loyalty.records import accounts, entries, timers

DAY = timedelta(days=1)


@pytest.fixture(scope="module")
def sandbox():
    with Sandbox(seed="tags") as running:
        yield running


@pytest.fixture
def cafe(sandbox):
    """A cafe where all is delivered twice."""
    sandbox.reset()
    cafe = Cafe(sandbox, "tags", copies=2)
    yield cafe
    assert audit(entries.each(cafe.rig.store), accounts.each(cafe.rig.store)).findings == ()


def joins(cafe):
    member = cafe.rig.join(phone=SITA)
    cafe.rig.run()
    return member


def a_week_passes(cafe):
    cafe.rig.clock.advance(7 * DAY)
    cafe.rig.sweep()
    cafe.rig.sweep()


def tags(cafe, member):
    return cafe.rig.account(member).tags


def acts(cafe, member):
    return [told(entry) for entry in cafe.rig.history(member) if entry.kind == "tag"]


def test_a_tag_is_put_on_and_taken_off_once_each_and_says_why(cafe):
    member = joins(cafe)
    assert tags(cafe, member) == ("newcomer",)
    a_week_passes(cafe)
    assert tags(cafe, member) == ("silent",)
    assert acts(cafe, member) == [
        "tag newcomer given: welcome",
        "tag newcomer taken: welcome",
        "tag silent given: welcome",
    ]


def test_an_entry_of_a_tag_names_the_tag_and_the_journey_and_moves_no_points(cafe):
    member = joins(cafe)
    [entry] = cafe.rig.history(member)
    assert (entry.rule, entry.cause) == ("newcomer", f"journey:newcomer:{member}:joined")
    assert (entry.points, entry.postings, entry.by) == (0, (), "")


def test_a_step_after_a_tag_sees_it(cafe):
    joins(cafe)
    assert cafe.texts() == ["Hello, Sita!"]
    a_week_passes(cafe)
    assert len(cafe.texts()) == 1, "the tag was taken off right before"


def test_a_tag_that_is_there_is_not_given_again_and_one_that_is_not_is_not_taken(cafe):
    member = joins(cafe)
    for receipt in ("R1", "R2"):
        cafe.buys(receipt, 1_000)
        cafe.rig.clock.advance(DAY)
    assert acts(cafe, member) == ["tag newcomer given: welcome"]


def test_what_the_team_took_off_meanwhile_is_no_error(cafe):
    member = joins(cafe)
    tagging.take(member, "newcomer", "staff:maya", cafe.shop)
    a_week_passes(cafe)
    assert tags(cafe, member) == ("silent",)
    assert not [each for each in timers.each(cafe.rig.store) if each.kind == "journey"]


def test_a_tag_too_many_is_left_out_and_the_journey_goes_on(cafe):
    member = joins(cafe)
    for number in range(tags_of.MOST - 1):
        tagging.give(member, f"tag_{number}", "key:crm", cafe.shop)
    tagging.take(member, "newcomer", "key:crm", cafe.shop)
    tagging.give(member, "one_more", "key:crm", cafe.shop)
    a_week_passes(cafe)
    assert len(tags(cafe, member)) == tags_of.MOST
    assert "silent" not in tags(cafe, member)
    assert not [each for each in timers.each(cafe.rig.store) if each.kind == "journey"]


class CutOffError(Exception):
    """The process ended."""


class Cut:
    """A bus at which the process is cut off before anything is published."""

    def publish(self, *_):
        raise CutOffError


def test_a_stage_cut_off_before_it_was_told_tags_once(cafe):
    member = joins(cafe)
    cafe.rig.clock.advance(7 * DAY)
    [timer] = [each for each in timers.each(cafe.rig.store) if each.kind == "journey"]
    with pytest.raises(CutOffError):
        leading.go_on(timer, cafe.shop._replace(bus=Cut()))
    cafe.rig.sweep()
    assert acts(cafe, member)[1:] == ["tag newcomer taken: welcome", "tag silent given: welcome"]


def test_what_a_tag_tells_partners_names_nobody(cafe):
    member = joins(cafe)
    told_of = [body for topic, body in cafe.bus.published if b"posted:tag:" in body]
    assert told_of
    assert not any(SITA.encode() in body or b"Sita" in body for body in told_of), member
