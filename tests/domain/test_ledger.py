"""The ledger: what is booked, from which lots, what is owed, and what time alone does."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from tests.domain.cafe import (
    NOON,
    PER_EURO,
    PER_TEN,
    booked,
    give_back,
    line,
    program,
    receipt_of,
    refund,
    sale,
    yearly,
)

from loyalty.domain import lots, reviews
from loyalty.domain.account import Account, Lot
from loyalty.domain.entry import Receipt
from loyalty.domain.ledger import Passbook
from loyalty.domain.program import Caps, Expiry, Limits, Spend, Visits

CARRY = Spend(title={"en": "Spend"}, points=1, per=1000, carry=True)
DAY = timedelta(days=1)


def at(*parts):
    return datetime(*parts, tzinfo=UTC)


def book_more(book, *sold, kind="sale"):
    found = []
    for each in sold:
        name = f"{kind}:{each.receipt}:{each.revision}"
        found.append(book.book(receipt_of(each), kind, name, book.program, each.occurred_at))
    return found


def edited(book, receipt, sold):
    changed = msgspec.structs.replace(receipt, sale=sold)
    name = f"edit:{sold.receipt}:{sold.revision}"
    return book.book(changed, "edit", name, book.program, sold.occurred_at)


def voided(book, receipt):
    changed = msgspec.structs.replace(receipt, voided=True)
    return book.book(changed, "void", f"void:{receipt.id}", book.program, book.now)


def spent(book, points):
    """The same book after points were spent at the till."""
    taken = lots.spend(book.account.lots, points, book.now)
    assert taken.missing == 0
    account = msgspec.structs.replace(book.account, lots=taken.lots)
    return Passbook(account, book.program, book.now)


def points_of(book):
    return [entry.points for entry, _ in book.pages]


def postings(book):
    return [{p.book: p.points for p in entry.postings} for entry, _ in book.pages]


# -- one formula for every act ------------------------------------------------------------


def test_a_sale_books_its_points():
    receipt, book = booked(sale(2190), program(rules={"spend": PER_TEN}))
    assert (receipt.points, points_of(book), book.account.points(NOON)) == (2, [2], 2)


def test_three_refunds_of_21_90_take_back_exactly_what_it_earned():
    # 2 points. Kept 16.90: 1. Kept 11.90: 1. Nothing kept: 0. So -1, 0, -1.
    receipt, book = booked(sale(2190), program(rules={"spend": PER_TEN}))
    receipt = give_back(book, receipt, refund("a", 500), refund("b", 500), refund("c", 1190))
    assert points_of(book) == [2, -1, 0, -1]
    assert (receipt.points, book.account.points(NOON), book.account.debt) == (0, 0, 0)


def test_an_edit_books_the_difference_up_and_down():
    receipt, book = booked(sale(1000))
    receipt = edited(book, receipt, sale(1500, revision=1))
    receipt = edited(book, receipt, sale(400, revision=2))
    assert (points_of(book), receipt.points) == ([10, 5, -11], 4)


def test_an_edit_after_a_refund_keeps_the_refund():
    receipt, book = booked(sale(1000))
    receipt = give_back(book, receipt, refund("a", 400))
    receipt = edited(book, receipt, sale(1500, revision=1))
    assert (points_of(book), receipt.points) == ([10, -4, 5], 11)


def test_a_void_takes_everything_and_later_facts_bring_nothing_back():
    receipt, book = booked(sale(1000))
    receipt = give_back(book, receipt, refund("a", 400))
    receipt = voided(book, receipt)
    receipt = edited(book, receipt, sale(9900, revision=1))
    assert (points_of(book), receipt.points) == ([10, -4, -6, 0], 0)
    assert book.account.totals.spend == book.account.totals.visits == 0


def test_an_act_of_no_points_is_an_entry_too():
    _, book = booked(sale(0))
    assert [(e.kind, e.points, e.postings) for e, _ in book.pages] == [("sale", 0, ())]


def test_totals_follow_what_is_kept():
    receipt, book = booked(sale(1000))
    assert book.account.totals.spend == 1000
    give_back(book, receipt, refund("a", 400))
    totals = book.account.totals
    assert (totals.spend, totals.points, totals.visits) == (600, 6, 1)
    assert book.account.months["2026-11"] == totals


def test_a_receipt_in_review_books_nothing_until_somebody_says_yes():
    held = receipt_of(sale(1000))
    held = msgspec.structs.replace(held, state="review", review="above the ceiling")
    book = Passbook(Account(id="m"), program(), NOON)
    receipt = book.book(held, "sale", "sale:r1", program(), NOON)
    assert (receipt.points, book.account.totals.visits) == (0, 0)
    assert book.pages[0][0].reason == "held for review: above the ceiling"
    yes = msgspec.structs.replace(receipt, state="posted")
    assert book.book(yes, "review", "review:r1", program(), NOON).points == 10


# -- carry --------------------------------------------------------------------------------


def test_what_is_left_over_counts_on_the_next_receipt():
    cafe = program(rules={"spend": CARRY})
    book = Passbook(Account(id="m"), cafe, NOON)
    book_more(book, sale(450, receipt="a"), sale(380, receipt="b"), sale(310, receipt="c"))
    # Sums 4.50, 8.30, 11.40 at a point per 10.00.
    assert points_of(book) == [0, 0, 1]


def test_a_receipts_share_goes_when_it_goes_even_if_another_had_the_point():
    cafe = program(rules={"spend": CARRY})
    book = Passbook(Account(id="m"), cafe, NOON)
    first, _ = book_more(book, sale(700, receipt="a"), sale(700, receipt="b"))
    give_back(book, first, refund("x", 700, receipt="a"))
    # 7.00: 0. 14.00: 1. Back to 7.00: the point is gone, booked on the first receipt.
    assert points_of(book) == [0, 1, -1]
    assert book.account.carry == {"spend:1/1000": 700 * 10_000}


def test_an_empty_sum_is_forgotten():
    receipt, book = booked(sale(700), program(rules={"spend": CARRY}))
    give_back(book, receipt, refund("x", 700))
    assert book.account.carry == {}


# -- the cap of a day ---------------------------------------------------------------------


def test_a_day_is_worth_its_cap_at_most():
    # 60 + 43 = 103, at most 90: the second books 30, the third nothing.
    cafe = program(earning={"caps": Caps(per_day=90)})
    book = Passbook(Account(id="m"), cafe, NOON)
    sold = [sale(n, receipt=r) for r, n in (("a", 6000), ("b", 4300), ("c", 300))]
    book_more(book, *sold)
    assert points_of(book) == [60, 30, 0]


def test_a_refund_books_what_the_whole_day_loses():
    # Kept 36 + 43 + 3 = 82 of 90 booked: -8. Then 36 + 0 + 3 = 39: -43.
    cafe = program(earning={"caps": Caps(per_day=90)})
    book = Passbook(Account(id="m"), cafe, NOON)
    sold = [sale(n, receipt=r) for r, n in (("a", 6000), ("b", 4300), ("c", 300))]
    a, b, c = book_more(book, *sold)
    a = give_back(book, a, refund("x", 2400, receipt="a"))
    b = give_back(book, b, refund("y", 4300, receipt="b"))
    assert points_of(book) == [60, 30, 0, -8, -43]
    assert (a.points, b.points, c.points) == (52, -13, 0)


def test_the_cap_counts_the_business_day_of_the_receipt_not_of_its_arrival():
    cafe = program(earning={"caps": Caps(per_day=10)})
    book = Passbook(Account(id="m"), cafe, at(2026, 11, 25, 12))
    late = sale(900, receipt="a", occurred_at=at(2026, 11, 21, 11))
    book_more(book, late, sale(900, receipt="b", occurred_at=at(2026, 11, 25, 11)))
    assert points_of(book) == [9, 9]


def test_a_sale_after_midnight_still_fills_yesterdays_cap():
    cafe = program(earning={"caps": Caps(per_day=10)})
    book = Passbook(Account(id="m"), cafe, at(2026, 11, 22, 3))
    evening, night = at(2026, 11, 21, 20), at(2026, 11, 22, 1, 30)
    book_more(book, sale(900, receipt="a", occurred_at=evening))
    book_more(book, sale(900, receipt="b", occurred_at=night))
    assert points_of(book) == [9, 1]


def test_a_day_that_the_account_forgot_is_capped_by_its_looked_up_facts():
    cafe = program(earning={"caps": Caps(per_day=10)})
    _, book = booked(sale(800, receipt="a", occurred_at=at(2026, 1, 5, 11)), cafe)
    (old,) = book.account.facts
    book_more(book, sale(100, receipt="b", occurred_at=NOON))
    assert [fact.day for fact in book.account.facts] == ["2026-11-21"]
    again = Passbook(book.account, cafe, NOON, older=[old])
    book_more(again, sale(900, receipt="c", occurred_at=at(2026, 1, 5, 12)))
    assert points_of(again) == [2]


# -- visits -------------------------------------------------------------------------------


def test_receipts_of_one_sitting_are_one_visit_in_any_order():
    for order in ((0, 30, 89, 90), (90, 89, 30, 0), (30, 90, 0, 89)):
        book = Passbook(Account(id="m"), program(), NOON + DAY)
        for minutes in order:
            when = NOON + timedelta(minutes=minutes)
            book_more(book, sale(500, receipt=str(minutes), occurred_at=when))
        assert book.account.totals.visits == 2


def test_a_refund_can_split_or_join_sittings():
    # 0 and 60 and 120: two visits (0+60, 120). Without the first: 60 and 120 are one.
    book = Passbook(Account(id="m"), program(), NOON + DAY)
    receipts = [
        book_more(book, sale(500, receipt=str(n), occurred_at=NOON + timedelta(minutes=n)))[0]
        for n in (0, 60, 120)
    ]
    assert book.account.totals.visits == 2
    give_back(book, receipts[0], refund("x", 500, receipt="0"))
    assert book.account.totals.visits == 1


def test_below_the_minimum_there_is_no_visit():
    cafe = program(visits=Visits(minimum=300))
    receipt, book = booked(sale(400), cafe)
    assert book.account.totals.visits == 1
    give_back(book, receipt, refund("x", 200))
    assert book.account.totals.visits == 0


def test_a_revision_that_moves_a_receipt_out_of_a_sitting_makes_a_visit_of_its_own():
    # Two receipts half an hour apart are one visit; then the first turns out to be three hours old.
    book = Passbook(Account(id="m"), program(), NOON + DAY)
    first, _ = book_more(
        book, sale(500, receipt="a"),
        sale(500, receipt="b", occurred_at=NOON + timedelta(minutes=30)),
    )  # fmt: skip
    assert book.account.totals.visits == 1
    earlier = NOON - timedelta(hours=3)
    edited(book, first, sale(500, receipt="a", revision=1, occurred_at=earlier))
    assert book.account.totals.visits == 2


# -- lots ---------------------------------------------------------------------------------


def test_points_lapse_a_year_later_at_the_end_of_that_day():
    _, book = booked(sale(1000), yearly())
    assert book.account.lots == (Lot(points=10, month="2026-11", expires_at=at(2027, 11, 21, 23)),)


def test_lapsed_points_count_nowhere_from_their_instant_on_whoever_looks():
    _, book = booked(sale(1000), yearly())
    end = at(2027, 11, 21, 23)
    assert book.account.points(end - timedelta(seconds=1)) == 10
    assert book.account.points(end) == 0
    assert book.account.pending(end) == 0


def test_pending_points_count_from_the_receipts_time_and_can_be_spent_after():
    cafe = yearly(earning={"pending": {"online": 120}})
    bought = NOON - timedelta(minutes=30)
    _, book = booked(sale(1000, channel="online", occurred_at=bought), cafe)
    account = book.account
    assert (account.points(NOON), account.pending(NOON)) == (0, 10)
    free = bought + timedelta(hours=2)
    assert (account.points(free), account.pending(free)) == (10, 0)


def test_points_whose_wait_is_over_when_the_receipt_arrives_are_spendable_at_once():
    cafe = yearly(earning={"pending": {"online": 120}})
    bought = NOON - timedelta(minutes=120)
    _, book = booked(sale(1000, channel="online", occurred_at=bought), cafe)
    assert (book.account.points(NOON), book.account.pending(NOON)) == (10, 0)


def test_expiry_counts_from_when_the_points_can_be_spent():
    # 30 January 2026 23:00 in Berlin plus two days: 1 February; a month later ends 1 March.
    cafe = program(expiry=Expiry(months=1), earning={"pending": {"online": 2 * 1440}})
    when = at(2026, 1, 30, 22)
    _, book = booked(sale(1000, channel="online", occurred_at=when), cafe, now=when)
    assert book.account.lots[0].expires_at == at(2026, 3, 1, 23)


def test_a_refund_within_the_wait_cancels_the_pending_points_and_touches_no_others():
    cafe = yearly(earning={"pending": {"online": 120}})
    _, book = booked(sale(700), cafe)
    (online,) = book_more(book, sale(1000, receipt="b", channel="online"))
    give_back(book, online, refund("x", 1000, receipt="b"))
    assert (book.account.points(NOON), book.account.pending(NOON)) == (7, 0)


def test_time_releases_and_lapses_points_each_with_its_entry():
    cafe = program(expiry=Expiry(months=1), earning={"pending": {"online": 120}})
    _, book = booked(sale(1000, channel="online"), cafe)
    later = Passbook(book.account, cafe, NOON + 60 * DAY)
    later.settle()
    first, second = (entry for entry, _ in later.pages)
    assert (first.kind, first.points, first.occurred_at) == (
        "release",
        0,
        NOON + timedelta(0, 7200),
    )
    assert (second.kind, second.points) == ("expire", -10)
    assert second.occurred_at == at(2026, 12, 21, 23)
    assert later.account.lots == ()


def test_settling_twice_does_nothing_more():
    cafe = program(expiry=Expiry(months=1))
    _, book = booked(sale(1000), cafe)
    later = Passbook(book.account, cafe, NOON + 60 * DAY)
    later.settle()
    again = Passbook(later.account, cafe, NOON + 60 * DAY)
    again.settle()
    assert again.pages == []


def test_two_waits_that_end_within_one_second_are_two_acts():
    """Or the second could never be written, and the account would be stuck for good."""
    cafe = yearly(earning={"pending": {"online": 120}})
    book = Passbook(Account(id="m"), cafe, NOON)
    for name, ms in (("a", 100), ("b", 900)):
        when = NOON + timedelta(milliseconds=ms)
        book_more(book, sale(1000, receipt=name, channel="online", occurred_at=when))
    later = Passbook(book.account, cafe, NOON + DAY)
    later.settle()
    names = [entry.id for entry, _ in later.pages]
    assert len(names) == len(set(names)) == 2


def test_a_receipt_that_comes_too_late_for_its_points_still_gives_a_week():
    cafe = yearly()
    old = sale(1000, occurred_at=at(2025, 11, 1, 11))
    receipt, book = booked(old, cafe)
    assert [entry.kind for entry, _ in book.pages] == ["sale", "extend"]
    # Noon on 21 November + 7 days: until the end of the 28th.
    assert book.account.lots[0].expires_at == at(2026, 11, 28, 23)
    assert book.account.points(NOON) == 10
    give_back(book, receipt, refund("x", 1000))
    assert (book.account.points(NOON), book.account.debt) == (0, 0)


def test_the_extension_moves_only_what_the_receipt_just_brought():
    cafe = yearly()
    early = sale(400, receipt="a", occurred_at=at(2025, 11, 26, 11))
    _, book = booked(early, cafe, now=at(2025, 11, 26, 12))
    later = Passbook(book.account, cafe, NOON)
    book_more(later, sale(600, receipt="b", occurred_at=at(2025, 11, 26, 12)))
    ends = {lot.expires_at: lot.points for lot in later.account.lots}
    assert ends == {at(2026, 11, 26, 23): 4, at(2026, 11, 28, 23): 6}


def test_an_extension_is_not_needed_when_a_week_is_left():
    cafe = yearly()
    _, book = booked(sale(1000, occurred_at=at(2025, 11, 28, 11)), cafe)
    assert [entry.kind for entry, _ in book.pages] == ["sale"]


# -- debt ---------------------------------------------------------------------------------


def test_earn_100_spend_80_refund_all_owes_80():
    receipt, book = booked(sale(10000))
    book = spent(book, 80)
    give_back(book, receipt, refund("x", 10000))
    assert (book.account.points(NOON), book.account.debt, book.account.lots) == (-80, 80, ())
    assert postings(book) == [{"member": -20, "debt": -80, "issued": 100}]
    assert points_of(book) == [-100]


def test_earn_100_spend_80_refund_all_is_forgiven_where_so_declared():
    receipt, book = booked(sale(10000), program(earning={"debt": "forgive"}))
    book = spent(book, 80)
    give_back(book, receipt, refund("x", 10000))
    assert (book.account.points(NOON), book.account.debt) == (0, 0)
    assert postings(book) == [{"member": -20, "issued": 100, "written-off": -80}]
    assert points_of(book) == [-20]


def test_beyond_the_cap_a_debt_is_written_off():
    receipt, book = booked(sale(10000), program(earning={"debt_cap": 30}))
    book = spent(book, 80)
    give_back(book, receipt, refund("x", 10000))
    assert book.account.debt == 30
    assert postings(book) == [{"member": -20, "debt": -30, "issued": 100, "written-off": -50}]


def test_a_full_cap_grows_no_more():
    cafe = program(earning={"debt_cap": 30})
    book = Passbook(Account(id="m", debt=25), cafe, NOON)
    book.withdraw("withdrawal:x", 40, "no longer reached", "m", "c")
    book.withdraw("withdrawal:y", 40, "no longer reached", "m", "c")
    assert book.account.debt == 30
    assert postings(book)[1] == {"issued": 40, "written-off": -40}


def test_new_points_pay_off_debt_first():
    book = Passbook(Account(id="m", debt=80), program(), NOON)
    book_more(book, sale(5000, receipt="a"), sale(5000, receipt="b"))
    assert postings(book) == [
        {"debt": 50, "issued": -50},
        {"member": 20, "debt": 30, "issued": -50},
    ]
    assert (book.account.debt, book.account.points(NOON)) == (0, 20)
    assert points_of(book) == [50, 50]


def test_pending_points_pay_off_debt_too():
    cafe = program(earning={"pending": {"online": 120}})
    book = Passbook(Account(id="m", debt=4), cafe, NOON)
    book_more(book, sale(1000, channel="online"))
    assert (book.account.debt, book.account.pending(NOON)) == (0, 6)


def test_a_debt_does_not_lower_progress():
    book = Passbook(Account(id="m", debt=80), program(), NOON)
    book_more(book, sale(5000))
    assert book.account.totals.points == 50


def test_pending_points_are_taken_before_a_debt_is_made():
    cafe = program(earning={"pending": {"online": 120}})
    receipt, book = booked(sale(1000), cafe)
    book = spent(book, 10)
    book_more(book, sale(1000, receipt="b", channel="online"))
    give_back(book, receipt, refund("x", 1000))
    assert (book.account.debt, book.account.pending(NOON)) == (0, 0)


def test_points_that_lapsed_are_owed_when_their_sale_is_refunded():
    cafe = program(expiry=Expiry(months=1))
    receipt, book = booked(sale(1000), cafe)
    later = Passbook(book.account, cafe, NOON + 60 * DAY)
    later.settle()
    give_back(later, receipt, refund("x", 1000))
    assert later.account.debt == 10


# -- gifts --------------------------------------------------------------------------------


def test_an_award_is_a_lot_of_its_own_and_no_progress():
    book = Passbook(Account(id="m"), yearly(earning={"pending": {"in_store": 60}}), NOON)
    entry = book.award("award:x", 15, "Ten visits", "ten", "sale:r1")
    assert (entry.kind, entry.points, entry.rule, entry.cause) == ("award", 15, "ten", "sale:r1")
    assert book.account.points(NOON) == 15
    assert book.account.totals.points == 0
    assert book.account.lots[0].expires_at == at(2027, 11, 21, 23)


def test_an_award_without_points_is_an_entry_without_a_lot():
    book = Passbook(Account(id="m"), program(), NOON)
    entry = book.award("award:x", 0, "A coffee", "ten", "sale:r1")
    assert (entry.points, entry.postings, book.account.lots) == (0, (), ())


def test_an_award_pays_off_debt_first():
    book = Passbook(Account(id="m", debt=10), program(), NOON)
    book.award("award:x", 15, "Ten visits", "ten", "sale:r1")
    assert (book.account.debt, book.account.points(NOON)) == (0, 5)


# -- what must wait for a person ----------------------------------------------------------


def waits(cafe, fact, known=()):
    receipt = Receipt(id=fact.receipt_id, state="posted", sale=fact)
    return reviews.at_first(cafe, receipt, known).review


def test_the_ceiling_holds_what_is_above_it():
    cafe = program(earning={"limits": Limits(receipt_ceiling=50000)})
    assert waits(cafe, sale(50000)) == ""
    assert waits(cafe, sale(50001)) == "above the ceiling of EUR 500.00"


@pytest.mark.parametrize(("minutes", "held"), [((-50, -40), True), ((-60, -40), False)])
def test_the_hour_before_a_receipt_counts_by_the_receipts_times(minutes, held):
    cafe = program(earning={"limits": Limits(receipts_per_hour=2)})
    book = Passbook(Account(id="m"), cafe, NOON)
    for n in minutes:
        book_more(book, sale(500, receipt=str(n), occurred_at=NOON + timedelta(minutes=n)))
    assert bool(waits(cafe, sale(receipt="z"), book.account.facts)) is held


def test_a_receipt_does_not_count_against_itself():
    cafe = program(earning={"limits": Limits(receipts_per_hour=1)})
    _, book = booked(sale(500), cafe)
    assert waits(cafe, sale(500), book.account.facts) == ""


# -- entries ------------------------------------------------------------------------------


def test_entries_count_on_and_tell_what_was_before_and_after():
    receipt, book = booked(sale(1000), program(rules={"spend": PER_EURO}))
    give_back(book, receipt, refund("a", 400))
    first, second = (entry for entry, _ in book.pages)
    assert (first.seq, second.seq, book.account.seq, book.account.count) == (1, 2, 2, 2)
    assert first.after == second.before
    assert (second.before.points, second.after.points) == (10, 6)


def test_an_entry_names_receipt_revision_store_version_and_reason():
    sold = sale(lines=[line("1", 1000)], revision=3)
    _, book = booked(sold)
    (entry,) = (entry for entry, _ in book.pages)
    assert (entry.receipt, entry.revision, entry.store, entry.version) == (
        "generic:r1", 3, "main", "v1",
    )  # fmt: skip
    assert entry.reason == "EUR 10.00: 1 point per euro"


def test_a_receipt_is_not_booked_before_its_sale_is_known():
    book = Passbook(Account(id="m"), program(), NOON)
    refunded = Receipt(id="generic:r1", state="posted", member="m")
    with pytest.raises(ValueError, match="before its sale is known"):
        book.book(refunded, "refund", "refund:generic:r1:a", program(), NOON)
