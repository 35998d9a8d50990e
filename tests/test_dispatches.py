"""What became of messages: a guest's last ones, and all of a campaign, with why some did not go."""

from __future__ import annotations

from datetime import timedelta

import pytest
from infra.sandbox import Sandbox
from tests.steps.cafe import SERVICE_ONLY, Cafe
from tests.test_campaigns import AGREED, TELL, phone

from loyalty import dispatches
from loyalty.campaigns import commissioning
from loyalty.domain.automations import Step
from loyalty.domain.campaigns import Campaign
from loyalty.records import campaigns


@pytest.fixture(scope="module")
def sandbox():
    with Sandbox(seed="dispatches") as running_one:
        yield running_one


@pytest.fixture
def cafe(sandbox):
    sandbox.reset()
    cafe = Cafe(sandbox, "campaigns")
    yield cafe
    cafe.close()


def begins(cafe, name="spring", hour="12:30", **more):
    start = cafe.now.strftime("%Y-%m-%d")
    told = {"steps": TELL, **more}
    made = Campaign(starts=f"{start} {hour}", ends="2026-12-20 18:00", **told)
    commissioning.start(name, made, "Maya", cafe.shop)


def kept(cafe, name="spring"):
    return campaigns.get(cafe.rig.store, name)


def counted(cafe, **more):
    return dispatches.of_campaign(kept(cafe), cafe.rig.store, **more)


def seen(cafe, member, limit=10):
    found = dispatches.of_member(member, limit, cafe.rig.store)
    return [(each.about, each.channel, each.state, each.why) for each in found]


def test_a_campaigns_messages_are_counted_with_why_some_were_not_sent(cafe):
    for number in range(3):
        cafe.join(phone=phone(number), **AGREED)
    cafe.join(phone=phone(3), consents=SERVICE_ONLY)
    cafe.rig.run()
    begins(cafe)
    cafe.passes(hours=1)
    assert counted(cafe).messages == {("sent", ""): 3, ("not sent", "no-consent"): 1}


def test_what_waits_for_the_end_of_the_night_is_counted_and_shown_with_its_hour(cafe):
    member = cafe.join(phone=phone(0), **AGREED)
    cafe.rig.run()
    cafe.passes(hours=11)
    begins(cafe, hour="23:30")
    cafe.passes(hours=1)
    assert counted(cafe).messages == {("waits", ""): 1}
    [found] = dispatches.of_member(member, 10, cafe.rig.store)
    assert (found.about, found.state) == ("campaign:spring, step news", "waits")
    assert found.at.isoformat() == "2026-11-22T05:00:00+00:00"
    cafe.passes(hours=7)
    assert counted(cafe).messages == {("sent", ""): 1}
    assert seen(cafe, member) == [("campaign:spring, step news", "sms", "sent", "")]


def test_what_a_vendor_says_later_counts(cafe):
    member = cafe.join(phone=phone(0), **AGREED)
    cafe.rig.run()
    begins(cafe)
    cafe.passes(hours=1)
    act = f"journey:campaign:spring:{member}:once:news"
    cafe.hears(act, "undelivered", ErrorCode="30003")
    assert [each[2] for each in seen(cafe, member)] == ["failed"]
    assert sum(n for (state, _), n in counted(cafe).messages.items() if state == "failed") == 1


def test_a_member_sees_the_newest_messages_first_and_only_so_many(cafe):
    member = cafe.join(phone=phone(0), **AGREED)
    cafe.rig.run()
    for name in ("one", "two", "three"):
        begins(cafe, name, hour=f"{cafe.now + timedelta(hours=1, minutes=30):%H:%M}")
        cafe.passes(hours=1)
    assert [each[0] for each in seen(cafe, member, limit=2)] == [
        "campaign:three, step news",
        "campaign:two, step news",
    ]


def test_a_campaign_of_many_guests_is_counted_a_page_at_a_time(cafe):
    for number in range(5):
        cafe.join(phone=phone(number), **AGREED)
    cafe.rig.run()
    begins(cafe)
    cafe.passes(hours=1)
    found, pages = counted(cafe, limit=2), 1
    while found.after:
        found, pages = found.plus(counted(cafe, after=found.after, limit=2)), pages + 1
    assert (found.guests, found.messages, pages) == (5, {("sent", ""): 5}, 3)


def test_who_left_a_campaign_early_is_counted_with_the_reason(cafe):
    cafe.join(phone=phone(0), **AGREED)
    cafe.rig.run()
    later = {"wait": Step(wait=60), **TELL}
    begins(cafe, steps=later, stop_when=("visit",))
    cafe.passes(minutes=45)
    cafe.buys("R1", 1000, phone=phone(0))
    cafe.passes(hours=2)
    assert (counted(cafe).messages, counted(cafe).early) == ({}, {"visit": 1})
