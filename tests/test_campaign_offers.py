"""A campaign's offer on receipts: whose, when, how much, within which budget, and taken back."""

from __future__ import annotations

import random
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from infra.sandbox import Sandbox
from tests.rig import refund, sale, void
from tests.steps.cafe import Cafe
from tests.steps.test_cost import Counting
from tests.test_campaigns import (
    Killed,
    joined,
    opened,
    phone,
    placed,
    record,
    spring,
    starts,
    survived,
)

from loyalty.adapters.sqlite import SqliteStore
from loyalty.audit import audit
from loyalty.campaigns import budgeting, campaigning, commissioning
from loyalty.counter import quoting, reassigning
from loyalty.domain.campaigns import Budget, Offer
from loyalty.domain.conditions import When
from loyalty.domain.transaction import Line, Sale
from loyalty.events import TransactionRecorded, claimed
from loyalty.explaining import explain
from loyalty.guests import merging, parting, tagging
from loyalty.guests.merging import Wish
from loyalty.records import accounts, entries, journeys
from loyalty.steps import points_calculation

DOUBLE = Offer(factor=20_000)
NAMED = {"title": {"en": "Momo Week"}}


@pytest.fixture(scope="module")
def sandbox():
    with Sandbox(seed="offers") as running_one:
        yield running_one


@pytest.fixture
def cafe(sandbox):
    sandbox.reset()
    cafe = opened(sandbox)
    yield cafe
    assert audit(entries.each(cafe.rig.store), accounts.each(cafe.rig.store)).findings == ()


def offering(cafe, offer=DOUBLE, guests=1, **more):
    """Run a campaign with an offer for some guests; it has begun an hour ago."""
    members = joined(cafe, guests)
    starts(cafe, spring(**{"steps": {}, "offer": offer, **NAMED, **more}))
    cafe.passes(hours=2)
    return members


def last(cafe, member):
    return cafe.rig.history(member)[-1]


def spent(cafe):
    return budgeting.spent(cafe.rig.store, "spring")


# -- who, and when --------------------------------------------------------------------------------


def test_a_receipt_earns_twice_while_the_campaign_runs_and_says_why(cafe):
    [member] = offering(cafe)
    cafe.buys("R1", 1_050, phone(0))
    assert cafe.points(member) == 21
    assert last(cafe, member).reason == "EUR 10.50: 1 point per euro; 2x from campaign Momo Week"


def test_who_is_held_out_never_gets_it(cafe):
    members = offering(cafe, guests=12, holdout=50)
    arms = {each.member: each.arm for each in journeys.each(cafe.rig.store)}
    for number, _ in enumerate(members):
        cafe.buys(f"R{number}", 1_000, phone(number))
    assert {arms[who]: cafe.points(who) for who in members} == {"told": 20, "held": 10}
    assert len({arms[who] for who in members}) == 2


def test_it_goes_by_the_time_of_the_purchase_and_not_by_when_it_is_told(cafe):
    [member] = offering(cafe)
    before, within = cafe.now - timedelta(hours=3), cafe.now
    cafe.buys("EARLY", 1_000, phone(0), at=before)
    for _ in range(12):
        cafe.passes(days=1)
    assert record(cafe).state == "ended"
    cafe.buys("LATE", 1_000, phone(0), at=within)
    cafe.buys("AFTER", 1_000, phone(0))
    assert [entry.points for entry in cafe.rig.history(member)] == [10, 20, 10]


def test_it_is_only_for_who_entered_the_campaign(cafe):
    offering(cafe)
    stranger = cafe.join(phone=phone(9))
    cafe.buys("R1", 1_000, phone(9))
    assert cafe.points(stranger) == 10


def test_an_offer_is_for_receipts_and_lines_as_a_rule_is(cafe):
    when = When(categories=("tea",), minimum=500)
    [member] = offering(cafe, Offer(factor=30_000, when=when))
    cafe.buys("COFFEE", 1_000, phone(0))
    cafe.buys("SMALL", 400, phone(0), category="tea")
    cafe.buys("TEA", 1_000, phone(0), category="tea")
    assert [entry.points for entry in cafe.rig.history(member)] == [10, 4, 30]


