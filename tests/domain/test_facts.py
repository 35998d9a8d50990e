"""The compact facts on an account: business days, visits, velocity, and what is forgotten."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from tests.domain.cafe import program, sale

from loyalty.domain import facts
from loyalty.domain.account import ReceiptFact
from loyalty.domain.program import Store, Visits

NOON = datetime(2026, 11, 21, 11, 0, tzinfo=UTC)


def fact(minutes, *, day="2026-11-21", store="main", counts=True, name=""):
    return ReceiptFact(
        receipt=name or str(minutes), day=day, store=store,
        minute=facts.minute(NOON) + minutes, counts=counts,
    )  # fmt: skip


def test_each_store_has_its_own_turn_of_the_day():
    stores = {
        "main": Store(title="Main"),
        "late": Store(title="Late", business_day_turns_at="06:00"),
    }
    cafe = program(stores=stores)
    five = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)
    assert facts.day_of(cafe, sale(occurred_at=five)) == "2026-11-22"
    assert facts.day_of(cafe, sale(occurred_at=five, store="late")) == "2026-11-21"


def test_only_receipts_that_count_make_visits():
    known = [fact(0), fact(100), fact(200, counts=False), fact(300)]
    assert facts.visits_of(known, "2026-11-21", "main", 90) == 3


def test_visits_are_counted_per_day_and_store():
    known = [fact(0), fact(5, store="far"), fact(10, day="2026-11-22")]
    assert facts.visits_of(known, "2026-11-21", "main", 90) == 1


def test_a_receipt_counts_if_its_channel_does_and_enough_is_kept():
    cafe = program(visits=Visits(minimum=300, channels=("in_store",)))
    assert facts.counts(cafe, sale(), 300)
    assert not facts.counts(cafe, sale(), 299)
    assert not facts.counts(cafe, sale(channel="online"), 300)
    assert not facts.counts(program(), sale(), 0)


def test_an_hour_is_sixty_minutes_by_the_receipts_own_times():
    known = [fact(-60), fact(-59), fact(0), fact(1)]
    assert facts.within_an_hour(known, NOON) == 2


def test_forty_days_are_remembered_and_older_ones_are_not():
    days = [(NOON - timedelta(days=back)).date().isoformat() for back in (0, 40, 41)]
    known = [fact(-back * 1440, day=day) for back, day in zip((0, 40, 41), days, strict=True)]
    since = facts.floor(known, "")
    assert (since, days[2] < since) == (days[1], True)
    assert [each.day for each in facts.remembered(known, since)] == [days[1], days[0]]


def test_what_was_forgotten_stays_forgotten_when_the_newest_receipt_moves_back():
    assert facts.floor([fact(0, day="2026-05-01")], "2026-10-01") == "2026-10-01"
