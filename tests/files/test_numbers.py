"""Receipt numbers that come twice: two sales are never booked as one, whatever a till counts by."""

from __future__ import annotations

from datetime import timedelta

import pytest
from tests.files.desk import COLUMNS, PROGRAM, SITA, desk, table
from tests.rig import NOON

from loyalty.files.reading import Budget, File
from loyalty.files.running import Run
from loyalty.files.shelf import Shelf, sources

SUNIL = "+4915112345679"
RESTART = PROGRAM.replace("{via: folder}", "{via: folder, numbers_restart: true}")
HOUR = timedelta(hours=1)


def spent(cafe) -> int:
    spend: int = cafe.account(cafe.sita).totals.spend
    return spend


@pytest.fixture
def cafe(tmp_path):
    with desk(tmp_path, PROGRAM) as cafe:
        cafe.sita = cafe.join(phone=SITA)
        yield cafe


@pytest.mark.parametrize(
    ("field", "other"),
    [
        ("customer_ref", f"phone:{SUNIL}"),
        ("currency", "USD"),
        ("store_id", "other"),
        ("occurred_at", "2026-11-21T17:15:00+01:00"),
    ],
)
def test_rows_of_one_number_that_are_of_two_sales_are_refused(cafe, field, other):
    rows = table({"receipt_no": "A-1"}, {"receipt_no": "A-1", "line_no": "2", field: other})
    cafe.upload(rows, 2)
    cafe.due()
    refused = [(each["row"], each["code"]) for each in cafe.answer()["rejected"]]
    assert refused == [(2, "RECEIPT_REFUSED"), (3, "RECEIPT_MIXED")]
    assert cafe.receipts() == 0


def test_what_a_row_leaves_out_the_others_say(cafe):
    rows = table(
        {"receipt_no": "A-1"},
        {"receipt_no": "A-1", "line_no": "2", "customer_ref": "", "store_id": "", "currency": ""},
    )
    cafe.upload(rows, 2)
    cafe.due()
    assert cafe.account(cafe.sita).totals.spend == 4800


@pytest.mark.parametrize("program", [PROGRAM, RESTART])
def test_lines_rung_up_one_after_another_are_one_receipt(tmp_path, program):
    times = ("2026-11-20T10:15:30+01:00", "2026-11-20T12:40:00+01:00")
    with desk(tmp_path, program) as cafe:
        sita = cafe.join(phone=SITA)
        rows = [
            {"receipt_no": "1", "line_no": str(n), "occurred_at": at} for n, at in enumerate(times)
        ]
        cafe.upload(table(*rows), 2)
        cafe.due()
        assert (cafe.account(sita).totals.spend, cafe.receipts()) == (4800, 1)


def test_a_guest_named_beside_a_discount_alone_is_the_receipts_guest(cafe):
    off = {"receipt_no": "A-1", "line_total": "-4,00"}
    cafe.upload(table(off, {"receipt_no": "A-1", "line_no": "2", "customer_ref": ""}), 2)
    cafe.due()
    assert cafe.account(cafe.sita).totals.spend == 2000


@pytest.mark.parametrize("body", [b"", b"\r\n;;\r\n"])
def test_an_empty_file_says_that_nothing_was_sold(cafe, body):
    cafe.upload(body, 0)
    cafe.due()
    assert (cafe.answer()["rows"], cafe.answer()["accepted"]) == (0, 0)


def test_the_earlier_file_again_takes_back_half_a_correction(cafe):
    first = table(*({"receipt_no": f"A-{number}"} for number in range(3)))
    corrected = table(*({"receipt_no": f"A-{n}", "line_total": "9,00"} for n in range(3)))
    cafe.upload(first, 3)
    cafe.due()
    cafe.upload(corrected, 3, at=NOON + HOUR)
    found = sources(cafe.shop.programs.current().program)
    Run(cafe.shop, Budget(NOON + 9 * HOUR, 1, page=1)).read(found)
    cafe.run()
    assert cafe.account(cafe.sita).totals.spend == 5700
    cafe.upload(first, 3, at=NOON + 2 * HOUR)
    cafe.due()
    assert cafe.account(cafe.sita).totals.spend == 7200