# -- taken back, edited, waiting ------------------------------------------------------------------


def test_a_refund_in_three_parts_takes_back_at_the_same_multiplier(cafe):
    [member] = offering(cafe, Offer(factor=15_000))
    cafe.buys("R1", 1_000, phone(0))
    assert cafe.points(member) == 15
    for _ in range(12):
        cafe.passes(days=1)
    for number, left in enumerate((10, 5, 0)):
        part = (333, 333, 334)[number]
        cafe.tells(refund(f"F{number}", "R1", part, at=cafe.now), phone(0))
        assert cafe.points(member) == left


def test_an_edit_keeps_the_offer_of_the_first_judgement(cafe):
    [member] = offering(cafe)
    cafe.buys("R1", 1_000, phone(0))
    commissioning.stop("spring", "owner", cafe.shop)
    cafe.passes(minutes=1)
    cafe.buys("R1", 2_000, phone(0), revision=1)
    assert cafe.points(member) == 40


def test_points_for_each_visit_are_given_once_a_sitting(cafe):
    [member] = offering(cafe, Offer(points=7))
    for number, minutes in enumerate((0, 10, 120)):
        cafe.rig.clock.advance(timedelta(minutes=minutes))
        cafe.buys(f"R{number}", 1_000, phone(0))
    assert [entry.points for entry in cafe.rig.history(member)] == [17, 10, 17]
    cafe.tells(void("R0", at=cafe.now), phone(0))
    assert last(cafe, member).points == -17


def test_points_for_the_first_purchase_are_given_once(cafe):
    [member] = offering(cafe, Offer(points=50, each="first"))
    for number in range(2):
        cafe.passes(days=1)
        cafe.buys(f"R{number}", 1_000, phone(0))
    assert [entry.points for entry in cafe.rig.history(member)] == [60, 10]


# -- what it costs --------------------------------------------------------------------------------


def test_a_purchase_under_an_offer_costs_no_more_reads_and_writes_than_any(sandbox):
    costs = []
    for offer in (None, DOUBLE):
        sandbox.reset()
        cafe = opened(sandbox, copies=1)
        joined(cafe, 1)
        if offer:
            starts(cafe, spring(steps={}, offer=offer, **NAMED))
        cafe.passes(hours=2)
        cafe.buys("R1", 1_000, phone(0))
        counted = Counting(cafe.rig.store)
        cafe.rig.shop = cafe.rig.shop._replace(store=counted)
        cafe.buys("R2", 1_000, phone(0))
        costs.append((counted.reads, counted.writes))
    assert costs[0] == costs[1]


def test_a_purchase_under_an_offer_with_a_budget_costs_one_read_and_one_write_more(sandbox):
    costs = []
    for budget in (Budget(), Budget(points=1_000)):
        sandbox.reset()
        cafe = opened(sandbox, copies=1)
        offering(cafe, budget=budget)
        cafe.buys("R1", 1_000, phone(0))
        counted = Counting(cafe.rig.store)
        cafe.rig.shop = cafe.rig.shop._replace(store=counted)
        cafe.buys("R2", 1_000, phone(0))
        costs.append((counted.reads, counted.writes))
    (reads, writes), with_budget = costs
    assert with_budget == (reads + 1, writes + 1)


def test_an_offer_is_counted_against_the_budget_and_given_back_with_a_refund(cafe):
    budget = Budget(points=100, money=300, points_cost=300)
    [member] = offering(cafe, budget=budget)
    cafe.buys("R1", 1_000, phone(0))
    cafe.buys("R1", 1_000, phone(0))
    assert (cafe.points(member), spent(cafe)) == (20, (10, 30))
    cafe.tells(refund("F1", "R1", 450, at=cafe.now), phone(0))
    assert (cafe.points(member), spent(cafe)) == (11, (6, 18))
    cafe.tells(void("R1", at=cafe.now), phone(0))
    assert (cafe.points(member), spent(cafe)) == (0, (0, 0))


