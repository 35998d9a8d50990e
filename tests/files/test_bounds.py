"""A file without measure is left in time, with a word on what to do, and nothing good is lost."""

from __future__ import annotations

import gzip
import tracemalloc
from datetime import timedelta
from pathlib import Path

import pytest
from tests.files.desk import manifest, table
from tests.rig import NOON

from loyalty.errors import TryAgain
from loyalty.events import FilesDue
from loyalty.files import answers, rows
from loyalty.files.forms import Form, Unreadable
from loyalty.files.reading import Budget
from loyalty.files.running import Run
from loyalty.files.shelf import sources
from loyalty.steps import file_import

DUE = FilesDue(id="files", at=NOON, subject="files")
HEADER = b"receipt_no;occurred_at;line_total\r\n"


def test_one_row_of_lines_without_an_end_is_never_held(cafe):
    """Each cell goes on in the next line, so that all of them are one row."""
    body = gzip.compress(HEADER + b'"\nab";' * 2_000_000, mtime=0)
    cafe.put("sales-01.csv.gz", body)
    cafe.put("sales-01.manifest.json", manifest("sales-01.csv.gz", body, 1))
    tracemalloc.start()
    cafe.due()
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert cafe.answer()["quarantined"] == "LINE_TOO_LONG"
    assert most < 30_000_000


def test_a_file_of_more_rows_than_one_call_can_read_is_left():
    table = [HEADER.decode(), *["A;B;C\n"] * (rows.MOST_ROWS + 1)]
    with pytest.raises(Unreadable, match="TOO_MANY_ROWS"):
        sum(1 for _ in rows.rows(table, Form()))
    assert sum(1 for _ in rows.rows(table[:-1], Form())) == rows.MOST_ROWS
    assert f"{rows.MOST_ROWS:,} rows" in Path("docs/files.md").read_text("utf-8")
    assert f"{rows.MOST_ROWS:,} rows" in answers.reason("TOO_MANY_ROWS")


def test_a_cell_may_go_on_in_the_next_line(cafe):
    columns = ("receipt_no", "occurred_at", "line_total", "remark")
    rows = ({"receipt_no": f"A-{n}", "remark": '"Momo\n' + "x" * 500 + '"'} for n in range(500))
    cafe.upload(table(*rows, columns=columns), 500)
    cafe.due()
    assert cafe.answer()["accepted"] == 500


def test_a_file_that_changes_refunds_without_an_end_is_left_and_keeps_what_was_good(cafe):
    """What only shows while it is told is bounded too: a document holds a megabyte."""
    backs = [
        {"receipt_no": f"B-{number}", "kind": "REFUND", "refund_of": f"A-{number}",
         "line_total": "-5,00"}
        for number in range(answers.MOST + 300)
    ]  # fmt: skip
    cafe.upload(table(*backs), len(backs))
    cafe.due()
    changed = [{**back, "line_total": "-9,00"} for back in backs]
    sale = {"receipt_no": "C-1"}
    cafe.upload(table(sale, *changed), 1 + len(backs), "sales-02.csv", at=NOON + timedelta(hours=1))
    cafe.due()
    told = cafe.answer("sales-02.result.json")
    assert (told["quarantined"], told["accepted"]) == ("ROWS_REFUSED", 1)
    assert len(told["rejected"]) == answers.MOST
    assert "upload it again" in told["reason"]
    assert cafe.booked(cafe.sita) == [("sale", 2, 2400)]


def test_a_run_stops_for_its_budget_between_small_files_too(cafe):
    for number in range(4):
        cafe.upload(table({"receipt_no": f"A-{number}"}), 1, f"sales-{number:02}.csv")
    looked = []
    for _ in range(5):
        run = Run(cafe.shop, Budget(NOON, pages=9))  # its time is over already
        run.read(sources(cafe.shop.programs.current().program))
        looked.append((sum(each.reading.state == "done" for each in run.looked), run.more))
        cafe.run()
    assert looked == [(1, True), (2, True), (3, True), (4, True), (4, False)]
    assert cafe.receipts() == 4


class Broken:
    """Vendors whose disk cannot be read, by one verb or another."""

    def __init__(self, vendors, verb="read_file"):
        self._vendors, self._verb = vendors, verb

    def run(self, connector, verb, *more):
        if verb == self._verb:
            raise TryAgain("the disk cannot be read")
        return self._vendors.run(connector, verb, *more)

    def __getattr__(self, name):
        return getattr(self._vendors, name)


def test_a_run_that_must_be_done_again_says_for_what(cafe):
    cafe.upload(table({"receipt_no": "A-1"}), 1)
    with pytest.raises(TryAgain, match=r"main.*: the disk cannot be read"):
        file_import.handle(DUE, cafe.shop._replace(vendors=Broken(cafe.shop.vendors)))
