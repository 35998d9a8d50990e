"""Campaigns: each guest once, none after STOP, none of the holdout, never beyond the budget."""

from __future__ import annotations

import json
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest
from infra.sandbox import Sandbox
from infra.simulator.store import MemoryStore
from tests.rig import NOON
from tests.steps.cafe import Cafe

from loyalty import program_file, programs, silence
from loyalty.adapters.firestore import FirestoreStore
from loyalty.adapters.sqlite import SqliteStore
from loyalty.audit import audit
from loyalty.campaigns import budgeting, campaigning, commissioning, entering
from loyalty.campaigns.campaign_records import CampaignRecord, Switch
from loyalty.domain import campaigns as rules
from loyalty.domain.automations import Guests, Step
from loyalty.domain.campaigns import Budget, Campaign, LastChance, Offer
from loyalty.errors import Problem, TryAgain
from loyalty.events import SweepRequested, encode
from loyalty.guests import merging, tagging
from loyalty.guests.merging import Wish
from loyalty.program_file.campaign_text import read_campaigns
from loyalty.records import accounts, campaigns, claims, contacts, entries, journeys, timers

AGREED = {"consents": {"sms:marketing": True, "sms:service": True}}
TELL = {"news": Step(send="news")}
GIVE = {"points": Step(award=10), "tell": Step(send="gift")}


class Killed(BaseException):
    """The process dies."""


class Boundaries:
    """Counts the moments around each commit and each publishing; dies at those it is told of."""

    def __init__(self):
        self.passed, self.fatal = 0, set()

    def __call__(self):
        self.passed += 1
        if self.passed in self.fatal:
            raise Killed


class Store(MemoryStore):
    """Dies before or after a commit, when told to."""

    def __init__(self):
        super().__init__()
        self.boundary, self.listed = Boundaries(), Counter()

    def query(self, query):
        found = super().query(query)
        self.listed[query.collection] += len(found)
        return found

    def before_commit(self):
        self.boundary()

    def committed(self, _database, _work, _writes):
        self.boundary()


class Bus:
    """Dies before, or right after, something was published."""

    def __init__(self, bus, boundary):
        self._bus, self._boundary = bus, boundary

    def publish(self, topic, events):
        self._boundary()
        self._bus.publish(topic, events)
        self._boundary()


@pytest.fixture(scope="module")
def sandbox():
    with Sandbox(seed="campaigns") as running_one:
        yield running_one


@pytest.fixture
def cafe(sandbox):
    sandbox.reset()
    cafe = opened(sandbox)
    yield cafe
    assert audit(entries.each(cafe.rig.store), accounts.each(cafe.rig.store)).findings == ()


def opened(sandbox, store=None, **more):
    store = store or Store()

    def wrap(shop):
        return shop._replace(bus=Bus(shop.bus, store.boundary))

    return Cafe(sandbox, "campaigns", store=store, wrap=wrap, **{"copies": 2, **more})


def phone(number):
    return f"+49151{10_000_000 + number}"


def joined(cafe, number, **more):
    """Let so many guests join who want to hear of us."""
    found = [cafe.join(phone=phone(each), **{**AGREED, **more}) for each in range(number)]
    cafe.rig.run()
    return found


def spring(steps=TELL, **more):
    """A campaign that begins in an hour and lasts ten days."""
    base = {"starts": "2026-11-21 13:00", "ends": "2026-12-01 13:00", "steps": steps}
    return Campaign(**{**base, **more})


def starts(cafe, campaign, name="spring"):
    return commissioning.start(name, campaign, "owner", cafe.shop)


def record(cafe, name="spring"):
    found = campaigns.get(cafe.rig.store, name)
    assert found
    return found


def told(cafe):
    """Count the texts that the vendor took, by phone."""
    return Counter(each.to for each in cafe.sandbox.outbox if each.channel == "sms")


def arms(cafe):
    return {each.member: each.arm for each in journeys.each(cafe.rig.store) if each.arm}


