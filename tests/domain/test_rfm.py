"""How guests compare: exact fifths, the same in whatever order they were counted."""

from __future__ import annotations

from itertools import product
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.domain.cafe import few

from loyalty.domain import rfm
from loyalty.domain.grouping import RfmClass
from loyalty.domain.rfm import Ladder, Measures


@pytest.mark.parametrize(
    ("values", "fifths"),
    [
        ([1, 2, 3, 4, 5], [1, 2, 3, 4, 5]),
        ([7], [3]),
        ([4, 4, 4], [3, 3, 3]),
        ([1, 1, 1, 1, 1, 1, 9, 9, 9, 9], [2, 2, 2, 2, 2, 2, 5, 5, 5, 5]),
        (list(range(10)), [1, 1, 2, 2, 3, 3, 4, 4, 5, 5]),
    ],
)
def test_a_fifth_is_where_the_middle_of_a_guests_equals_stands(values, fifths):
    counts = {str(value): values.count(value) for value in values}
    assert [Ladder(counts).fifth(value) for value in values] == fifths


def test_who_was_not_counted_is_between_those_who_were():
    ladder = Ladder({"10": 5, "20": 5})
    assert [ladder.fifth(value) for value in (1, 15, 99)] == [1, 3, 5]
    assert Ladder({}).fifth(7) == 1


many = st.lists(
    st.builds(Measures, st.integers(-3660, 0), st.integers(0, 50), st.integers(0, 10**7)),
    min_size=1, max_size=40,
)  # fmt: skip


@few
@given(many, st.integers(1, 7), st.randoms(use_true_random=False))
def test_the_order_and_the_pages_in_which_guests_are_counted_mean_nothing(guests, size, random):
    whole, paged, shuffled = rfm.counted({}, guests), rfm.Counts(), list(guests)
    random.shuffle(shuffled)
    for start in range(0, len(guests), size):
        paged = rfm.counted(paged, shuffled[start : start + size])
    assert paged == whole
    ladders = rfm.ladders(whole)
    scores = {guest: rfm.scored(guest, ladders) for guest in guests}
    assert all(set(score) <= set("12345") for score in scores.values())
    assert all(
        a < b or scores[x][i] >= scores[y][i]
        for x, y in product(scores, repeat=2)
        for i, (a, b) in enumerate(zip(x, y, strict=True))
    )


def test_every_score_has_a_name_and_every_name_a_score():
    scores = ["".join(three) for three in product("12345", repeat=3)]
    assert {rfm.class_of(score) for score in scores} == set(get_args(RfmClass))
    assert rfm.class_of("") is None


@pytest.mark.parametrize(
    ("score", "name"),
    [
        ("555", "champions"), ("444", "champions"), ("543", "loyal"), ("333", "loyal"),
        ("425", "promising"), ("325", "needs_attention"), ("241", "cannot_lose"),
        ("135", "at_risk"), ("114", "at_risk"), ("223", "hibernating"), ("111", "hibernating"),
    ],
)  # fmt: skip
def test_a_score_is_called_what_the_page_says(score, name):
    assert rfm.class_of(score) == name


@pytest.mark.parametrize(("amount", "cut"), [(0, 0), (999, 999), (1234, 1230), (129_999, 129_000)])
def test_amounts_are_compared_by_three_digits(amount, cut):
    assert rfm.rounded(amount) == cut
