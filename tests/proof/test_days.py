"""Business days under strain: moved receipts, forgotten days, new programs, late reviews."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import permutations
from pathlib import Path

import pytest
from infra.simulator.store import MemoryStore
from tests.rig import NOON, Rig, sale, void

from loyalty import programs
from loyalty.audit import audit
from loyalty.connectors.spec import Guest
from loyalty.counter import reviewing
from loyalty.ports import Query
from loyalty.records import accounts, entries, reviews

PHONE = "+4915112345671"
SEPTEMBER = datetime(2026, 9, 1, 11, tzinfo=UTC)
CAP, CEILING = "caps: {per_day: 10}", "limits: {receipt_ceiling: 500.00}"


class Cafe(Rig):
    """A cafe with one guest, one point per euro, and what a test adds to its rules."""

    def __init__(self, *more, zone="Europe/Berlin", also=""):
        self.zone = zone
        super().__init__(Path(), self.text(*more) + also, store=MemoryStore())
        self.member = self.join(phone=PHONE)

    def text(self, *more, sitting="60m"):
        plain = Path("tests/programs/plain.yaml").read_text("utf-8")
        text = plain.replace("per: 10.00", "per: 1.00").replace("Europe/Berlin", self.zone)
        rules = "".join(f"  {line}\n" for line in more)
        return text.replace("expiry:", f"{rules}visits: {{sitting: {sitting}}}\nexpiry:")

    def tells(self, *facts):
        for fact in facts:
            self.tell(fact, Guest(phone=PHONE))
            self.run()

    def approves(self, receipt):
        reviewing.decide(f"generic:{receipt}", "approved", "Maya", self.shop)
        self.run()

    def findings(self):
        booked = [entries.read(doc) for _, doc in self.store.query(Query("entries", limit=1000))]
        owners = [accounts.read(doc) for _, doc in self.store.query(Query("accounts", limit=1000))]
        sitting = lambda day: self.shop.programs.of_day(day).visits.sitting  # noqa: E731 - a value
        return audit(booked, owners, sitting).findings

    @property
    def balance(self):
        return self.points(self.member)


# -- forgotten days -----------------------------------------------------------------------


def test_a_day_that_was_forgotten_stays_so_when_the_newest_receipt_moves_back():
    cafe = Cafe(CAP)
    cafe.tells(sale("A", 2000, at=SEPTEMBER))
    cafe.tells(sale("X", 500, at=SEPTEMBER + timedelta(days=50)))
    cafe.tells(sale("X", 500, at=SEPTEMBER + timedelta(days=2), revision=1))
    assert cafe.findings() == ()
    cafe.tells(sale("B", 2000, at=SEPTEMBER + timedelta(minutes=10)))
    assert (cafe.balance, cafe.account(cafe.member).totals.visits) == (10 + 5, 2)
    assert cafe.findings() == ()


def test_a_review_on_a_forgotten_day_sees_what_a_moved_receipt_left_there():
    cafe = Cafe(CAP, CEILING)
    cafe.tells(*(sale(name, 1000, at=SEPTEMBER) for name in "AB"), sale("Z", 60000, at=SEPTEMBER))
    cafe.tells(sale("A", 1000, at=NOON, revision=1))
    assert cafe.balance == 20
    cafe.approves("Z")
    assert (cafe.balance, cafe.findings()) == (20, ())


def test_a_receipt_without_a_cap_leaves_nothing_behind():
    cafe = Cafe()
    for days in range(4):
        cafe.tells(sale("A", 1000, at=NOON - timedelta(days=days), revision=days))
    assert cafe.receipt("A").away == {}


def test_points_left_behind_are_no_receipt_of_the_hour():
    cafe = Cafe(CAP, "limits: {receipts_per_hour: 2}")
    before = NOON - timedelta(days=1)
    cafe.tells(sale("A", 1000, at=before), sale("B", 1000, at=before))
    cafe.tells(sale("A", 1000, at=NOON, revision=1), sale("C", 100, at=NOON))
    assert cafe.receipt("C").state == "posted"


def test_points_left_on_an_old_day_count_for_its_month():
    tiers = """
tiers:
  metric: points
  window: calendar_year
  levels:
    gold: {title: {en: Gold}, at: 15}
"""
    night, morning = datetime(2026, 12, 31, 20, tzinfo=UTC), datetime(2027, 1, 1, 11, tzinfo=UTC)
    story = [sale("A", 1000, at=night), sale("B", 1000, at=night)]
    seen = set()
    for order in permutations([*story, sale("A", 1000, at=morning, revision=1)]):
        cafe = Cafe(CAP, also=tiers)
        cafe.clock.set(datetime(2027, 1, 2, tzinfo=UTC))
        cafe.tells(*order)
        account = cafe.account(cafe.member)
        seen.add((*((month, sums.points) for month, sums in account.months.items()), account.tier))
        assert cafe.findings() == ()
    assert seen == {(("2026-12", 10), ("2027-01", 10), None)}


# -- days whose program changes -----------------------------------------------------------


@pytest.mark.parametrize("zone", ["Asia/Tokyo", "Asia/Kathmandu", "America/Los_Angeles"])
@pytest.mark.parametrize("hours", range(0, 24, 5))
def test_a_new_version_changes_no_day_that_has_begun(zone, hours):
    cafe = Cafe(zone=zone)
    start = datetime(2026, 11, 21, 12, tzinfo=UTC) + timedelta(hours=hours)
    cafe.clock.set(start)
    cafe.tells(sale("A", 1000, at=start), sale("B", 1000, at=start + timedelta(minutes=70)))
    cafe.clock.set(start + timedelta(minutes=80))
    changed = cafe.text(CAP, sitting="120m")
    programs.publish(cafe.store, changed, cafe.clock.now())
    cafe.clock.set(start + timedelta(minutes=90))
    assert cafe.findings() == ()
    cafe.tells(sale("C", 100, at=start + timedelta(minutes=89)))
    assert (cafe.balance, cafe.findings()) == (21, ())


def test_a_receipt_of_the_first_day_there_is_has_a_program():
    cafe = Cafe()
    cafe.tells(sale("A", 1000, at=programs.EPOCH + timedelta(hours=1)))
    assert cafe.bus.dead == []


# -- receipts that wait -------------------------------------------------------------------


def test_a_person_approves_what_they_saw_and_no_more():
    cafe = Cafe("limits: {receipt_ceiling: 500.00, receipts_per_hour: 1}")
    cafe.tells(sale("A", 500), sale("B", 500))
    assert cafe.receipt("B").state == "review"
    cafe.approves("B")
    cafe.tells(sale("B", 100_000_000, revision=1))
    assert (cafe.receipt("B").state, cafe.balance) == ("review", 5)
    cafe.approves("B")
    assert (cafe.receipt("B").state, cafe.findings()) == ("posted", ())


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_a_revision_below_the_ceiling_lets_a_receipt_go(order):
    cafe = Cafe(CEILING)
    told = [sale("A", 60000), sale("A", 500, revision=1)]
    cafe.tells(*(told[place] for place in order))
    assert (cafe.receipt("A").state, cafe.balance) == ("posted", 5)
    assert reviews.find(cafe.store, ("state", "==", "open")) == []
    assert cafe.findings() == ()


def test_nobody_is_asked_about_a_receipt_that_is_void():
    cafe = Cafe(CEILING)
    cafe.tells(sale("A", 500), void("A"), sale("A", 60000, revision=1))
    assert reviews.find(cafe.store) == []