def why_dropped(cafe):
    return Counter(each.word for each in claims.each(cafe.rig.store) if each.state == "dropped")


# -- beginning ----------------------------------------------------------------------------------


def test_a_campaign_tells_its_guests_at_its_time_and_each_once(cafe):
    joined(cafe, 3)
    starts(cafe, spring())
    cafe.passes(minutes=30)
    assert told(cafe) == {}
    cafe.passes(minutes=31)
    cafe.passes(hours=3)
    assert told(cafe) == {phone(number): 1 for number in range(3)}
    assert (record(cafe).state, record(cafe).told, record(cafe).begun) == ("running", 3, True)


def test_nobody_is_told_who_never_agreed_to_marketing(cafe):
    joined(cafe, 2, consents={"sms:service": True})
    starts(cafe, spring())
    cafe.passes(hours=2)
    assert told(cafe) == {}
    assert set(why_dropped(cafe)) == {"no-consent"}


def test_300_guests_are_told_once_though_the_process_dies_everywhere(sandbox, capsys):
    sandbox.reset()
    cafe = opened(sandbox, copies=1)
    members = joined(cafe, 300)
    cafe.gets("STOP", phone(7))
    cafe.rig.run()
    sandbox.reset()
    starts(cafe, spring(holdout=10))
    cafe.rig.clock.advance(timedelta(hours=2))
    with capsys.disabled():
        print(f" {survived(cafe)} deaths")
    held = {members.index(who) for who, arm in arms(cafe).items() if arm == "held"}
    assert 10 < len(held) < 60
    assert told(cafe) == dict.fromkeys(map(phone, {*range(300)} - held - {7}), 1)
    assert (record(cafe).told, record(cafe).held) == (300 - len(held), len(held))


def survived(cafe):
    """Sweep until all rests; die at each of the first boundaries, then here and there."""
    boundary, deaths, at, work = cafe.rig.store.boundary, 0, 1, cafe.rig.sweep
    for _ in range(1000):
        boundary.passed, boundary.fatal = 0, {at}
        at += 1 if at < 260 else 29
        try:
            work()
        except Killed:
            deaths += 1
            work = cafe.rig.run if record(cafe).begun else cafe.rig.sweep
            cafe.rig.clock.advance(timedelta(minutes=1))
        else:
            break
    boundary.fatal = set()
    cafe.passes(minutes=5)
    assert record(cafe).begun
    return deaths


def dies_once_somebody_is_begun(cafe):
    """Sweep, and die right after the first guest's journey was written."""
    for at in range(1, 50):
        cafe.rig.store.boundary.passed, cafe.rig.store.boundary.fatal = 0, {at}
        with suppress(Killed):
            cafe.rig.sweep()
        if arms(cafe):
            break
    cafe.rig.store.boundary.fatal = set()


def test_a_page_that_is_done_again_has_no_room_for_who_joined_since(cafe):
    """Who joined was counted before whoever was begun, who then was one too many."""
    joined(cafe, 3)
    starts(cafe, spring(guests_at_most=1))
    cafe.rig.clock.advance(timedelta(hours=2))
    dies_once_somebody_is_begun(cafe)
    joined(cafe, 40)
    cafe.passes(minutes=5)
    assert (len(arms(cafe)), record(cafe).told) == (1, 1)


def test_whoever_is_merged_before_their_page_is_done_again_is_counted(cafe):
    """Of two who were told it counted one, and had room for somebody else."""
    members = joined(cafe, 2)
    starts(cafe, spring())
    cafe.rig.clock.advance(timedelta(hours=2))
    dies_once_somebody_is_begun(cafe)
    [begun] = arms(cafe)
    [other] = set(members) - {begun}
    merging.merge(Wish("M1", begun, other, "key:owner", "the same guest"), cafe.shop)
    cafe.passes(minutes=5)
    assert (arms(cafe), record(cafe).told) == ({begun: "told"}, 1)


