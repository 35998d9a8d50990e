"""Visits: the fewest sittings that cover a day's receipts."""

from __future__ import annotations

from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st
from tests.domain.cafe import few

from loyalty.domain.visits import count


def test_no_receipt_is_no_visit():
    assert count([], 90) == 0


def test_a_split_bill_is_one_visit():
    assert count([0, 0, 3], 90) == 1


def test_a_receipt_exactly_one_sitting_later_starts_the_next():
    assert count([0, 89], 90) == 1
    assert count([0, 90], 90) == 2


def test_a_sitting_starts_with_its_first_receipt_and_does_not_stretch():
    # 0, 60, 120: the second belongs to the first sitting, the third begins another.
    assert count([0, 60, 120], 90) == 2


def test_the_order_in_which_receipts_are_known_does_not_matter():
    assert count([200, 0, 95], 90) == count([0, 95, 200], 90) == 3


def test_without_a_sitting_each_minute_is_its_own_visit():
    assert count([5, 5, 6], 0) == 2


def test_a_late_receipt_between_two_can_join_them_to_neither():
    assert count([0, 100], 90) == 2
    assert count([0, 50, 100], 90) == 2


@few
@given(st.lists(st.integers(0, 60), max_size=7), st.integers(1, 30))
def test_no_fewer_sittings_could_cover_them(minutes, sitting):
    def covered(starts):
        return all(any(s <= m < s + sitting for s in starts) for m in minutes)

    fewest = next(
        n
        for n in range(len(minutes) + 1)
        if any(covered(starts) for starts in combinations(sorted(set(minutes)), n))
    )
    assert count(minutes, sitting) == fewest
