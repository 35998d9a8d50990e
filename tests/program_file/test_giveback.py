"""What a program may cost at worst, worked by hand."""

import pytest
from tests.program_file.cafe import PROGRAMS, changed, warned

from loyalty.program_file.giveback import stack

AT_ONCE = "every rule for spending and every factor at once; items and bonuses come on top"


def test_a_promotion_of_two_with_gold_of_one_and_a_half_gives_2_2_5_or_3():
    assert str(stack([20_000, 15_000])) == "best_of 2, sum_of_bonuses 2.5, product 3"


def test_products_are_floored_to_a_ten_thousandth_once():
    # 1.0001 ** 3 = 1.000300030001
    assert stack([10_001] * 3).product == 10_003


def test_no_factor_is_a_factor_of_one():
    assert set(stack([])) == {10_000}


def test_the_art_cafe_may_give_back_a_sixth():
    # 2 points per euro; 5 euros off at every 60 points: 2 / 60 * 5 = 0.1667 euros per euro.
    assert warned(PROGRAMS["art-cafe"]) == [
        (
            "earning.stacking: 2 factors can meet on one line: best_of 2, sum_of_bonuses 2.5,"
            " product 3 | this program says best_of"
        ),
        (
            "earning.rules: at worst EUR 1.00 earns 2 points and gives back 16.67 % as money off"
            f" | {AT_ONCE}"
        ),
    ]


def test_the_momo_house_earns_the_sum_of_its_bonuses():
    # 1 + 1 + 0.5 + 0.25 = 2.75 times 1 point per 100 rupees; its rewards have no value in money.
    assert warned(PROGRAMS["momo-house"])[1] == (
        f"earning.rules: at worst NPR 1.00 earns 0.03 points | {AT_ONCE}"
    )


def test_the_ramen_counter_multiplies_and_gives_300_yen_per_10000():
    # 1.5 * 2 * 1.2 * 1.1 = 3.96 points per 100 yen.
    assert warned(PROGRAMS["ramen-jpy"]) == [
        (
            "earning.stacking: 4 factors can meet on one line: best_of 2, sum_of_bonuses 2.8,"
            " product 3.96 | this program says product"
        ),
        (
            f"earning.rules: at worst JPY 1 earns 0.04 points and gives back 3 % as money off"
            f" | {AT_ONCE}"
        ),
    ]


def test_a_guest_has_only_one_tier():
    text = changed(
        (
            "    lunch:",
            (
                "    silver: {earn: multiply, title: {en: S}, factor: 1.2, "
                "when: {tiers: [silver]}}\n    lunch:"
            ),
        ),
    )
    assert warned(text) == [f"earning.rules: at worst EUR 1.00 earns 1.5 points | {AT_ONCE}"]


@pytest.mark.parametrize("metric", ["visits", "points"])
def test_a_gift_for_visits_or_reached_once_has_no_share_of_spending(metric):
    text = changed(
        ("metric: spend, at: 100.00, award: 20", f"metric: {metric}, at: 5, reward: five_off")
    )
    assert warned(text) == [f"earning.rules: at worst EUR 1.00 earns 1.5 points | {AT_ONCE}"]


def test_a_program_with_mistakes_is_not_priced():
    assert warned(changed(("per: 1.00", "per: 0"))) == []


def test_a_program_that_earns_nothing_by_spending_has_no_price():
    assert (
        warned(
            changed(
                (
                    "earn: spend, title: {en: Points}, points: 1, per: 1.00",
                    "earn: bonus, title: {en: B}, points: 1",
                )
            )
        )
        == []
    )