@pytest.mark.parametrize("ends", ["stopped", "over"])
def test_what_a_page_gave_is_known_though_its_campaign_is_over_before_it_was_published(cafe, ends):
    """It died between the gift and its publishing; nobody came to that page again."""
    joined(cafe, 1)
    starts(cafe, spring(GIVE))
    cafe.rig.clock.advance(timedelta(hours=2))
    dies_once_somebody_is_begun(cafe)
    if ends == "stopped":
        commissioning.stop("spring", "owner", cafe.shop)
    cafe.passes(days=11)
    [gift] = [e.entry.id for e in entries.each(cafe.rig.store) if e.entry and e.kind == "award"]
    assert f"posted:{gift}" in {json.loads(body)["id"] for _, body in cafe.rig.bus.published}
    assert (told(cafe), record(cafe).begun) == ({}, False)


@pytest.mark.slow  # two minutes: 10,000 guests join, and are told by real HTTP
def test_10000_guests_are_told_once_though_the_process_dies_five_times(sandbox, capsys):
    sandbox.reset()
    cafe = opened(sandbox, copies=1)
    cafe.starts_with(TWILIO_CALLS_PER_SECOND="9999")  # no real second passes here
    number = {who: place for place, who in enumerate(joined(cafe, 10_000))}
    silent = set(range(0, 10_000, 100))
    for place in silent:
        cafe.gets("STOP", phone(place))
    cafe.rig.run()
    sandbox.reset()
    starts(cafe, spring(holdout=10, offer=Offer(factor=20_000)))
    cafe.rig.clock.advance(timedelta(hours=2))
    boundary, work, deaths = cafe.rig.store.boundary, cafe.rig.sweep, 0
    for at in (1_000, 5_001, 9_000, 15_002, 20_003, 0):
        boundary.passed, boundary.fatal = 0, {at}
        try:
            work()
        except Killed:
            deaths += 1
            cafe.rig.clock.advance(timedelta(minutes=1))
    cafe.passes(minutes=5)
    held = {number[who] for who, arm in arms(cafe).items() if arm == "held"}
    assert deaths == 5
    texts = told(cafe)
    with capsys.disabled():
        print(f" {deaths} deaths, {len(texts)} told, {max(texts.values())} text each at the most,")
        print(f" {len(held)} held out, {len(silent - held)} others had said STOP")
    assert texts == dict.fromkeys(map(phone, {*range(10_000)} - held - silent), 1)
    assert (record(cafe).told, record(cafe).held) == (10_000 - len(held), len(held))
    assert 800 < len(held) < 1_200
    offered = {each.account.id for each in accounts.each(cafe.rig.store) if each.account.offers}
    assert {number[who] for who in offered} == {*range(10_000)} - held
    cafe.passes(days=1)
    came = record(cafe).came
    assert (came.told.guests, came.held.guests) == (10_000 - len(held), len(held))


# -- who ----------------------------------------------------------------------------------------


def test_a_campaign_is_for_the_guests_it_names_and_for_so_many(cafe):
    first, second, third = joined(cafe, 3)
    starts(cafe, spring(when=Guests(visits_at_least=1)))
    starts(cafe, spring(guests_at_most=2), "few")
    cafe.buys("R1", 500, phone(1))
    cafe.passes(hours=2)
    found = [each for each in journeys.each(cafe.rig.store) if each.arm]
    assert [each.member for each in found if each.automation == "campaign:spring"] == [second]
    assert len([each for each in found if each.automation == "campaign:few"]) == 2
    assert {first, second, third} >= {each.member for each in found}


def test_a_campaign_for_a_segment_reads_only_its_guests(cafe):
    first, *_ = joined(cafe, 5)
    tagging.give(first, "friend", "owner", cafe.shop)
    night = SweepRequested(id="night", at=cafe.now, subject="segments", job="segments")
    cafe.rig.bus.publish("sweep-requested", [encode(night)])
    cafe.rig.run()
    starts(cafe, spring(segments=("friends",)))
    starts(cafe, spring(segments=("friends", "helpers")), "both")
    cafe.rig.store.listed.clear()
    cafe.passes(hours=2)
    assert (record(cafe).told, record(cafe, "both").told) == (1, 1)
    assert cafe.rig.store.listed["accounts"] == 2