def test_a_till_that_begins_anew_at_midnight_takes_no_other_guests_receipt(tmp_path):
    with desk(tmp_path, by_clock('"00:00"')) as cafe:
        sita, sunil = cafe.join(phone=SITA), cafe.join("Sunil Lama", phone=SUNIL)
        late = {"occurred_at": "2026-11-20T22:00:00+01:00"}
        cafe.upload(table({"receipt_no": "1", **late}), 1)
        cafe.due()
        night = {"occurred_at": "2026-11-21T00:30:00+01:00", "customer_ref": f"phone:{SUNIL}"}
        after = table({"receipt_no": "1", **night})
        cafe.upload(after, 1, "sales-02.csv", business_date="2026-11-21", at=NOON + HOUR)
        cafe.due()
        assert [cafe.account(who).totals.spend for who in (sita, sunil)] == [2400, 2400]


NIGHT = {"receipt_no": "1", "occurred_at": "2026-11-20T00:30:00+01:00"}


def by_clock(clock: str) -> str:
    return RESTART.replace("true}", f"true, numbers_restart_at: {clock}}}" if clock else "true}")


@pytest.mark.parametrize("day", ["2026-11-20", "2026-11-22"])
@pytest.mark.parametrize(("clock", "taken"), [("", 0), ('"00:00"', 1), ('"04:00"', 1)])
def test_what_was_sold_at_night_is_booked_once_though_a_file_of_another_day_tells_it_again(
    tmp_path, clock, taken, day
):
    """The file of the business day, which began the morning before, is taken without a clock."""
    with desk(tmp_path, by_clock(clock)) as cafe:
        cafe.sita = cafe.join(phone=SITA)
        cafe.upload(table(NIGHT), 1, business_date="2026-11-19")
        cafe.due()
        again = table(NIGHT, {"receipt_no": "2", "occurred_at": f"{day}T10:00:00+01:00"})
        cafe.clock.advance(48 * HOUR)
        cafe.upload(again, 2, "sales-02.csv", business_date=day, at=NOON + HOUR)
        cafe.due()
        assert (spent(cafe), cafe.receipts()) == (4800, 2)
        refused = [each["code"] for each in cafe.answer("sales-02.result.json")["rejected"]]
        assert refused == ["DAY_UNKNOWN"] * (1 - taken)


def test_a_sale_that_goes_back_twice_under_its_own_number_goes_back_twice(cafe):
    back = {"receipt_no": "A-1", "kind": "REFUND", "refund_of": "A-1"}
    rows = [{"receipt_no": "A-1"}]
    for hour, amount in ((11, "-4,00"), (12, "-5,00")):
        rows.append({**back, "occurred_at": f"2026-11-20T{hour}:00:00+01:00", "line_total": amount})
        cafe.upload(table(*rows), len(rows), at=NOON + hour * HOUR)
        cafe.due()
    assert cafe.account(cafe.sita).totals.spend == 1500


@pytest.mark.parametrize("number", ["2026/000123", "R 17", "R#17", "001\\17"])
def test_numbers_as_fiscal_tills_print_them_are_taken(cafe, number):
    cafe.upload(table({"receipt_no": number}), 1)
    cafe.due()
    assert cafe.receipts() == 1


@pytest.mark.parametrize("ref", [SITA, f"tel:{SITA}", f"PHONE: {SITA}"])
def test_a_phone_is_known_by_its_form(cafe, ref):
    cafe.upload(table({"receipt_no": "A-1", "customer_ref": ref}), 1)
    cafe.due()
    assert cafe.account(cafe.sita).totals.spend == 2400


def test_receipts_whose_guest_cannot_be_read_are_counted(cafe):
    refs = ("phone:abc", "email:nobody", "loyal:4711", "card:", SITA, "", "card:K7QM")
    rows = [{"receipt_no": str(n), "customer_ref": ref} for n, ref in enumerate(refs)]
    cafe.upload(table(*rows), len(rows))
    cafe.due()
    assert (cafe.answer()["accepted"], cafe.answer()["unknown_guests"]) == (7, 4)


