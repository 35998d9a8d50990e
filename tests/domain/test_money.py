"""Money: whole minor units, shared out without losing or making a cent."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.domain.cafe import few

from loyalty.domain.money import exponent, parse, show, spread

weights = st.lists(st.integers(0, 10**6), max_size=12)


def test_a_cent_left_over_goes_to_the_largest_fraction():
    # 100 x 240/530 = 45.28, x 265/530 = 50.00, x 25/530 = 4.72: floors 99, the cent goes to .72
    assert spread(100, [240, 265, 25]) == [45, 50, 5]


def test_among_equal_fractions_the_earlier_part_comes_first():
    assert spread(2, [1, 1, 1]) == [1, 1, 0]
    assert spread(100, [1, 1, 1]) == [34, 33, 33]


def test_nothing_to_share_by_shares_nothing():
    assert spread(100, [0, 0]) == [0, 0]
    assert spread(100, []) == []


def test_a_part_without_weight_gets_nothing():
    assert spread(7, [0, 3, 0]) == [0, 7, 0]


@few
@given(st.integers(0, 10**9), weights)
def test_shares_add_up_and_none_is_a_whole_unit_off(total, parts):
    shared = spread(total, parts)
    whole = sum(parts)
    assert sum(shared) == (total if whole else 0)
    for share, weight in zip(shared, parts, strict=True):
        assert abs(share * whole - total * weight) < max(1, whole)


@few
@given(st.integers(0, 10**9), weights)
def test_a_share_of_less_than_everything_never_exceeds_its_weight(total, parts):
    total = min(total, sum(parts))
    shares = zip(spread(total, parts), parts, strict=True)
    assert all(0 <= share <= weight for share, weight in shares)


@pytest.mark.parametrize(
    ("currency", "digits", "text", "amount"),
    [("EUR", 2, "12.50", 1250), ("JPY", 0, "1200", 1200), ("KWD", 3, "1.234", 1234),
     ("NPR", 2, "0.05", 5), ("EUR", 2, "-3.5", -350)],
)  # fmt: skip
def test_amounts_are_read_in_the_currencys_own_digits(currency, digits, text, amount):
    assert exponent(currency) == digits
    assert parse(text, currency) == amount


@pytest.mark.parametrize("text", ["1.234", "1,00", "1e3", "", "-", ".5", "1.-5", "\u0661"])
def test_what_is_no_amount_is_refused(text):
    with pytest.raises(ValueError, match="not an amount"):
        parse(text, "EUR")


@few
@given(st.integers(-(10**12), 10**12), st.sampled_from(["EUR", "JPY", "KWD"]))
def test_an_amount_that_is_shown_reads_back(amount, currency):
    name, _, text = show(amount, currency).partition(" ")
    assert (name, parse(text, currency)) == (currency, amount)


def test_amounts_are_shown_with_all_their_digits():
    assert show(5, "EUR") == "EUR 0.05"
    assert show(-1250, "EUR") == "EUR -12.50"
    assert show(1200, "JPY") == "JPY 1200"