def test_who_was_merged_meanwhile_is_told_once_and_keeps_the_arm(cafe):
    first, second = joined(cafe, 2)
    starts(cafe, spring())
    merging.merge(Wish("m1", first, second, "owner"), cafe.shop)
    cafe.rig.run()
    cafe.passes(hours=2)
    assert sum(told(cafe).values()) == 1
    assert arms(cafe) == {second: "told"}


def test_an_arm_stays_what_it_was_after_a_merge(cafe):
    members = joined(cafe, 30)
    starts(cafe, spring(holdout=50))
    cafe.passes(hours=2)
    before = arms(cafe)
    gone, stays = (next(who for who in members if before[who] == arm) for arm in ("told", "held"))
    merging.merge(Wish("m1", gone, stays, "owner"), cafe.shop)
    cafe.rig.run()
    again = [entering.enter(record(cafe), who, cafe.shop).arm for who in (gone, stays)]
    assert again == ["told", "held"]
    assert arms(cafe) == before


def drawn_out(name, campaign):
    return [who for who in range(4000) if rules.is_held_out(f"m_{who}", name, campaign)]


def test_who_is_held_out_is_drawn_by_the_guest_and_the_campaign():
    drawn = {
        (name, salt): drawn_out(name, spring(holdout=10, salt=salt))
        for name in ("a", "b")
        for salt in ("", "x")
    }
    assert all(320 < len(found) < 480 for found in drawn.values())
    assert len({tuple(found) for found in drawn.values()}) == 4


# -- by which channel ---------------------------------------------------------------------------

BOTH = {"sms:marketing": True, "email:marketing": True}
LETTER = {"news": Step(send="both")}


@pytest.fixture
def mailing(cafe):
    """A cafe that may send promotions by e-mail: they carry a group to leave by one click."""
    cafe.starts_with(SENDGRID_ASM_GROUP_ID="1001")
    return cafe


def ways(cafe):
    """Tell by which channels each guest was reached, in the order of the messages."""
    return [(each.channel, each.to) for each in cafe.sandbox.outbox]


def test_a_campaign_tells_by_the_channels_it_names_in_their_order(mailing):
    mailing.join(phone=phone(1), email="a@cafe.example", consents=BOTH)
    mailing.join(phone=phone(2), email="b@cafe.example", consents={"sms:marketing": True})
    starts(mailing, spring(LETTER, channels=("email", "sms")))
    mailing.passes(hours=2)
    assert sorted(ways(mailing)) == [("email", "a@cafe.example"), ("sms", phone(2))]


def test_a_steps_own_channels_come_before_the_campaigns_and_those_before_the_messages(mailing):
    mailing.join(phone=phone(1), email="a@cafe.example", consents=BOTH)
    steps = {"mail": Step(send="both"), "text": Step(send="both", channels=("sms",))}
    starts(mailing, spring(steps, channels=("email",), last_chance=LastChance(send="both")))
    starts(mailing, spring(LETTER), "plain")
    mailing.passes(hours=2)
    assert sorted(each for each, _ in ways(mailing)) == ["email", "sms", "sms"]
    mailing.sandbox.reset()
    mailing.passes(days=8)
    assert [each for each, _ in ways(mailing)] == ["email"], "the last chance, as the campaign says"


def test_no_other_channel_is_used_than_those_a_campaign_names(mailing):
    mailing.join(phone=phone(1), consents={"sms:marketing": True})
    starts(mailing, spring(LETTER, channels=("email",)))
    mailing.passes(hours=2)
    assert ways(mailing) == []
    assert set(why_dropped(mailing)) == {"no-consent"}


