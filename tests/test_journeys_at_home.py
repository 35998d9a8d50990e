"""A journey goes on by the clock of the store where its guest joined."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import msgspec
import pytest
from infra.simulator.store import MemoryStore
from tests.rig import Rig, sale, void

from loyalty.campaigns import commissioning
from loyalty.connectors.spec import Guest
from loyalty.domain.automations import Step
from loyalty.domain.campaigns import Campaign
from loyalty.guests import activities, merging
from loyalty.guests.activities import Done
from loyalty.guests.merging import Wish
from loyalty.records import contacts, journeys

SITA, HARI = "+4915112345671", "+4915112345673"
DAY = timedelta(days=1)
STEPS = 'steps: {pause: {wait: 1h, at_time: "15:00"}, gift: {award: 1}}'
PROGRAM = f"""
automations:
  welcome: {{on: joined, {STEPS}}}
  birthday: {{on: birthday, {STEPS}}}
  away: {{on: dormant, days: 3, {STEPS}}}
  first: {{on: visit, nth: 1, {STEPS}}}
  line: {{on: milestone-reached, {STEPS}}}
  asked: {{on: activity, activity: survey, {STEPS}}}
milestones:
  early: {{title: {{en: Early}}, metric: visits, at: 1, award: 5}}
activities:
  survey: {{title: {{en: a survey}}, award: 3}}
"""


@pytest.fixture
def rig():
    plain = Path("tests/programs/plain.yaml").read_text("utf-8")
    abroad = '  patan: {title: Patan, tills: ["generic:patan"], zone: Asia/Kathmandu}\nearning:'
    return Rig(Path(), plain.replace("earning:", abroad) + PROGRAM, store=MemoryStore())


def lives(rig, store="", **more):
    """A guest joins, comes to the other store, answers, stays away, and has a birthday."""
    member = rig.join(phone=SITA, store=store, birthday="12-30", **more)
    rig.run()
    return member


def comes(rig, member):
    rig.tell(sale("A", 500, at=rig.clock.now()), Guest(phone=SITA))
    rig.run()
    activities.count(member, Done("survey", "S1", 5), "key:x", rig.shop)
    rig.run()
    for _ in range(45):
        rig.clock.advance(DAY)
        rig.sweep()


def clocks(rig):
    """Tell by which zone's three o'clock each journey waited."""
    return {each.automation: each.zone for each in journeys.each(rig.store)}


def test_every_journey_of_a_guest_goes_by_the_clock_of_the_store_where_they_joined(rig):
    comes(rig, lives(rig, "patan"))
    names = ("welcome", "birthday", "away", "first", "line", "asked")
    assert clocks(rig) == dict.fromkeys(names, "Asia/Kathmandu")


def test_the_nth_visit_of_a_shared_account_is_one_whoever_came(rig):
    """Voided under one name, it comes again under another: what it gave is not given twice."""
    head, other = rig.join(phone=SITA), rig.join(phone=HARI)
    merging.merge(Wish("S1", other, head, "owner", shared=True), rig.shop)
    rig.run()
    for name, phone in (("A", SITA), ("B", HARI)):
        rig.tell(sale(name, 500, at=rig.clock.now()), Guest(phone=phone))
        rig.run()
        rig.clock.advance(DAY)
        rig.sweep()
        rig.tell(void(name, at=rig.clock.now()))
        rig.run()
    led = [each for each in journeys.each(rig.store) if each.automation == "first"]
    assert [(each.member, each.state) for each in led] == [(head, "done")]


def test_it_is_three_o_clock_there(rig):
    lives(rig, "patan")
    [journey] = journeys.each(rig.store)
    assert journey.due_at == datetime(2026, 11, 22, 15, tzinfo=ZoneInfo("Asia/Kathmandu"))


def test_guests_of_whom_no_store_is_known_keep_the_brand_s_clock(rig):
    member = lives(rig, "patan")
    old = msgspec.structs.replace(contacts.get(rig.store, member), zone="")
    rig.store.atomically("people", lambda unit: contacts.put(unit, member, old))
    comes(rig, member)
    found = clocks(rig)
    assert found.pop("welcome") == "Asia/Kathmandu"
    assert set(found.values()) == {"Europe/Berlin"}


def test_who_turned_out_to_be_another_goes_by_that_one_s_clock(rig):
    hari = rig.join(phone=HARI, store="main")
    member = lives(rig, "patan")
    merging.merge(Wish("M1", member, hari, "owner"), rig.shop)
    rig.run()
    rig.tell(sale("A", 500, at=rig.clock.now()), Guest(phone=SITA))
    rig.run()
    assert clocks(rig)["first"] == "Europe/Berlin"


def test_a_campaign_goes_by_the_clock_of_its_guest_too(rig):
    rig.join(phone=SITA, store="patan")
    rig.join(phone=HARI)
    rig.run()
    steps = {"pause": Step(wait=60, at_time="15:00"), "gift": Step(award=1)}
    asked = Campaign(starts="2026-11-21 13:00", ends="2026-12-01 13:00", steps=steps)
    commissioning.start("spring", asked, "owner", rig.shop)
    rig.clock.advance(DAY)
    rig.sweep()
    led = [each for each in journeys.each(rig.store) if each.automation == "campaign:spring"]
    assert sorted(each.zone for each in led) == ["Asia/Kathmandu", "Europe/Berlin"]
    assert {each.due_at.astimezone(ZoneInfo(each.zone)).hour for each in led} == {15}