def test_what_the_budget_has_not_is_not_given_and_the_entry_says_so(cafe):
    first, second = offering(cafe, guests=2, budget=Budget(points=12))
    cafe.buys("R1", 1_000, phone(0))
    cafe.buys("R2", 1_000, phone(1))
    assert (cafe.points(first), cafe.points(second), spent(cafe).points) == (20, 10, 10)
    assert last(cafe, second).reason.endswith("campaign Momo Week: its budget is spent")
    cafe.buys("R1", 5_000, phone(0), revision=1)
    assert (cafe.points(first), spent(cafe).points) == (60, 10), "50, and what was granted"
    cafe.tells(refund("F1", "R1", 4_500, at=cafe.now), phone(0))
    assert (cafe.points(first), spent(cafe).points) == (10, 5)


def test_a_projected_offer_is_lowered_step_by_step_then_ends_and_says_so(cafe):
    [member] = offering(cafe, budget=Budget(points=120, lower_to=(50, 0)))
    given = []
    for day, amount in enumerate((2_000, 2_000, 6_000, 2_000)):
        cafe.buys(f"R{day}", amount, phone(0))
        given.append(last(cafe, member).points)
        cafe.passes(days=1)
    assert given == [40, 30, 90, 20]
    notes = [note.what for note in record(cafe).notes]
    assert "lowered to 50 percent" in notes[1]
    assert "its offer ends" in notes[2]
    assert spent(cafe).points == 20 + 10 + 30


def test_an_offer_within_its_budget_is_not_lowered(cafe):
    [member] = offering(cafe, budget=Budget(points=1_000, lower_to=(50, 0)))
    for day in range(9):
        cafe.buys(f"R{day}", 2_000, phone(0))
        cafe.passes(days=1)
    assert {entry.points for entry in cafe.rig.history(member)} == {40}
    assert [note.what for note in record(cafe).notes] == ["published"]


# -- the end --------------------------------------------------------------------------------------


def kept(cafe, member):
    return [each.campaign for each in cafe.rig.account(member).offers]


def test_a_stopped_campaign_takes_its_offer_off_all_accounts(cafe):
    members = offering(cafe, guests=campaigning.PAGE + 5)
    assert kept(cafe, members[0]) == ["spring"]
    commissioning.stop("spring", "owner", cafe.shop)
    cafe.passes(minutes=1)
    assert {tuple(kept(cafe, who)) for who in members} == {()}
    cafe.buys("R1", 1_000, phone(0))
    assert cafe.points(members[0]) == 10


def test_a_campaign_that_ended_is_off_the_accounts_once_late_receipts_have_come(cafe):
    [member] = offering(cafe)
    for _ in range(11):
        cafe.passes(days=1)
    assert (record(cafe).state, kept(cafe, member)) == ("ended", ["spring"])
    for _ in range(8):
        cafe.passes(days=1)
    assert kept(cafe, member) == []


# -- people ---------------------------------------------------------------------------------------


def test_who_shares_an_account_has_only_offers_of_their_own(cafe):
    first, second = joined(cafe, 2)
    starts(cafe, spring(steps={}, offer=DOUBLE, guests_at_most=1))
    cafe.passes(hours=2)
    [told] = [each.member for each in journeys.each(cafe.rig.store) if each.arm]
    merging.merge(Wish("m1", first, second, "owner", shared=True), cafe.shop)
    cafe.rig.run()
    before = cafe.points(second)
    gains = {}
    for number, who in enumerate((first, second)):
        cafe.buys(f"R{number}", 1_000, phone(number))
        gains[who] = cafe.points(second) - before
        before = cafe.points(second)
    assert gains[told] == 20
    assert sorted(gains.values()) == [10, 20]
    parting.unmerge(first, "owner", cafe.shop)
    cafe.rig.run()
    assert [bool(kept(cafe, who)) for who in (first, second)] == [told == first, told == second]