# -- halting ------------------------------------------------------------------------------------


def test_a_paused_campaign_waits_and_goes_on_where_it_was(cafe):
    joined(cafe, 2)
    later = {"pause": Step(wait=60), "again": Step(send="gift")}
    starts(cafe, spring({"points": Step(award=10), **TELL, **later}))
    cafe.passes(hours=1)
    commissioning.pause("spring", "owner", cafe.shop)
    for _ in range(20):
        cafe.passes(minutes=20)
    assert sum(told(cafe).values()) == 2
    commissioning.resume("spring", "owner", cafe.shop)
    cafe.passes(minutes=20)
    assert told(cafe) == {phone(0): 2, phone(1): 2}


def test_a_campaign_paused_before_its_first_page_begins_when_it_is_resumed(cafe):
    joined(cafe, 1)
    starts(cafe, spring())
    commissioning.pause("spring", "owner", cafe.shop)
    cafe.passes(hours=5)
    assert told(cafe) == {}
    commissioning.resume("spring", "owner", cafe.shop)
    cafe.passes(minutes=1)
    assert sum(told(cafe).values()) == 1


def test_a_message_under_way_waits_while_its_campaign_is_paused(cafe):
    joined(cafe, 1)
    starts(cafe, spring())
    cafe.rig.clock.advance(timedelta(hours=1))
    [timer] = timers.find(cafe.rig.store, ("due_at", "<=", cafe.now), order="due_at")
    campaigning.come(timer, cafe.shop)
    commissioning.pause("spring", "owner", cafe.shop)
    cafe.rig.run()
    assert told(cafe) == {}
    commissioning.resume("spring", "owner", cafe.shop)
    cafe.passes(minutes=16)
    assert sum(told(cafe).values()) == 1


def test_nothing_of_a_stopped_campaign_is_sent_any_more(cafe):
    joined(cafe, 2)
    starts(cafe, spring({**TELL, "pause": Step(wait=60), "again": Step(send="gift")}))
    cafe.rig.clock.advance(timedelta(hours=1))
    [timer] = timers.find(cafe.rig.store, ("due_at", "<=", cafe.now), order="due_at")
    campaigning.come(timer, cafe.shop)
    commissioning.stop("spring", "owner", cafe.shop)
    cafe.rig.run()
    cafe.passes(hours=3)
    assert told(cafe) == {}
    assert set(why_dropped(cafe)) == {"campaign-over"}
    assert {(j.state, j.why) for j in journeys.each(cafe.rig.store)} == {
        ("stopped", "campaign-over")
    }
    with pytest.raises(Problem, match="over"):
        commissioning.resume("spring", "owner", cafe.shop)


def test_a_campaign_ends_at_its_end_and_its_journeys_with_it(cafe):
    joined(cafe, 1)
    starts(cafe, spring({**TELL, "pause": Step(wait=60 * 24 * 20), "again": Step(send="gift")}))
    for _ in range(22):
        cafe.passes(days=1)
    assert sum(told(cafe).values()) == 1
    assert record(cafe).state == "ended"
    [journey] = journeys.each(cafe.rig.store)
    assert (journey.state, journey.why) == ("stopped", "campaign-over")


def test_a_last_chance_is_told_before_the_end_once(cafe):
    joined(cafe, 2)
    starts(cafe, spring(last_chance=LastChance(send="last", days_before=2)))
    cafe.passes(hours=2)
    cafe.passes(days=7, hours=21)
    assert told(cafe) == {phone(0): 1, phone(1): 1}
    cafe.passes(hours=2)
    cafe.passes(days=1)
    assert told(cafe) == {phone(0): 2, phone(1): 2}
    assert cafe.sandbox.outbox[-1].text.endswith("until 1 December 2026.")


# -- the budget ---------------------------------------------------------------------------------


