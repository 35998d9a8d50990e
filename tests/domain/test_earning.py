"""What a receipt earns: each kind of rule, each condition, how factors stack, what is rounded."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.domain.cafe import PER_EURO, PER_TEN, few, line, program, refund, sale

from loyalty.domain.conditions import When
from loyalty.domain.earning import carry_key, judge, rate, reason
from loyalty.domain.program import Bonus, Caps, Items, Multiply, Spend

EN = {"en": "Rule"}


def points(rules, sold=None, refunds=(), tier=None, **earning):
    return judge(program(rules=rules, earning=earning), sold or sale(), refunds, tier).raw


def times(factor, **when):
    return Multiply(title=EN, factor=factor, when=When(**when))


# -- the four kinds of rule ---------------------------------------------------------------


def test_spend_gives_points_for_every_whole_amount():
    assert points({"spend": PER_TEN}, sale(2190)) == 2
    assert points({"spend": PER_TEN}, sale(999)) == 0
    assert points({"spend": PER_TEN}, sale(1000)) == 1


def test_spend_can_be_about_some_lines_only():
    rule = Spend(title=EN, points=3, per=100, when=When(categories=("coffee",)))
    sold = sale(lines=[line("1", 400, category="coffee"), line("2", 900, category="cake")])
    assert points({"coffee": rule}, sold) == 12


def test_items_gives_points_for_whole_pieces():
    rule = Items(title=EN, points=5, when=When(categories=("prints",)))
    sold = sale(lines=[line("1", 4500, category="prints", quantity=2500), line("2", 300)])
    assert points({"prints": rule}, sold) == 10


def test_items_counts_the_pieces_that_are_kept():
    # Two and a half plates, one back: one and a half are kept, one whole piece.
    sold = sale(lines=[line("1", 45000, quantity=2500)])
    rule = {"plates": Items(title=EN, points=2)}
    assert points(rule, sold) == 4
    assert points(rule, sold, [refund("a", 18000, {"1": 1000})]) == 2


def test_items_on_a_line_that_is_no_goods_earn_nothing():
    sold = sale(lines=[line("1", 2500, kind="gift_card"), line("2", 300)])
    assert points({"pieces": Items(title=EN, points=5)}, sold) == 5


def test_a_bonus_is_given_once_and_only_if_something_is_kept():
    bonus = {"hello": Bonus(title=EN, points=7)}
    assert points(bonus, sale(lines=[line("1", 300), line("2", 300)])) == 7
    assert points(bonus, sale(300), [refund("a", 300)]) == 0
    assert points(bonus, sale(lines=[line("1", 300, kind="tip")])) == 0


def test_a_multiplier_alone_gives_nothing():
    assert points({"double": times(20000)}) == 0


def test_nothing_kept_earns_nothing():
    assert points({"spend": PER_EURO}, sale(2190), [refund("a", 2190)]) == 0


def test_a_rule_that_does_not_apply_is_told_with_no_points():
    rules = {"spend": Spend(title=EN, points=1, per=100, when=When(tiers=("gold",)))}
    [tried] = judge(program(rules=rules), sale(2190), (), None).tried
    assert (tried.matched, tried.points) == (False, "0")


def test_a_multiplier_about_a_kind_of_goods_is_not_about_its_gift_cards():
    sold = sale(lines=[line("1", 500), line("2", 2500, kind="gift_card", category="art")])
    judged = judge(program(rules={"double": times(20000, categories=("art",))}), sold, (), None)
    assert [(tried.matched, tried.why) for tried in judged.tried] == [
        (False, "no line it is about")
    ]


# -- conditions ---------------------------------------------------------------------------

SATURDAY_3PM = datetime(2026, 11, 21, 14, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("when", "holds"),
    [
        ({"channels": ("in_store", "app")}, True),
        ({"channels": ("online",)}, False),
        ({"stores": ("main",)}, True),
        ({"stores": ("far",)}, False),
        ({"weekdays": ("sat",)}, True),
        ({"weekdays": ("fri", "sun")}, False),
        ({"start": "15:00", "end": "17:00"}, True),
        ({"start": "13:00", "end": "15:00"}, False),
        ({"start": "22:00", "end": "15:01"}, True),
        ({"tiers": ("gold",)}, True),
        ({"tiers": ("silver",)}, False),
        ({"minimum": 1000}, True),
        ({"minimum": 1001}, False),
        ({"skus": ("FW",)}, True),
        ({"skus": ("ES",)}, False),
        ({"categories": ("coffee",)}, True),
        ({"categories": ("cake",)}, False),
        ({"channels": ("in_store",), "weekdays": ("sun",)}, False),
    ],
)
def test_a_rule_applies_when_every_condition_holds(when, holds):
    sold = sale(lines=[line("1", 1000, category="coffee", sku="FW")], occurred_at=SATURDAY_3PM)
    rule = Spend(title=EN, points=1, per=100, when=When(**when))
    assert points({"rule": rule}, sold, tier="gold") == (10 if holds else 0)


def test_the_hour_and_the_weekday_are_those_of_the_store():
    # 14:00 UTC on Saturday is 19:45 in Patan; 18:15 UTC is Sunday 00:00 there.
    evening = {"late": Spend(title=EN, points=1, per=100, when=When(start="19:45", end="20:00"))}
    sunday = {"sun": Spend(title=EN, points=1, per=100, when=When(weekdays=("sun",)))}
    assert points(evening, sale(occurred_at=SATURDAY_3PM, store="far")) == 10
    assert points(evening, sale(occurred_at=SATURDAY_3PM)) == 0
    midnight = SATURDAY_3PM.replace(hour=18, minute=15)
    assert points(sunday, sale(occurred_at=midnight, store="far")) == 10


def test_the_minimum_is_compared_with_what_is_kept():
    rules = {"big": Bonus(title=EN, points=3, when=When(minimum=500))}
    sold = sale(lines=[line("1", 410), line("2", 420)])
    assert points(rules, sold) == 3
    assert points(rules, sold, [refund("a", 420, {"2": 1000})]) == 0


def test_a_member_without_a_tier_is_not_of_any():
    rules = {"gold": Bonus(title=EN, points=3, when=When(tiers=("gold",)))}
    assert points(rules) == 0


# -- factors ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("stacking", "earned"), [("best_of", 20), ("sum_of_bonuses", 25), ("product", 30)]
)
def test_twice_and_half_as_much_again_give_2x_or_2_5x_or_3x(stacking, earned):
    rules = {"spend": PER_EURO, "double": times(20000), "gold": times(15000)}
    assert points(rules, sale(1000), stacking=stacking) == earned


def test_a_product_is_cut_to_basis_points_once():
    # 1.1 x 1.1 x 1.1 x 1.1 x 1.1 = 1.61051: 1.6105. On 1,000,000.00: 1,610,500 points.
    rules = {"spend": PER_EURO, **{f"m{i}": times(11000) for i in range(5)}}
    assert points(rules, sale(100_000_000), stacking="product") == 1_610_500


def test_a_factor_with_categories_is_only_for_those_lines():
    rules = {"spend": PER_EURO, "cake": times(30000, categories=("cake",))}
    sold = sale(lines=[line("1", 500, category="coffee"), line("2", 400, category="cake")])
    assert points(rules, sold) == 5 + 12


def test_a_bonus_takes_only_the_factors_of_the_whole_receipt():
    cake = times(30000, categories=("cake",))
    rules = {"hello": Bonus(title=EN, points=4), "cake": cake, "gold": times(15000)}
    sold = sale(lines=[line("1", 400, category="cake")])
    assert points(rules, sold, stacking="product") == 6


def test_pieces_are_multiplied_too():
    rules = {"plates": Items(title=EN, points=2), "gold": times(15000)}
    assert points(rules, sale(lines=[line("1", 900, quantity=3000)])) == 9


def test_a_factor_with_a_minimum_applies_above_it():
    rules = {"spend": PER_EURO, "big": times(20000, minimum=1001)}
    assert points(rules, sale(1000)) == 10
    assert points(rules, sale(1001)) == 20


# -- rounding, caps, carry ----------------------------------------------------------------


def test_points_are_rounded_once_after_adding_up_and_multiplying():
    # Spend 12.00 x 1.5 = 18; print 5 x 1.5 = 7.5; bonus 3 x 1.5 = 4.5: 30, one by one it were 29.
    rules = {
        "spend": PER_EURO,
        "print": Items(title=EN, points=5),
        "app": Bonus(title=EN, points=3),
        "gold": times(15000),
    }
    assert points(rules, sale(1200)) == 30


def test_lines_are_added_up_before_they_are_rounded():
    sold = sale(lines=[line("1", 50), line("2", 50)])
    assert points({"spend": PER_EURO}, sold) == 1


def test_the_cap_per_receipt_comes_after_rounding_and_multipliers():
    caps = {"caps": Caps(per_receipt=60)}
    rules = {"spend": PER_EURO, "double": times(20000)}
    assert points(rules, sale(3000), **caps) == 60
    assert points(rules, sale(3100), **caps) == 60
    assert points(rules, sale(2999), **caps) == 59


def test_a_carried_share_is_exact_and_not_among_the_raw_points():
    rule = Spend(title=EN, points=3, per=1000, carry=True)
    sold = sale(2190)
    judged = judge(program(rules={"spend": rule, "gold": times(15000)}), sold)
    key = carry_key("spend", rule)
    # 2190 x 1.5 x 3 = 9855 in minor units, 98,550,000 with basis points; 10,000,000 are a point.
    assert (judged.raw, judged.carried) == (0, {key: 98_550_000})
    assert rate(key) == 10_000_000


def test_a_carried_rule_that_does_not_apply_has_no_share():
    rule = Spend(title=EN, points=1, per=100, carry=True, when=When(channels=("app",)))
    assert judge(program(rules={"spend": rule}), sale()).carried == {}


def test_a_rule_with_another_rate_is_another_sum():
    old, new = Spend(title=EN, points=1, per=100), Spend(title=EN, points=2, per=100)
    assert carry_key("spend", old) != carry_key("spend", new)


def test_every_rule_says_what_came_of_it():
    rules = {"spend": PER_EURO, "app": Bonus(title=EN, points=3, when=When(channels=("app",)))}
    tried = {each.rule: each for each in judge(program(rules=rules), sale(1250)).tried}
    assert (tried["spend"].matched, tried["spend"].points) == (True, "25/2")
    assert (tried["app"].matched, tried["app"].why) == (False, "not for in_store")


def test_the_reason_is_one_line_a_guest_can_read():
    rules = program(rules={"spend": PER_EURO, "double": times(20000)})
    judged = judge(rules, sale(1250))
    assert reason(rules, sale(1250), judged) == "EUR 12.50: 1 point per euro; Rule (x2)"
    assert reason(rules, sale(0), judge(rules, sale(0))) == "nothing on the receipt earns points"


@few
@given(st.integers(0, 100_000), st.integers(0, 100_000))
def test_a_larger_receipt_never_earns_less(first, second):
    low, high = sorted((first, second))
    rules = {"spend": PER_TEN, "gold": times(15000), "big": times(20000, minimum=5000)}
    assert points(rules, sale(low)) <= points(rules, sale(high))
