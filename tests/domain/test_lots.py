"""Lots: what lapses first goes first, and a refund takes from its own lot before any other."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st
from tests.domain.cafe import few

from loyalty.domain.account import Lot
from loyalty.domain.lots import add, spend, take_back

NOW = datetime(2026, 11, 21, 11, 0, tzinfo=UTC)
DAY = timedelta(days=1)


def lot(points, month="2026-11", *, lapses=None, waits=None):
    return Lot(
        points=points, month=month,
        expires_at=NOW + lapses * DAY if lapses is not None else None,
        available_at=NOW + waits * DAY if waits is not None else None,
    )  # fmt: skip


def taken(found):
    return [(-move.points, move.month) for move in found.moves]


def test_lots_with_the_same_dates_are_one():
    assert add([lot(3, lapses=9)], lot(4, lapses=9)) == (lot(7, lapses=9),)


def test_a_lot_of_other_dates_is_put_beside_as_it_is():
    assert add([lot(3, lapses=9)], lot(4, lapses=5)) == (lot(4, lapses=5), lot(3, lapses=9))


def test_an_empty_lot_goes():
    assert add([lot(3)], lot(-3)) == ()


def test_spending_takes_what_lapses_first_and_never_lapsing_points_last():
    have = (lot(5, "2026-01"), lot(5, "2026-02", lapses=30), lot(5, "2026-03", lapses=10))
    assert taken(spend(have, 12, NOW)) == [(5, "2026-03"), (5, "2026-02"), (2, "2026-01")]


def test_among_lots_that_lapse_together_the_oldest_goes_first():
    have = (lot(5, "2026-03", lapses=10), lot(5, "2026-01", lapses=10))
    assert taken(spend(have, 6, NOW)) == [(5, "2026-01"), (1, "2026-03")]


def test_pending_and_lapsed_points_cannot_be_spent():
    have = (lot(5, "2026-01", lapses=0), lot(5, "2026-02", waits=1), lot(5, "2026-03"))
    found = spend(have, 9, NOW)
    assert (taken(found), found.missing) == ([(5, "2026-03")], 4)


def test_points_can_be_spent_from_their_instant_on_and_lapse_at_theirs():
    assert lot(5, waits=0).spendable(NOW)
    assert not lot(5, waits=1).spendable(NOW)
    assert lot(5, lapses=0).lapsed(NOW)
    assert not lot(5, lapses=1).lapsed(NOW)


def test_a_refund_takes_its_own_lot_first_then_spendable_then_pending_ones():
    have = (
        lot(10, "2026-01", lapses=5),
        lot(10, "2026-02", lapses=90),
        lot(10, "2026-03", lapses=400, waits=2),
        lot(10, "2026-04", lapses=300, waits=9),
    )
    found = take_back(have, 37, lot(0, "2026-02", lapses=90), NOW)
    assert taken(found) == [(10, "2026-02"), (10, "2026-01"), (10, "2026-03"), (7, "2026-04")]


def test_a_refund_finds_its_own_lot_again_after_it_was_released():
    own = lot(0, lapses=90, waits=-1)
    have = (lot(10, "2026-10", lapses=5), lot(10, lapses=90))
    assert taken(take_back(have, 4, own, NOW)) == [(4, "2026-11")]


def test_a_refund_in_the_waiting_time_takes_the_pending_lot_and_nothing_spendable():
    own = lot(10, lapses=90, waits=1)
    found = take_back((lot(10, "2026-10", lapses=5), own), 10, own, NOW)
    assert found.lots == (lot(10, "2026-10", lapses=5),)


def test_lapsed_points_are_never_taken_back():
    found = take_back((lot(10, lapses=0),), 4, lot(0, lapses=0), NOW)
    assert (found.moves, found.missing) == ((), 4)


lots = st.lists(
    st.builds(
        lot, st.integers(1, 50), st.sampled_from(["2026-01", "2026-02"]),
        lapses=st.none() | st.integers(0, 9), waits=st.none() | st.integers(1, 9),
    ),
    max_size=6,
)  # fmt: skip


@few
@given(lots, st.integers(0, 200), st.booleans())
def test_taking_loses_nothing_and_leaves_no_negative_lot(parts, points, spending):
    have = ()
    for part in parts:
        have = add(have, part)
    found = spend(have, points, NOW) if spending else take_back(have, points, None, NOW)
    assert sum(each.points for each in have) - sum(each.points for each in found.lots) == (
        points - found.missing
    )
    assert found.missing >= 0
    assert all(each.points > 0 for each in found.lots)