def test_what_came_to_nothing_counts_though_an_older_file_is_read_later(cafe):
    cafe.upload(table({"receipt_no": "A-1", "line_total": "0,00"}), 1, at=NOON + HOUR)
    cafe.due()
    cafe.upload(table({"receipt_no": "A-1"}), 1, "sales-00.csv")
    cafe.due()
    assert cafe.account(cafe.sita).totals.spend == 0
    cafe.upload(table({"receipt_no": "A-1"}), 1, "sales-03.csv", at=NOON + 2 * HOUR)
    cafe.due()
    assert cafe.account(cafe.sita).totals.spend == 2400


TRAINED = {"receipt_no": "A-1", "test": "yes"}
TESTED = (*COLUMNS, "test")


@pytest.mark.parametrize("more", [{}, {"line_total": "much", "customer_ref": "", "kind": "GIFT"}])
def test_a_sale_that_is_told_as_training_later_is_taken_back(cafe, more):
    cafe.upload(table({"receipt_no": "A-1"}, {"receipt_no": "A-2"}), 2)
    cafe.due()
    cafe.upload(table({**TRAINED, **more}, columns=TESTED), 1, "sales-02.csv", at=NOON + HOUR)
    cafe.due()
    assert (cafe.answer("sales-02.result.json")["accepted"], spent(cafe)) == (1, 2400)


def test_what_was_told_as_training_and_is_a_sale_later_counts(cafe):
    trained = table(TRAINED, columns=TESTED)
    cafe.upload(trained, 1)
    cafe.due()
    assert (cafe.answer()["skipped"], cafe.receipts()) == (1, 0)
    cafe.upload(table({"receipt_no": "A-1"}), 1, "sales-02.csv", at=NOON + HOUR)
    cafe.due()
    assert spent(cafe) == 2400


def test_a_whole_file_of_training_takes_back_what_it_names(cafe):
    cafe.upload(table({"receipt_no": "A-1"}), 1)
    cafe.due()
    cafe.upload(table({"receipt_no": "A-1"}), 1, "sales-02.csv", at=NOON + HOUR, test=True)
    cafe.due()
    assert spent(cafe) == 0


def test_training_under_the_number_of_a_sale_in_one_file_takes_nothing(cafe):
    between = {"receipt_no": "A-2"}
    rows = table({"receipt_no": "A-1"}, between, TRAINED, {**between, "receipt_no": "A-3"}, TRAINED,
                 columns=TESTED)  # fmt: skip
    cafe.upload(rows, 5)
    cafe.due()
    refused = [(each["row"], each["code"]) for each in cafe.answer()["rejected"]]
    assert (refused, spent(cafe)) == ([(4, "RECEIPT_APART"), (6, "RECEIPT_APART")], 7200)


def test_training_may_have_one_number_all_day(cafe):
    rows = [TRAINED, {"receipt_no": "A-2"}, {**TRAINED, "occurred_at": "2026-11-20T12:00:00+01:00"}]
    cafe.upload(table(*rows, columns=TESTED), 3)
    cafe.due()
    assert (cafe.answer()["rejected"], spent(cafe)) == ([], 2400)


def test_two_runs_that_checked_a_file_at_once_count_it_once(cafe):
    cafe.upload(table(*({"receipt_no": f"A-{number}"} for number in range(5))), 5)
    [source] = sources(cafe.shop.programs.current().program)

    def run(budget):
        shelf = Shelf(source, cafe.shop)
        [found] = shelf.found(cafe.shop.programs.current().program)
        return File(source, shelf, found, cafe.shop, budget)

    late = run(Budget(NOON + HOUR, 9))
    checked = late._checked(late._form(late._manifest()))
    reading = late._known()
    run(Budget(NOON + HOUR, 2, page=2)).look()
    after = late._begin(reading, late._manifest(), checked)
    assert (after.state, after.receipts) == ("reading", 4)