def test_a_budget_is_spent_to_its_last_gift_and_nobody_is_promised_more(cafe):
    joined(cafe, 8)
    starts(cafe, spring(GIVE, budget=Budget(points=57)))
    cafe.passes(hours=2)
    assert budgeting.spent(cafe.rig.store, "spring").points == 50
    assert sum(told(cafe).values()) == 5
    assert len(list(journeys.each(cafe.rig.store))) == record(cafe).told == 5


def test_a_budget_in_money_counts_points_and_rewards(cafe):
    joined(cafe, 4)
    steps = {"points": Step(award=15), "coffee": Step(reward="coffee")}
    budget = Budget(money=400, points_cost=50, reward_cost=110)
    starts(cafe, spring(steps, budget=budget))
    cafe.passes(hours=2)
    assert budgeting.spent(cafe.rig.store, "spring") == (0, 354), "8 for the points and 110, thrice"


def test_what_is_projected_to_cost_too_much_is_lowered_and_said_so(cafe):
    joined(cafe, 120)
    starts(cafe, spring(GIVE, budget=Budget(points=1_120, lower_to=(50,))))
    cafe.passes(hours=2)
    found = record(cafe)
    assert (found.level, found.told) == (50, 120)
    assert sum("points lowered to 50 percent" in note.what for note in found.notes) == 1
    assert budgeting.spent(cafe.rig.store, "spring").points == 100 * 10 + 20 * 5


def test_the_last_of_lower_steps_takes_no_more_guests(cafe):
    joined(cafe, 120)
    starts(cafe, spring(GIVE, budget=Budget(points=900, lower_to=(0,))))
    cafe.passes(hours=2)
    found = record(cafe)
    assert (found.told, found.begun, found.state) == (90, True, "running")
    assert "takes no more guests" in found.notes[-1].what


STORES = {
    "sqlite": lambda request: SqliteStore(request.getfixturevalue("tmp_path") / "loyalty.db"),
    "firestore": lambda request: FirestoreStore(
        request.getfixturevalue("firestore_project")(), patience=60.0
    ),
}


@pytest.mark.parametrize("kind", STORES)
def test_no_budget_is_overshot_by_16_threads(request, kind):
    store = STORES[kind](request)
    found = CampaignRecord(
        id="spring", campaign=spring(GIVE, budget=Budget(points=153)), version="v", by="owner",
        at=NOON, starts_at=NOON, ends_at=NOON + timedelta(days=10),
    )  # fmt: skip

    def spend(guest):
        work = partial(budgeting.spend, record=found, cost=rules.Cost(10), person=f"m_{guest}")
        while True:
            with suppress(TryAgain):
                return store.atomically("ledger", work)

    with ThreadPoolExecutor(16) as pool:
        given = sum(pool.map(spend, range(24)))
    assert (given, budgeting.spent(store, "spring").points) == (15, 150)
    store.close()


def test_16_threads_that_begin_the_same_guests_give_each_once_and_no_more_than_there_is(
    sandbox, tmp_path
):
    cafe = Cafe(sandbox, "campaigns", store=SqliteStore(tmp_path / "loyalty.db"))
    members = joined(cafe, 30)
    found = starts(cafe, spring(GIVE, budget=Budget(points=203)))
    with ThreadPoolExecutor(16) as pool:
        entered = list(pool.map(lambda who: entering.enter(found, who, cafe.shop), members * 4))
    assert Counter(each.arm for each in entered) == {"told": 4 * 20, "": 4 * 10}
    assert sum(cafe.points(who) for who in members) == 200
    assert budgeting.spent(cafe.rig.store, "spring").points == 200
    assert audit(entries.each(cafe.rig.store), accounts.each(cafe.rig.store)).findings == ()
    cafe.rig.close()


# -- silence ------------------------------------------------------------------------------------


