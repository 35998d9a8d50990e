"""A campaign with a cron line comes in rounds, each of them a campaign of its own."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from infra.sandbox import Sandbox
from tests.steps.cafe import Cafe

from loyalty import program_file, programs, schedules
from loyalty.campaigns import commissioning
from loyalty.domain.campaigns import Campaign
from loyalty.errors import Problem
from loyalty.events import asked_for
from loyalty.records import campaigns
from loyalty.schedules import Schedule

TEXT = Path("tests/programs/campaigns.yaml").read_text("utf-8")
MONDAYS = """campaigns:
  happy_monday:
    starts: "2026-11-23 00:00"
    ends: "2026-12-14 12:00"
    cron: "0 10 * * MON"
    hours: 14
    steps: {news: {send: news}}
"""
PHONE = "+4915110000001"
AGREED = {"consents": {"sms:marketing": True, "sms:service": True}}
WEEK = timedelta(days=7)
FIRST = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
"""Ten o'clock in Berlin, on the first Monday."""


@pytest.fixture(scope="module")
def sandbox():
    with Sandbox(seed="rounds") as running:
        yield running


@pytest.fixture
def cafe(sandbox):
    sandbox.reset()
    cafe = Cafe(sandbox, "campaigns", copies=2)
    programs.publish(cafe.rig.store, TEXT + MONDAYS, cafe.rig.clock.now())
    cafe.join(phone=PHONE, **AGREED)
    cafe.passes(minutes=1)
    return cafe


def comes(cafe, at, *, late=timedelta()):
    """Let the schedule ask at an instant, or after it."""
    cafe.rig.clock.set(max(at + late, cafe.rig.clock.now()))
    cafe.rig.bus.publish("sweep-requested", [asked_for("campaign", "happy_monday")])
    cafe.rig.run()
    cafe.passes(minutes=1)


def texts(cafe):
    return Counter(each.to for each in cafe.sandbox.outbox if each.channel == "sms")[PHONE]


def rounds(cafe):
    return sorted(each.id for each in campaigns.each(cafe.rig.store))


def test_each_time_it_comes_each_guest_is_told_once(cafe):
    for week in range(3):
        comes(cafe, FIRST + week * WEEK)
        cafe.passes(hours=5)
        assert texts(cafe) == week + 1
    assert rounds(cafe) == [
        "happy_monday-20261123-1000", "happy_monday-20261130-1000", "happy_monday-20261207-1000",
    ]  # fmt: skip


def test_asked_for_twice_a_round_is_there_once(cafe):
    for late in (0, 0, 90, 600):
        comes(cafe, FIRST, late=timedelta(minutes=late))
    assert (texts(cafe), len(rounds(cafe))) == (1, 1)


def test_a_round_lasts_its_hours_and_is_over_then(cafe):
    comes(cafe, FIRST)
    cafe.passes(hours=15)
    [found] = campaigns.each(cafe.rig.store)
    assert (found.state, found.ends_at - found.starts_at) == ("ended", timedelta(hours=14))


def test_the_last_round_ends_with_the_campaign(cafe):
    comes(cafe, FIRST + 3 * WEEK)
    [found] = campaigns.each(cafe.rig.store)
    assert found.ends_at - found.starts_at == timedelta(hours=2)


@pytest.mark.parametrize("at", [FIRST - WEEK / 7, FIRST + 4 * WEEK, FIRST - WEEK])
def test_before_its_beginning_and_after_its_end_no_round_begins(cafe, at):
    cafe.rig.clock.set(at, back=True)
    comes(cafe, at)
    assert rounds(cafe) == []


def test_a_round_that_was_missed_begins_late_but_not_once_it_would_be_over(cafe):
    comes(cafe, FIRST, late=timedelta(hours=15))
    assert rounds(cafe) == []
    comes(cafe, FIRST + WEEK, late=timedelta(hours=3))
    assert (rounds(cafe), texts(cafe)) == (["happy_monday-20261130-1000"], 1)


def test_out_of_the_program_no_round_begins(cafe):
    programs.publish(cafe.rig.store, TEXT, cafe.rig.clock.now())
    comes(cafe, FIRST)
    assert rounds(cafe) == []


def test_a_round_that_is_stopped_stops_no_other(cafe):
    comes(cafe, FIRST)
    commissioning.stop("happy_monday-20261123-1000", "owner", cafe.shop)
    comes(cafe, FIRST + WEEK)
    assert texts(cafe) == 2
    assert {each.state for each in campaigns.each(cafe.rig.store)} == {"stopped", "running"}


def test_it_has_a_schedule_of_its_own():
    table = schedules.table(program_file.read(TEXT + MONDAYS))
    [own] = [each for each in table if each.name.startswith("campaign-")]
    assert own == Schedule("campaign-happy_monday", "0 10 * * MON", "Europe/Berlin")
    assert own.about == "Begins a round of a campaign that has a `cron`. (happy_monday)"
    assert own.body == asked_for("campaign", "happy_monday")


def test_without_a_cron_line_a_campaign_needs_no_schedule():
    text = MONDAYS.replace('    cron: "0 10 * * MON"\n    hours: 14\n', "")
    names = [each.name for each in schedules.table(program_file.read(TEXT + text))]
    assert not any(name.startswith("campaign") for name in names)


def test_by_hand_it_is_not_started(cafe):
    campaign = Campaign(
        starts="2026-11-23 00:00", ends="2026-12-14 12:00", cron="0 10 * * MON", hours=14
    )
    with pytest.raises(Problem, match="campaign_rounds"):
        commissioning.start("happy", campaign, "owner", cafe.shop)