def test_who_was_merged_into_somebody_new_keeps_the_offer_and_into_a_held_out_one_loses_it(cafe):
    members = offering(cafe, guests=12, holdout=50)
    fresh = cafe.join(phone=phone(50))
    arms = {each.member: each.arm for each in journeys.each(cafe.rig.store)}
    told = [who for who in members if arms[who] == "told"]
    held = next(who for who in members if arms[who] == "held")
    merging.merge(Wish("m1", told[0], fresh, "owner"), cafe.shop)
    merging.merge(Wish("m2", told[1], held, "owner"), cafe.shop)
    cafe.rig.run()
    cafe.buys("R1", 1_000, phone(50))
    cafe.buys("R2", 1_000, phone(members.index(held)))
    assert (cafe.points(fresh), cafe.points(held)) == (20, 10)
    parting.unmerge(told[0], "owner", cafe.shop)
    assert (kept(cafe, told[0]), kept(cafe, fresh)) == (["spring"], [])


def test_an_offer_comes_back_through_a_chain_of_merges(cafe):
    between, told, last = joined(cafe, 3)
    for each in (told, last):
        tagging.give(each, "helper", "owner", cafe.shop)
    placed(cafe)
    starts(cafe, spring(steps={}, offer=DOUBLE, segments=("helpers",)))
    cafe.passes(hours=2)
    merging.merge(Wish("m1", told, between, "owner"), cafe.shop)
    merging.merge(Wish("m2", between, last, "owner"), cafe.shop)
    parting.unmerge(between, "owner", cafe.shop)
    cafe.rig.run()
    cafe.buys("R1", 1_000, phone(0))
    cafe.buys("R2", 1_000, phone(2))
    assert (cafe.points(between), cafe.points(last)) == (20, 20)


def test_a_receipt_that_changes_hands_is_judged_by_the_others_offers(cafe):
    first, second = joined(cafe, 2)
    starts(cafe, spring(steps={}, offer=DOUBLE, guests_at_most=1, budget=Budget(points=100)))
    cafe.passes(hours=2)
    [told] = [each.member for each in journeys.each(cafe.rig.store) if each.arm]
    other = second if told == first else first
    cafe.buys("R1", 1_000, phone(0 if told == first else 1))
    moved(cafe, "generic:R1", other)
    assert (cafe.points(told), cafe.points(other), spent(cafe).points) == (0, 10, 0)
    moved(cafe, "generic:R1", told)
    assert (cafe.points(told), cafe.points(other), spent(cafe).points) == (20, 0, 10)


def moved(cafe, receipt, member):
    reassigning.move(receipt, member, "owner", cafe.shop)
    cafe.rig.run()


# -- what people are told -------------------------------------------------------------------------


def test_a_quote_and_the_explanation_tell_of_the_offer(cafe):
    [member] = offering(cafe)
    line = Line(id="1", name="Flat white", amount=1_000)
    basket = Sale(
        source="generic", receipt="Q", revision=0, store="main", channel="in_store",
        occurred_at=cafe.now, currency="EUR", lines=(line,), total=1_000,
    )  # fmt: skip
    said = quoting.quote(basket, member, "en", cafe.shop)
    assert (said.points, said.reasons[-1]) == (20, "2x from campaign Momo Week")
    cafe.buys("R1", 1_000, phone(0))
    kept_record = entries.get(cafe.rig.store, "sale:generic:R1")
    told = explain(kept_record, cafe.shop.programs.current())
    assert [line.factor for line in told.lines] == [20_000]
    assert told.tried[-1].why == "2x from campaign Momo Week"