def test_the_switch_stops_every_message_to_guests_and_no_alert(cafe):
    joined(cafe, 1)
    silence.turn(cafe.rig.store, Switch(stopped=True, at=cafe.now, by="owner"))
    starts(cafe, spring({**TELL, "call": Step(alert="opened")}))
    cafe.passes(hours=2)
    assert [each.channel for each in cafe.sandbox.outbox] == ["staff"]
    assert set(why_dropped(cafe)) == {"all-stopped"}
    silence.turn(cafe.rig.store, Switch(stopped=False, at=cafe.now, by="owner"))
    starts(cafe, spring(), "second")
    cafe.passes(minutes=1)
    assert sum(told(cafe).values()) == 1


def test_with_test_numbers_nobody_else_gets_a_message(sandbox):
    sandbox.reset()
    cafe = opened(sandbox, tests=f"{phone(1)}, Owner@Cafe.example")
    joined(cafe, 3)
    starts(cafe, spring())
    cafe.passes(hours=2)
    assert told(cafe) == {phone(1): 1}
    assert why_dropped(cafe) == {"not-a-test-number": 2}


@pytest.mark.parametrize(
    "written", ["+49 151 10000001", "+49-151-(100)00001", "nobody +4915110000001"]
)
def test_a_test_number_is_known_as_people_write_it(sandbox, written):
    sandbox.reset()
    cafe = opened(sandbox, tests=written)
    joined(cafe, 2)
    starts(cafe, spring())
    cafe.passes(hours=2)
    assert told(cafe) == {phone(1): 1}


# -- publishing ---------------------------------------------------------------------------------


def test_a_campaign_of_the_program_file_runs_as_it_was_first_published(cafe):
    joined(cafe, 1)
    text = Path("tests/programs/campaigns.yaml").read_text("utf-8")
    written = """
campaigns:
  summer: {starts: "2026-11-21 13:00", ends: "2026-12-01 13:00", steps: {tell: {send: news}}}
  past: {starts: "2026-11-01 13:00", ends: "2026-11-02 13:00", steps: {tell: {send: news}}}
"""
    programs.publish(cafe.rig.store, text + written, cafe.now)
    cafe.passes(minutes=3)
    assert [each.id for each in campaigns.each(cafe.rig.store)] == ["summer"]
    cafe.passes(hours=2)
    assert sum(told(cafe).values()) == 1
    programs.publish(cafe.rig.store, text + written.replace("tell", "hello"), cafe.now)
    cafe.passes(hours=2)
    assert [*record(cafe, "summer").campaign.steps] == ["tell"]
    assert sum(told(cafe).values()) == 1


def test_a_campaign_is_started_twice_as_once_and_another_of_its_name_not_at_all(cafe):
    assert starts(cafe, spring()) == starts(cafe, spring())
    with pytest.raises(Problem, match="campaign_exists"):
        starts(cafe, spring(holdout=1))
    with pytest.raises(Problem, match="campaign_over"):
        starts(cafe, spring(starts="2026-10-01 10:00", ends="2026-10-02 10:00"), "past")


# -- what came of it ----------------------------------------------------------------------------


def days(cafe, number):
    for _ in range(number):
        cafe.passes(days=1)


def test_both_arms_are_counted_from_their_records_each_day_and_at_the_end(cafe):
    members = joined(cafe, 130)
    starts(cafe, spring(holdout=50))
    cafe.buys("BEFORE", 9_000, phone(0))
    cafe.passes(hours=2)
    number = {who: place for place, who in enumerate(members)}
    told, held = (
        [number[who] for who, arm in arms(cafe).items() if arm == kind] for kind in ("told", "held")
    )
    for place in [*told[:30], *held[:12]]:
        cafe.buys(f"R{place}", 1_000, phone(place))
    assert record(cafe).came is None
    days(cafe, 2)
    came = record(cafe).came
    assert not came.final
    days(cafe, 9)
    came = record(cafe).came
    assert came.final
    for found, kind, bought in ((came.told, told, 30), (came.held, held, 12)):
        assert (found.guests, found.buyers, found.visits) == (len(kind), bought, bought)
        assert (found.spend, found.squares) == (bought * 1_000, str(bought * 1_000_000))
    cafe.buys("AFTER", 5_000, phone(told[0]))
    days(cafe, 3)
    assert record(cafe).came == came, "what is bought later is not of the campaign"
    assert [each for each in timers.each(cafe.rig.store) if each.kind == "compare"] == []


