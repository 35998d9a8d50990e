"""Every receipt can be explained: what it earned and why, or why it earned nothing."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from infra.simulator.store import MemoryStore
from tests.rig import NOON, Rig, refund, sale, void

from loyalty.connectors.spec import Guest
from loyalty.counter import reviewing
from loyalty.derivation import exact
from loyalty.domain.program import Version
from loyalty.domain.transaction import Line
from loyalty.explaining import Explanation, explain
from loyalty.programs import EPOCH
from loyalty.records import entries

PLAIN = Path("tests/programs/plain.yaml").read_text("utf-8")
CAFE = """
engine: 1
title: Cafe
currency: EUR
zone: Europe/Berlin
country: DE
languages: [en]
stores:
  main: {title: Main Street, tills: ["generic:main"]}
earning:
  stacking: product
  rules:
    spend: {earn: spend, title: {en: A point for 3 euros}, points: 1, per: 3.00}
    prints: {earn: items, title: {en: Prints}, points: 5, when: {categories: [prints]}}
    happy:
      {earn: multiply, title: {en: Happy noon}, factor: 1.5, when: {start: "12:00", end: "13:00"}}
    coffee: {earn: multiply, title: {en: Coffee twice}, factor: 2, when: {categories: [coffee]}}
    app: {earn: bonus, title: {en: Ahead}, points: 3, when: {channels: [app]}}
  excluded_categories: [deposit]
  caps: {per_receipt: 50, per_day: 60}
  limits: {receipt_ceiling: 900.00}
  pending: {online: 1d}
  debt: forgive
milestones:
  second: {title: {en: The second visit}, metric: visits, at: 2, award: 10}
