"""Money back in a nightly file: never more than its sale has left."""

from __future__ import annotations

from datetime import timedelta

import pytest
from tests.files.desk import PROGRAM, SITA, desk, table
from tests.rig import NOON

from loyalty.events import FilesDue
from loyalty.steps import file_import

DUE = FilesDue(id="files", at=NOON, subject="files")
SUNIL = "+4915112345679"
RESTART = PROGRAM.replace("{via: folder}", "{via: folder, numbers_restart: true}")
SALE = {"receipt_no": "1"}
BACK = {"receipt_no": "2", "kind": "REFUND", "occurred_at": "2026-11-20T11:00:00+01:00"}
NEXT = "2026-11-21T09:00:00+01:00"


@pytest.fixture(params=["restart", "run on"])
def till(request, tmp_path):
    """A cafe whose receipt numbers begin anew each day, and one whose numbers run on."""
    restart = request.param == "restart"
    with desk(tmp_path, RESTART if restart else PROGRAM) as cafe:
        cafe.sita = cafe.join(phone=SITA)
        cafe.sale = "2026-11-20/1" if restart else "1"
        yield cafe


def told(cafe):
    """Name the rows that were refused, and why, in the newest answer."""
    newest = max((cafe.top / "out").rglob("*.json"), key=lambda path: path.stat().st_mtime_ns)
    return [(each["row"], each["code"]) for each in cafe.answer(newest.name)["rejected"]]


def night(cafe, *rows, hours=0, name="sales-01.csv"):
    """Upload a file, and have it read."""
    cafe.upload(table(*rows), len(rows), name, at=NOON + timedelta(hours=hours))
    cafe.due()


def test_more_than_the_sale_is_refused_and_takes_nothing(till):
    night(till, SALE, {**BACK, "refund_of": till.sale, "line_total": "-24,01"})
    assert told(till) == [(3, "REFUND_ABOVE_SALE")]
    assert till.booked(till.sita) == [("sale", 2, 2400)]


def test_the_whole_of_a_sale_with_its_tip_goes_back(till):
    back = {**BACK, "refund_of": till.sale, "line_total": "-24,00", "tip": "3,00"}
    night(till, {**SALE, "tip": "3,00"}, back)
    assert (told(till), till.points(till.sita)) == ([], 0)


def test_parts_that_together_are_more_than_the_sale_are_refused_from_there_on(till):
    part = {**BACK, "refund_of": till.sale, "line_total": "-9,00"}
    night(till, SALE, *({**part, "receipt_no": str(number)} for number in (2, 3, 4)))
    assert told(till) == [(5, "REFUND_ABOVE_SALE")]
    assert till.account(till.sita).totals.spend == 600


def test_what_goes_back_is_added_up_over_files_and_the_same_refund_counts_once(till):
    part = {**BACK, "refund_of": till.sale, "line_total": "-20,00"}
    night(till, SALE, part)
    night(till, SALE, part, {**part, "receipt_no": "3", "line_total": "-4,00"}, hours=1)
    assert told(till) == []
    night(till, {**part, "receipt_no": "4", "line_total": "-0,01"}, name="sales-02.csv")
    assert told(till) == [(2, "REFUND_ABOVE_SALE")]


def test_a_corrected_sale_has_so_much_left_as_it_says_now(till):
    part = {**BACK, "refund_of": till.sale, "line_total": "-20,00"}
    night(till, SALE, part)
    night(till, {**SALE, "line_total": "38,00"}, part, hours=1)
    night(till, {**part, "receipt_no": "3", "line_total": "-18,00"}, name="sales-02.csv")
    assert (told(till), till.account(till.sita).totals.spend) == ([], 0)


def test_a_refund_that_comes_before_its_sale_is_taken(till):
    night(till, {**BACK, "refund_of": till.sale, "line_total": "-5,00"})
    night(till, SALE, name="sales-02.csv")
    assert (told(till), till.account(till.sita).totals.spend) == ([], 1900)


class CutOffError(Exception):
    """The process ended."""


class Cut:
    """A bus at which the process is cut off before anything is published."""

    def publish(self, *_):
        raise CutOffError


def test_what_was_kept_and_not_yet_published_goes_back_once(till):
    rows = (SALE, {**BACK, "refund_of": till.sale, "line_total": "-24,00"})
    till.upload(table(*rows), 2)
    with pytest.raises(CutOffError):
        file_import.handle(DUE, till.shop._replace(bus=Cut()))
    till.due()
    assert (told(till), till.account(till.sita).totals.spend) == ([], 0)


def test_a_refund_that_names_no_day_takes_nothing_from_the_smaller_sale_of_its_own(tmp_path):
    """Sita's 24.00 of yesterday go back; today's number 1 is Sunil's coffee of 12.00."""
    with desk(tmp_path, RESTART) as cafe:
        cafe.join(phone=SITA)
        sunil = cafe.join("Sunil Lama", phone=SUNIL)
        coffee = {"occurred_at": NEXT, "customer_ref": f"phone:{SUNIL}", "line_total": "12,00"}
        back = {**BACK, "occurred_at": NEXT, "refund_of": "1", "line_total": "-24,00"}
        night(cafe, SALE, {**SALE, **coffee}, back)
        [refused] = cafe.answer()["rejected"]
        assert (refused["row"], refused["code"]) == (4, "REFUND_ABOVE_SALE")
        assert "2026-11-19/17" in refused["reason"]
        assert cafe.points(sunil) == 1