def test_who_was_merged_or_shares_an_account_is_not_counted(cafe):
    first, second, third, _ = joined(cafe, 4)
    merging.merge(Wish("m0", first, second, "owner", shared=True), cafe.shop)
    starts(cafe, spring(holdout=50))
    cafe.passes(hours=2)
    merging.merge(Wish("m1", third, cafe.join(phone=phone(9)), "owner"), cafe.shop)
    cafe.rig.run()
    commissioning.stop("spring", "owner", cafe.shop)
    cafe.passes(minutes=1)
    came = record(cafe).came
    assert (came.final, came.told.guests + came.held.guests) == (True, 1)


def test_a_last_chance_before_the_beginning_is_told_before_it_starts():
    program = program_file.read(Path("tests/programs/campaigns.yaml").read_text("utf-8"))
    file = """campaigns:
  spring:
    starts: "2026-11-21 13:00"
    ends: "2026-12-01 13:00"
    steps: {tell: {send: news}}
    last_chance: {send: last, days_before: 10}
"""
    with pytest.raises(program_file.Mistakes, match="before the campaign begins"):
        read_campaigns(file, program, "spring.yaml")
    read_campaigns(file.replace("10}", "9}"), program, "spring.yaml")


class Cut:
    """A bus at which the process is cut off before anything is published."""

    def publish(self, *_):
        raise Killed


def test_who_left_the_segment_before_their_page_is_done_again_is_told_all_the_same(cafe):
    members = joined(cafe, 3)
    placed(cafe)
    starts(cafe, spring(GIVE, segments=("new",)))
    cafe.rig.clock.advance(timedelta(hours=2))
    [timer] = [each for each in timers.each(cafe.rig.store) if each.kind == "campaign"]
    with suppress(Killed):
        campaigning.come(timer, cafe.shop._replace(bus=Cut()))
    for number, _ in enumerate(members):
        for visit in range(2):
            at = cafe.now - timedelta(hours=5 * visit)
            cafe.buys(f"R{number}{visit}", 500, phone=phone(number), at=at)
    cafe.rig.clock.advance(timedelta(hours=20))
    placed(cafe)
    assert "new" not in {name for who in members for name in cafe.rig.account(who).segments}
    cafe.rig.sweep()
    cafe.passes(hours=1)
    assert told(cafe) == {phone(number): 1 for number in range(3)}
    assert record(cafe).told == 3


def placed(cafe):
    """Place every guest in their segments, as each night."""
    now = cafe.rig.clock.now()
    event = SweepRequested(id=f"segments:{now}", at=now, subject="segments", job="segments")
    cafe.rig.bus.publish("sweep-requested", [encode(event)])
    cafe.rig.run()


def test_a_message_that_waited_through_a_pause_and_is_dropped_leaves_its_place_in_the_cap(cafe):
    [member] = joined(cafe, 1)
    starts(cafe, spring(stop_when=("visit",)))
    cafe.rig.clock.advance(timedelta(hours=1, minutes=5))
    held, publish = [], cafe.rig.bus.publish
    cafe.rig.bus.publish = lambda topic, bodies: (
        held.extend(bodies) if topic == "notification-requested" else publish(topic, bodies)
    )
    cafe.rig.sweep()
    cafe.rig.bus.publish = publish
    commissioning.pause("spring", "owner", cafe.shop)
    publish("notification-requested", held)
    cafe.rig.run()
    cafe.passes(minutes=16)
    commissioning.stop("spring", "owner", cafe.shop)
    cafe.passes(minutes=16)
    assert why_dropped(cafe) == {"campaign-over": 1}
    assert contacts.get(cafe.rig.store, member).sent == ()