"""
CARRY = PLAIN.replace("per: 10.00}", "per: 10.00, carry: true}")
PHONE = "+4915112345671"


class Cafe:
    """A rig that explains."""

    def __init__(self, program: str) -> None:
        self.rig = Rig(Path(), program, store=MemoryStore())
        self.member = self.rig.join(phone=PHONE)

    def tell(self, *facts):
        for fact in facts:
            self.rig.tell(fact, Guest(phone=PHONE))
            self.rig.run()

    def explain(self, name: str = "R1") -> Explanation:
        record = entries.get(self.rig.store, f"sale:generic:{name}")
        version = self.rig.shop.programs.current()
        return explain(record, version, self.rig.history(self.member))


@pytest.fixture
def cafe():
    return Cafe(CAFE)


@pytest.fixture
def carrying():
    return Cafe(CARRY)


def test_every_rule_is_told_with_its_exact_points_and_why_not(cafe):
    cafe.tell(sale("R1", 1000))
    tried = {t.rule: (t.matched, t.points, t.why) for t in cafe.explain().tried}
    assert tried == {
        "spend": (True, "10", "A point for 3 euros"),
        "prints": (False, "0", "no line it is about"),
        "happy": (True, "0", "Happy noon (x1.5)"),
        "coffee": (True, "0", "Coffee twice (x2)"),
        "app": (False, "0", "not for in_store"),
    }


def test_each_line_is_told_with_what_earns_what_is_kept_and_its_factor(cafe):
    lines = (
        Line(id="1", name="Flat white", category="coffee", amount=1000),
        Line(id="2", name="Print", category="prints", amount=2000),
        Line(id="3", sku="BOTTLE", category="deposit", amount=25),
        Line(id="4", kind="tip", amount=300, name="Tip"),
    )
    cafe.tell(sale("R1", 3325, lines=lines, tip=300), refund("F1", "R1", 2000, lines={"2": 1000}))
    told = cafe.explain()
    assert told.lines == (
        ("Flat white", 1000, 1000, 30_000),
        ("Print", 2000, 0, 15_000),
        ("BOTTLE", 0, 0, 15_000),
        ("Tip (tip)", 0, 0, 10_000),
    )
    assert (told.judgement.eligible, told.judgement.kept) == (3000, 1000)


def test_rounding_and_both_caps_are_told(cafe):
    cafe.tell(sale("R1", 4000), sale("R2", 5700))
    assert "The factors of happy and coffee combine as: product." in cafe.explain("R1").steps
    assert cafe.explain("R1").steps[1:] == (
        "Rules without carry come to 40, rounded down to 40.",
        "The cap of 50 points per receipt takes nothing off.",
        "The cap of 60 points per day (its day is 2026-11-21) takes nothing off.",
    )
    assert cafe.explain("R2").steps[1:] == (
        "Rules without carry come to 57, rounded down to 57.",
        "The cap of 50 points per receipt leaves 50 of them.",
        "The cap of 60 points per day (its day is 2026-11-21) had room for 20 of its 50 points.",
    )


def test_points_that_never_end_are_told_as_a_fraction_too(cafe):
    line = Line(id="1", category="tea", amount=500)
    cafe.tell(sale("R1", 500, at=NOON + timedelta(hours=3), lines=(line,)))
    assert "Rules without carry come to 1.67 (5/3), rounded down to 1." in cafe.explain().steps


@pytest.mark.parametrize(
    ("points", "shown"), [("37/2", "18.5"), ("0", "0"), ("100", "100"), ("47/3", "15.67 (47/3)")]
)
def test_exact_points_are_written_for_people(points, shown):
    assert exact(points) == shown


def test_a_share_of_a_running_sum_is_told(carrying):
    carrying.tell(sale("R1", 1500), sale("R2", 1500))
    assert carrying.explain("R2").steps[:2] == (
        "spend adds exactly 1.5 points to the member's running sum.",
        "With this receipt the running sum gained 2 whole points.",
    )


def test_when_points_can_be_spent_and_lapse_is_told_by_the_shops_clock():
    cafe = Cafe(CAFE + "expiry: {months: 12}\n")
    cafe.tell(sale("R1", 1000, channel="online"))
    assert cafe.explain().steps[-2:] == (
        "Its points can be spent from 22 Nov 2026 12:00 on.",
        "What is left of them lapses at 23 Nov 2027 00:00.",
    )


def test_every_act_is_told_with_its_points_and_why(cafe):
    cafe.tell(
        sale("R1", 1000),
        sale("R1", 2000, revision=1),
        refund("F1", "R1", 1000),
        sale("R2", 1000, at=NOON + timedelta(hours=2)),
        void("R1"),
    )
    why = "A point for 3 euros; Happy noon (x1.5); Coffee twice (x2)"
    assert [act[1:] for act in cafe.explain().acts] == [
        ("sale", 10, f"EUR 10.00: {why}"),
        ("edit", 10, f"edit: EUR 20.00: {why}"),
        ("refund", -10, f"refund: EUR 10.00: {why}"),
        ("void", -10, "void: nothing is kept"),
    ]
    assert cafe.explain().state == (
        "It was voided: nothing of it is kept, and it is worth 0 points."
    )
    assert "A void keeps nothing, whatever the rules say." in cafe.explain().steps


def test_an_award_is_told_with_the_receipt_that_brought_it(cafe):
    cafe.tell(sale("R1", 1000), sale("R2", 1000, at=NOON + timedelta(hours=2)))
    assert [act[1:] for act in cafe.explain("R2").acts][1:] == [("award", 10, "The second visit")]
    assert len(cafe.explain("R1").acts) == 1


def test_points_that_were_spent_already_are_told_as_written_off(cafe):
    program = CAFE + "expiry: {months: 1}\n"
    cafe = Cafe(program)
    cafe.tell(sale("R1", 1000))
    cafe.rig.clock.advance(timedelta(days=60))
    cafe.tell(refund("F1", "R1", 1000))
    assert (
        cafe.explain()
        .acts[-1]
        .reason.endswith("; 10 points were spent already and are written off")
    )


def test_points_that_were_spent_already_are_told_as_owed_and_then_as_paid_off():
    cafe = Cafe(PLAIN.replace("months: 12", "months: 1"))
    cafe.tell(sale("R1", 5000))
    cafe.rig.clock.advance(timedelta(days=60))
    cafe.tell(refund("F1", "R1", 5000), sale("R2", 3000, at=cafe.rig.clock.now()))
    assert cafe.explain("R1").acts[-1].reason.endswith("5 points were spent already and are owed")
    assert cafe.explain("R2").acts[-1].reason.endswith("3 points paid off what was owed")


def test_a_tier_that_was_reached_is_told():
    tiers = "tiers: {levels: {gold: {title: {en: Gold}, at: 40.00}}}\n"
    cafe = Cafe(PLAIN + tiers)
    cafe.tell(sale("R1", 5000), sale("R2", 1000))
    assert cafe.explain("R1").acts[0].reason == "EUR 50.00: 1 point per 10 euros; from here on gold"
    assert cafe.explain("R1").receipt.tier is None
    assert cafe.explain("R2").receipt.tier == "gold"


def test_a_receipt_that_earned_nothing_says_why(cafe):
    cafe.tell(sale("R1", 1000, category="deposit"))
    assert cafe.explain().state == "It is worth 0 points: nothing on the receipt earns points."


def test_a_receipt_of_a_stranger_tells_what_it_would_be_worth(cafe):
    cafe.rig.tell(sale("R9", 1000), Guest(phone="+4915112345679"))
    cafe.rig.run()
    told = cafe.explain("R9")
    assert (
        told.state == "Nobody can be credited yet: it is booked when its guest joins or claims it."
    )
    assert not told.settled
    assert told.tried[0].points == "10"
    assert told.acts == ()


def test_a_refund_of_a_stranger_counts_in_what_it_would_be_worth(cafe):
    for fact in (sale("R9", 1000), refund("F1", "R9", 400)):
        cafe.rig.tell(fact, Guest(phone="+4915112345679"))
        cafe.rig.run()
    assert cafe.explain("R9").judgement.kept == 600


@pytest.mark.parametrize(
    ("facts", "state"),
    [
        ((refund("F1", "R1", 400),), "1 refund waits"),
        ((refund("F1", "R1", 400), refund("F2", "R1", 100)), "2 refunds wait"),
        ((refund("F1", "R1", 400), void("R1")), "1 refund and a void wait"),
        ((void("R1"),), "a void waits"),
    ],
)
def test_what_came_before_its_sale_is_told_to_wait(cafe, facts, state):
    cafe.tell(*facts)
    told = cafe.explain()
    assert told.state == f"Its sale has not come yet: {state} for it."
    assert (told.lines, told.tried, told.steps) == ((), (), ())


def test_a_receipt_that_waits_for_review_tells_why_and_what_it_would_be_worth(cafe):
    cafe.tell(sale("R1", 95_000))
    told = cafe.explain()
    assert told.state == (
        "A person has to review it: above the ceiling of EUR 900.00. Until then it earns nothing."
    )
    assert "The cap of 50 points per receipt leaves 50 of them." in told.steps
    assert [act[1:] for act in told.acts] == [
        ("sale", 0, "held for review: above the ceiling of EUR 900.00")
    ]


@pytest.mark.parametrize(
    ("verdict", "state", "points"),
    [
        ("approved", "It is worth 50 points, net of everything given back.", 50),
        ("refused", "A person refused it (above the ceiling of EUR 900.00): it earns nothing.", 0),
    ],
)
def test_a_decision_is_told_as_an_act(cafe, verdict, state, points):
    cafe.tell(sale("R1", 95_000))
    reviewing.decide("generic:R1", verdict, "Maya", cafe.rig.shop)
    told = cafe.explain()
    assert told.state == state
    assert told.acts[-1][1:3] == ("review", points)


def test_the_version_that_judged_it_is_named(cafe):
    cafe.tell(sale("R1", 1000))
    told = cafe.explain()
    assert told.version == Version(
        hash=told.receipt.version, effective_from=EPOCH, program=told.version.program
    )


def test_a_document_without_a_receipt_cannot_be_explained(cafe):
    cafe.tell(sale("R1", 1000), refund("F1", "R1", 400))
    record = entries.get(cafe.rig.store, "refund:generic:R1:F1")
    with pytest.raises(ValueError, match="no receipt"):
        explain(record, cafe.rig.shop.programs.current())
