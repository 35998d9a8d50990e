"""A journey ends once what it is about is gone: a reward, points that lapse, a tier's end."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from infra.sandbox import Sandbox
from tests.steps.cafe import SITA, Cafe

from loyalty.counter import adjusting, redeeming
from loyalty.counter.redeeming import Asking, Capturing
from loyalty.records import journeys

DAY = timedelta(days=1)
NIGHT = datetime(2027, 10, 22, 22, 5, tzinfo=UTC)
"""When points of November are told of; guests hear in the morning."""
DROPPING = """  dropping:
    on: tier-ending
    days_before: 60
    steps:
      warn: {send: dropping}
      month: {wait: 30d}
      again: {send: dropping}
"""
SAID = '  dropping: {on: automation, channels: [sms], text: {en: "{tier} ends {date}"}}\n'


@pytest.fixture(scope="module")
def sandbox():
    with Sandbox(seed="reasons") as running:
        yield running


@pytest.fixture
def cafe(sandbox):
    sandbox.reset()
    cafe = Cafe(sandbox, "journeys")
    cafe.member = cafe.join(phone=SITA)
    return cafe


def takes_a_coffee(cafe, name):
    redeeming.hold(Asking(name, cafe.member, "coffee"), cafe.shop)
    redeeming.capture(Capturing(name), cafe.shop)
    cafe.rig.run()


def days(cafe, number):
    for _ in range(number):
        cafe.passes(days=1)


def reminded(cafe):
    return len([text for text in cafe.texts() if "for the taking" in text])


def why(cafe, automation):
    return [each.why for each in journeys.each(cafe.rig.store) if each.automation == automation]


# -- a reward within reach --------------------------------------------------------------------


def test_who_took_the_reward_is_not_reminded_of_it_though_points_are_left_for_another(cafe):
    cafe.buys("R1", 4_500)
    cafe.passes(days=1)
    takes_a_coffee(cafe, "H1")
    days(cafe, 8)
    assert (cafe.points(cafe.member), reminded(cafe)) == (25, 0)
    assert why(cafe, "remind") == ["reward-taken"]


def test_who_gave_the_reward_back_is_reminded_of_it(cafe):
    cafe.buys("R1", 2_000)
    cafe.passes(days=1)
    takes_a_coffee(cafe, "H1")
    cafe.passes(hours=1)
    redeeming.take_back("H1", "owner", cafe.shop)
    cafe.rig.run()
    days(cafe, 8)
    assert (cafe.points(cafe.member), reminded(cafe)) == (20, 1)


def test_who_takes_it_time_and_again_is_reminded_of_the_last_one_alone(cafe):
    for number in range(3):
        cafe.buys(f"R{number}", 2_000)
        takes_a_coffee(cafe, f"H{number}")
        cafe.passes(days=1)
    cafe.buys("R9", 2_000)
    days(cafe, 12)
    assert reminded(cafe) == 1


def test_a_reminder_stops_without_a_stop_of_its_own_when_points_are_not_enough(sandbox, tmp_path):
    cafe = altered(sandbox, tmp_path, "    stop_when: [unaffordable]\n", "")
    cafe.buys("R1", 2_000)
    adjusting.adjust(cafe.member, -15, "a mistake", "A1", "owner", cafe.shop)
    cafe.rig.run()
    days(cafe, 8)
    assert (reminded(cafe), why(cafe, "remind")) == (0, ["unaffordable"])


# -- points that lapse ------------------------------------------------------------------------


def test_points_that_were_used_by_morning_are_not_said_to_lapse(cafe):
    cafe.buys("R1", 2_000)
    cafe.is_now(NIGHT)
    cafe.rig.sweep()
    assert cafe.points(cafe.member) == 20
    takes_a_coffee(cafe, "H1")
    cafe.passes(hours=12)
    assert not [text for text in cafe.texts() if "lapse" in text]


def test_points_that_are_still_there_in_the_morning_are(cafe):
    cafe.buys("R1", 2_000)
    cafe.is_now(NIGHT)
    cafe.rig.sweep()
    cafe.passes(hours=12)
    assert [text for text in cafe.texts() if "20 points lapse" in text]


# -- a tier that ends -------------------------------------------------------------------------


def altered(sandbox, tmp_path, *changes):
    """A cafe with a program that says something else."""
    sandbox.reset()
    text = Path("tests/programs/journeys.yaml").read_text("utf-8")
    for old, new in zip(changes[::2], changes[1::2], strict=True):
        assert old in text
        text = text.replace(old, new, 1)
    (tmp_path / "altered.yaml").write_text(text, "utf-8")
    cafe = Cafe(sandbox, tmp_path / "altered")
    cafe.member = cafe.join(phone=SITA)
    return cafe


@pytest.mark.parametrize("bought", [False, True])
def test_who_keeps_the_tier_after_all_is_not_warned_again(sandbox, tmp_path, bought):
    window = "tiers:\n  metric: spend\n"
    cafe = altered(
        sandbox, tmp_path, "automations:\n", f"automations:\n{DROPPING}",
        "messages:\n", f"messages:\n{SAID}", window, f"{window}  window: calendar_year\n",
    )  # fmt: skip
    cafe.buys("R1", 60_000)
    cafe.is_now(datetime(2027, 12, 4, 12, tzinfo=UTC))
    cafe.passes(minutes=1)
    cafe.passes(minutes=1)
    if bought:
        cafe.buys("R2", 60_000)
    for _ in range(6):
        cafe.passes(days=6)
    warned = [text for text in cafe.texts() if "Gold ends" in text]
    assert (len(warned), why(cafe, "dropping")) == ((1, ["tier-kept"]) if bought else (2, [""]))
