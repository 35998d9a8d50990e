"""From a receipt to its eligible amount, and to what of it is kept after refunds."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.domain.cafe import few, line, refund, sale

from loyalty.domain.transaction import eligible, kept


def kept_of(sold, *refunds):
    return kept(sold, eligible(sold), refunds)


# -- eligible -----------------------------------------------------------------------------


def test_goods_count_at_their_amount_less_their_discount():
    assert eligible(sale(lines=[line("1", 380), line("2", 450, discount=50)])) == [380, 400]


@pytest.mark.parametrize("kind", ["tip", "service", "delivery", "deposit", "donation", "gift_card"])
def test_what_is_no_goods_earns_nothing(kind):
    assert eligible(sale(lines=[line("1", 380), line("2", 2500, kind=kind)])) == [380, 0]


def test_a_tip_for_the_whole_receipt_is_not_in_the_lines_and_earns_nothing():
    assert eligible(sale(lines=[line("1", 1660)], tip=200, total=1860)) == [1660]


def test_an_order_discount_is_shared_by_largest_remainder():
    # 100 x 240/530 = 45.28, x 265/530 = 50.00, x 25/530 = 4.72: the cent goes to the third.
    sold = sale(lines=[line("1", 240), line("2", 265), line("3", 25)], discount=100)
    assert eligible(sold) == [195, 215, 20]


def test_each_part_off_the_receipt_is_shared_on_its_own_by_the_starts():
    # Starts 420, 790, 70 of 1280. 100: 33 62 5. 200: 66 123 11. 70: 23 43 4.
    lines = [line("1", 420), line("2", 790), line("3", 70)]
    sold = sale(lines=lines, discount=100, reward_discount=200, included_tax=70)
    assert eligible(sold) == [298, 562, 50]


def test_an_excluded_category_still_bears_its_share_of_the_discount():
    lines = [line("1", 240), line("2", 265), line("3", 25, category="deposit")]
    assert eligible(sale(lines=lines, discount=100), frozenset({"deposit"})) == [195, 215, 0]


def test_tips_and_gift_cards_bear_no_share_of_the_discount():
    lines = [line("1", 1000), line("2", 1000, kind="gift_card"), line("3", 500, kind="tip")]
    assert eligible(sale(lines=lines, discount=100)) == [900, 0, 0]


def test_tax_inside_a_lines_amount_is_taken_off():
    assert eligible(sale(lines=[line("1", 380, included_tax=61)])) == [319]


def test_tax_inside_the_whole_receipt_is_shared():
    # 200 x 1800/2180 = 165.14, x 380/2180 = 34.86: 165 and 35.
    sold = sale(lines=[line("1", 1800), line("2", 380)], included_tax=200)
    assert eligible(sold) == [1635, 345]


def test_tax_on_top_is_not_in_the_lines():
    assert eligible(sale(lines=[line("1", 1000)], tax=190, total=1190)) == [1000]


def test_a_discount_larger_than_the_goods_leaves_nothing_and_never_less():
    assert eligible(sale(lines=[line("1", 300), line("2", 100)], discount=900)) == [0, 0]
    assert eligible(sale(lines=[line("1", 300, discount=400)])) == [0]


# -- kept ---------------------------------------------------------------------------------


def test_without_refunds_all_is_kept():
    assert kept_of(sale(lines=[line("1", 380), line("2", 450)])) == [380, 450]


def test_lines_given_back_count_by_quantity():
    # Three cakes 12.60 - 0.50 = 12.10; one back: floor(1210 x 2/3) = 806.
    sold = sale(lines=[line("1", 1260, discount=50, quantity=3000)])
    assert kept_of(sold, refund("a", 403, {"1": 1000})) == [806]
    assert kept_of(sold, refund("a", 403, {"1": 1000}), refund("b", 403, {"1": 1000})) == [403]


def test_part_of_a_piece_counts_as_such():
    # 250 g of 750 g for 9.00 come back: 900 x 500/750 = 600.
    sold = sale(lines=[line("1", 900, quantity=750)])
    assert kept_of(sold, refund("a", 300, {"1": 250})) == [600]


def test_more_pieces_than_were_bought_take_no_more_than_the_line():
    sold = sale(lines=[line("1", 380), line("2", 450)])
    assert kept_of(sold, refund("a", 760, {"1": 2000})) == [0, 450]


def test_money_without_lines_takes_its_share_of_what_was_paid_without_the_tip():
    # Paid 21.90 and a tip of 2.00; 5.00 back: floor(2190 x 1690/2190) = 1690.
    sold = sale(lines=[line("1", 2190)], tip=200, total=2390)
    assert kept_of(sold, refund("a", 500)) == [1690]


def test_money_back_is_measured_against_what_was_paid_with_tax():
    # 10.00 and 1.90 tax on top; half of 11.90 back keeps half.
    sold = sale(lines=[line("1", 1000)], tax=190, total=1190)
    assert kept_of(sold, refund("a", 595)) == [500]


def test_money_back_is_shared_over_the_lines_by_largest_remainder():
    # 100 of 300 back on 3 x 1.00: 200 are kept; 66.67 each: 67 67 66.
    sold = sale(lines=[line("1", 100), line("2", 100), line("3", 100)])
    assert kept_of(sold, refund("a", 100)) == [67, 67, 66]


def test_once_all_that_was_paid_is_back_nothing_is_kept():
    sold = sale(lines=[line("1", 2190)], tip=200, total=2390)
    assert kept_of(sold, refund("a", 500), refund("b", 500), refund("c", 1190)) == [0]
    assert kept_of(sold, refund("a", 9999)) == [0]


def test_lines_and_money_together_empty_the_receipt():
    # Line 1 (3.80) goes by name; of the 4.50 left all goes by money.
    sold = sale(lines=[line("1", 380), line("2", 450)])
    assert kept_of(sold, refund("a", 380, {"1": 1000}), refund("b", 450)) == [0, 0]


def test_lines_and_money_together_in_part():
    # Line 1 back: 450 rest, paid 830 - 380 = 450; 150 of them back: 300 kept.
    sold = sale(lines=[line("1", 380), line("2", 450)])
    assert kept_of(sold, refund("b", 150), refund("a", 380, {"1": 1000})) == [0, 300]


@few
@given(st.permutations(range(5)), st.lists(st.integers(1, 400), min_size=5, max_size=5))
def test_the_order_of_refunds_does_not_matter(order, amounts):
    sold = sale(lines=[line("1", 700, quantity=2000), line("2", 450), line("3", 50)])
    names = [None, {"1": 1000}, None, {"2": 1000}, {"3": 500}]
    given_back = [refund(str(i), amounts[i], names[i]) for i in range(5)]
    assert kept_of(sold, *given_back) == kept_of(sold, *[given_back[i] for i in order])


@few
@given(
    st.lists(st.tuples(st.integers(0, 5000), st.integers(1, 4000)), min_size=1, max_size=5),
    st.integers(0, 2000), st.integers(0, 9000), st.integers(0, 4000),
)  # fmt: skip
def test_what_is_kept_is_never_negative_and_never_more_than_it_was(lines, off, money, pieces):
    sold = sale(
        lines=[line(str(i), amount, quantity=n) for i, (amount, n) in enumerate(lines)],
        discount=off,
    )
    before = eligible(sold)
    after = kept_of(sold, refund("a", money), refund("b", pieces, {"0": pieces}))
    assert all(0 <= a <= b for a, b in zip(after, before, strict=True))