def test_everybody_has_the_offer_once_though_the_process_dies_everywhere(sandbox):
    sandbox.reset()
    cafe = opened(sandbox, copies=1)
    members = joined(cafe, 120)
    starts(cafe, spring(steps={}, offer=DOUBLE, holdout=20))
    cafe.rig.clock.advance(timedelta(hours=2))
    assert survived(cafe) > 200
    had = {who: len(kept(cafe, who)) for who in members}
    arms = {each.member: each.arm for each in journeys.each(cafe.rig.store)}
    assert had == {who: int(arms[who] == "told") for who in members}
    commissioning.stop("spring", "owner", cafe.shop)
    dies_until_rest(cafe)
    assert {tuple(kept(cafe, who)) for who in members} == {()}
    assert audit(entries.each(cafe.rig.store), accounts.each(cafe.rig.store)).findings == ()


def dies_until_rest(cafe):
    """Sweep, and die at each boundary in turn, until nothing is left to do."""
    boundary = cafe.rig.store.boundary
    for at in range(1, 400):
        boundary.passed, boundary.fatal = 0, {at}
        try:
            cafe.rig.sweep()
        except Killed:
            cafe.rig.clock.advance(timedelta(minutes=1))
        else:
            break
    boundary.fatal = set()
    cafe.passes(minutes=5)


# -- together ------------------------------------------------------------------------------------


def granted(cafe):
    """Add up what receipts say they were granted."""
    return sum(
        each.granted
        for record in entries.each(cafe.rig.store)
        if record.receipt
        for each in record.receipt.offers
    )


@pytest.mark.parametrize("seed", range(6))
def test_whatever_happens_to_receipts_the_budget_counts_what_they_were_granted(cafe, seed):
    budget, drawn = Budget(points=70, money=200, points_cost=250), random.Random(seed)
    members = offering(cafe, Offer(factor=15_000), guests=3, budget=budget)
    revisions, most = [0] * 12, 0
    for step in range(40):
        place = drawn.randrange(12)
        guest, name = phone(place % 3), f"R{place}"
        match drawn.choice(("sale", "edit", "refund", "void")):
            case "sale" | "edit":
                revisions[place] += drawn.randrange(2)
                amount = 500 + 1_700 * ((place + 5 * revisions[place]) % 4)
                sold = sale(name, amount, revision=revisions[place], at=cafe.now)
                cafe.tells(sold, guest)
            case "refund":
                cafe.tells(refund(f"F{step}", name, drawn.randrange(1, 900), at=cafe.now), guest)
            case _ if drawn.randrange(4) == 0:
                cafe.tells(void(name, at=cafe.now), guest)
        found = spent(cafe)
        assert found.points == granted(cafe) <= 70
        assert found.money <= 200
        most = max(most, found.points)
    base = sum(each.kept // 100 for each in receipts(cafe))
    assert sum(cafe.points(who) for who in members) == base + granted(cafe)
    assert most > 60, "the budget was short"


def receipts(cafe):
    return [each.receipt for each in entries.each(cafe.rig.store) if each.receipt]


def test_16_threads_that_buy_at_once_are_given_no_more_than_there_is(sandbox, tmp_path):
    cafe = Cafe(sandbox, "campaigns", store=SqliteStore(tmp_path / "loyalty.db"))
    members = offering(cafe, guests=8, budget=Budget(points=123))

    def buy(number):
        sold, owner = sale(f"R{number}", 1_000, at=cafe.now), members[number % 8]
        points_calculation.handle(
            TransactionRecorded(id=f"R{number}", at=cafe.now, subject="R", transaction=sold),
            cafe.shop,
        )
        points_calculation.handle(claimed(f"generic:R{number}", owner, cafe.now), cafe.shop)

    with ThreadPoolExecutor(16) as pool:
        list(pool.map(buy, range(24)))
    assert sum(cafe.points(who) for who in members) == 24 * 10 + 120
    assert (spent(cafe).points, granted(cafe)) == (120, 120)
    assert audit(entries.each(cafe.rig.store), accounts.each(cafe.rig.store)).findings == ()
    cafe.rig.close()
