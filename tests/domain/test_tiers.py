"""Tiers: up at once, never down by spending, and down one step when window and grace are over."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from tests.domain.cafe import NOON, booked, give_back, program, receipt_of, refund, sale

from loyalty.domain import lots
from loyalty.domain.account import Account, Totals
from loyalty.domain.ledger import Passbook
from loyalty.domain.program import Level, Tiers
from loyalty.domain.tiers import months_with, qualifying, reviewed

LEVELS = {
    "silver": Level(title={"en": "Silver"}, at=4000),
    "gold": Level(title={"en": "Gold"}, at=9000),
}


def cafe(**more):
    return program(tiers=Tiers(**{"levels": LEVELS, **more}))


def account(months, **more):
    found = {name: Totals(spend=spend) for name, spend in months.items()}
    total = Totals(spend=sum(months.values()))
    return Account(id="m", months=found, totals=total, **more)


def at(*parts):
    return datetime(*parts, tzinfo=UTC)


def held(rules, have, now):
    standing = reviewed(have, rules, now, "sale:x")
    return standing and standing.tier


def test_a_level_is_reached_exactly_at_its_line():
    assert held(cafe(), account({"2026-11": 3999}), NOON) is None
    assert held(cafe(), account({"2026-11": 4000}), NOON) == "silver"
    assert held(cafe(), account({"2026-11": 9000}), NOON) == "gold"


def test_a_rolling_year_is_this_month_and_the_eleven_before():
    have = account({"2025-11": 9000, "2025-12": 2000, "2026-11": 1000})
    assert qualifying(have, cafe().tiers, "2026-11") == 3000


def test_a_calendar_year_begins_in_january():
    have = account({"2025-12": 9000, "2026-01": 2000, "2026-11": 1000})
    assert qualifying(have, cafe(window="calendar_year").tiers, "2026-11") == 3000


def test_a_lifetime_forgets_nothing():
    have = account({"2020-01": 9000, "2026-11": 1000})
    assert qualifying(have, cafe(window="lifetime").tiers, "2026-11") == 10000


@pytest.mark.parametrize("metric", ["spend", "visits", "points"])
def test_a_tier_can_be_measured_in_money_visits_or_points(metric):
    totals = Totals(**{metric: 3})
    have = Account(id="m", totals=totals, months={"2026-11": totals})
    levels = {"regular": Level(title={"en": "Regular"}, at=3)}
    assert held(cafe(levels=levels, metric=metric), have, NOON) == "regular"


def test_a_sale_lifts_at_once_and_names_its_cause():
    _, book = booked(sale(4000), cafe())
    standing = book.account.standing
    assert (standing.tier, standing.since, standing.cause) == ("silver", NOON, "sale:generic:r1")
    assert (book.pages[-1][0].tier_before, book.pages[-1][0].tier_after) == (None, "silver")


def test_one_sale_can_lift_over_two_levels():
    _, book = booked(sale(9100), cafe())
    assert book.account.tier == "gold"


def test_spending_points_never_lowers_a_tier():
    _, book = booked(sale(4000), cafe())
    left = lots.spend(book.account.lots, 40, NOON).lots
    poor = msgspec.structs.replace(book.account, lots=left)
    again = Passbook(poor, cafe(), NOON + timedelta(days=1))
    again.settle()
    assert (again.account.points(NOON), again.account.tier) == (0, "silver")


def test_a_refund_does_not_lower_a_tier():
    receipt, book = booked(sale(4000), cafe())
    give_back(book, receipt, refund("a", 4000))
    assert (book.account.totals.spend, book.account.tier) == (0, "silver")


def test_a_rolling_tier_is_looked_at_a_year_and_its_grace_later():
    _, book = booked(sale(4000), cafe(grace_days=30))
    # 21 November 2027 ends at 23:00 UTC in Berlin; thirty days on.
    assert book.account.standing.until == at(2027, 12, 21, 23)


def test_a_calendar_tier_is_looked_at_after_new_years_eve_and_its_grace():
    _, book = booked(sale(4000), cafe(window="calendar_year", grace_days=30))
    assert book.account.standing.until == at(2027, 1, 30, 23)


def test_a_year_that_was_enough_keeps_a_calendar_tier_until_the_next_one_is_over():
    _, book = booked(sale(9100), cafe(window="calendar_year", grace_days=30))
    later = Passbook(book.account, cafe(window="calendar_year"), at(2027, 1, 30, 23))
    later.settle()
    standing = later.account.standing
    assert (standing.tier, standing.since, standing.until) == ("gold", NOON, at(2028, 1, 30, 23))
    then = Passbook(later.account, cafe(window="calendar_year"), at(2028, 1, 30, 23))
    then.settle()
    assert then.account.tier == "silver", "2027 was not enough, and 2026 is two years ago"


def test_what_is_spent_in_the_grace_keeps_a_calendar_tier_too():
    rules = cafe(window="calendar_year", grace_days=30)
    _, book = booked(sale(4000), rules)
    renewed = Passbook(book.account, rules, at(2027, 1, 30, 23))
    renewed.settle()
    more = at(2028, 1, 15, 10)
    again = Passbook(renewed.account, rules, more)
    sold = sale(4000, receipt="r2", occurred_at=more)
    again.book(receipt_of(sold), "sale", "sale:r2", rules, more)
    later = Passbook(again.account, rules, at(2028, 1, 30, 23))
    later.settle()
    assert later.account.tier == "silver"


@pytest.mark.parametrize("grace", [0, 10, 400])
def test_an_edited_grace_takes_nobody_s_calendar_tier_away(grace):
    _, book = booked(sale(4000), cafe(window="calendar_year", grace_days=30))
    later = Passbook(
        book.account, cafe(window="calendar_year", grace_days=grace), at(2027, 1, 30, 23)
    )
    later.settle()
    assert later.account.tier == "silver"


def test_a_grace_ends_at_midnight_also_when_the_clocks_change_in_it():
    # 10 March 2027 and thirty days: 9 April, which ends at 22:00 UTC in summer time.
    sold = sale(4000, occurred_at=at(2026, 3, 10, 10))
    _, book = booked(sold, cafe(), now=at(2026, 3, 10, 10))
    assert book.account.standing.until == at(2027, 4, 9, 22)


def test_a_lifetime_tier_never_ends():
    _, book = booked(sale(4000), cafe(window="lifetime"))
    assert book.account.standing.until is None


def test_nothing_happens_a_second_before_window_and_grace_end():
    _, book = booked(sale(9100), cafe())
    later = Passbook(book.account, cafe(), at(2027, 12, 21, 22, 59, 59))
    later.settle()
    assert (later.pages, later.account.tier) == ([], "gold")


def test_when_window_and_grace_end_a_tier_goes_down_one_step():
    _, book = booked(sale(9100), cafe())
    later = Passbook(book.account, cafe(), at(2027, 12, 21, 23))
    later.settle()
    entry = later.pages[-1][0]
    assert (entry.kind, entry.tier_before, entry.tier_after) == ("tier", "gold", "silver")
    # It is 22 December in Berlin: that day ends a year on, and thirty days more.
    assert later.account.standing.until == at(2029, 1, 21, 23)


def test_from_the_lowest_level_it_goes_down_to_none():
    _, book = booked(sale(4000), cafe())
    later = Passbook(book.account, cafe(), at(2027, 12, 21, 23))
    later.settle()
    assert later.account.standing is None


def test_who_still_qualifies_keeps_the_tier_and_its_since():
    _, book = booked(sale(4000), cafe())
    more = at(2027, 10, 1, 10)
    again = Passbook(book.account, cafe(), more)
    sold = sale(4000, receipt="r2", occurred_at=more)
    again.book(receipt_of(sold), "sale", "sale:r2", cafe(), more)
    later = Passbook(again.account, cafe(), at(2027, 12, 21, 23))
    later.settle()
    standing = later.account.standing
    assert (standing.tier, standing.since) == ("silver", NOON)
    assert standing.until == at(2029, 1, 21, 23)
    assert later.pages[-1][0].tier_before == later.pages[-1][0].tier_after == "silver"


def test_the_new_tier_earns_from_the_next_receipt_on():
    receipt, _ = booked(sale(4000), cafe())
    assert receipt.tier is None  # as the account stood when it was judged


def test_months_that_no_window_reaches_are_dropped():
    have = account({"2023-10": 1, "2023-12": 2})
    found = months_with(have.months, {"2026-11-21": Totals(spend=5)})
    assert sorted(found) == ["2023-12", "2026-11"]


def test_a_late_receipt_counts_in_its_own_month():
    late = sale(4000, occurred_at=at(2025, 10, 1, 10))
    _, book = booked(late, cafe())
    assert book.account.tier is None  # thirteen months ago: outside the window
    assert book.account.months["2025-10"].spend == 4000


def test_a_tier_that_the_program_no_longer_has_does_not_hold_anybody_back():
    _, book = booked(sale(4000), cafe())
    renamed = cafe(levels={"bronze": Level(title={"en": "Bronze"}, at=1000)})
    assert held(renamed, book.account, NOON) == "bronze"
