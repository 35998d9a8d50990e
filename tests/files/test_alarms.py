"""A night without a file, or with a bad one: the team is told where they read, and once."""

from __future__ import annotations

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from infra.sandbox import Sandbox
from infra.vendors import environment
from tests.files.desk import PROGRAM, desk, table
from tests.files.test_bounds import Broken
from tests.rig import NOON

from loyalty.errors import TryAgain
from loyalty.events import FilesDue
from loyalty.records import claims
from loyalty.steps import file_import

ALERTS = """alerts:
  gone: {on: file-missing, text: "No file of {date} from {till} ({store})."}
  bad: {on: file-refused, text: "{file} of {date} from {till} ({store}): {rows} bad. {reason}"}
  others: {on: sale, text: "A sale at {store}."}
connectors: {staff: [slack]}
"""
SAID = "No file of 2026-11-20 from main (Main Street)."
HOUR = timedelta(hours=1)
HOUR_DUE = 12
"""Till when a file of the day before is waited for, by default."""
DUE = FilesDue(id="files", at=NOON, subject="files")


class CutOffError(Exception):
    """The process ended."""


class Cut:
    """A bus at which the process is cut off before anything is published."""

    def publish(self, *_):
        raise CutOffError


@pytest.fixture(scope="module")
def sandbox():
    with Sandbox(seed="missing") as running:
        yield running


@pytest.fixture
def cafe(tmp_path, sandbox):
    """A cafe whose till's file is missed from twelve o'clock on; it is eleven in Berlin."""
    sandbox.reset()
    with desk(
        tmp_path, PROGRAM + ALERTS, environment(sandbox, "https://cafe.example"), copies=2
    ) as cafe:
        cafe.clock.set(NOON - HOUR, back=True)
        cafe.said = lambda: [message.text for message in sandbox.outbox]
        yield cafe


def is_asked_for_hours(cafe, hours):
    for _ in range(hours):
        cafe.due()
        cafe.clock.advance(HOUR)


def test_the_team_is_told_once_that_a_file_is_missing(cafe):
    is_asked_for_hours(cafe, 1)
    assert cafe.said() == [], "it is not late yet"
    is_asked_for_hours(cafe, 10)
    assert cafe.said() == [SAID]


def test_each_night_that_is_missing_is_told_of(cafe):
    is_asked_for_hours(cafe, 49)
    assert cafe.said() == [SAID, SAID.replace("11-20", "11-21")]


def test_a_file_whose_manifest_never_came_is_missing_too(cafe):
    cafe.put("sales-01.csv", table({"receipt_no": "A-1"}), at=NOON - HOUR)
    is_asked_for_hours(cafe, 10)
    assert cafe.said() == [SAID]


def test_nobody_is_alarmed_by_a_file_that_came(cafe):
    cafe.upload(table({"receipt_no": "A-1"}), 1, at=NOON - HOUR)
    is_asked_for_hours(cafe, 10)
    assert cafe.said() == []


def test_an_alarm_that_was_cut_off_is_raised_an_hour_later(cafe):
    is_asked_for_hours(cafe, 1)
    with pytest.raises(CutOffError):
        file_import.handle(DUE, cafe.shop._replace(bus=Cut()))
    cafe.clock.advance(HOUR)
    cafe.due()
    assert cafe.said() == [SAID]


def test_days_on_which_nobody_looked_are_told_of_too(cafe):
    is_asked_for_hours(cafe, 1)
    cafe.clock.advance(72 * HOUR)
    is_asked_for_hours(cafe, 1)
    assert sorted(cafe.said()) == [SAID.replace("11-20", f"11-{day}") for day in range(20, 24)]


@pytest.mark.parametrize("by", ["23:30", "05:00"])
def test_whenever_it_is_expected_it_is_missed_once_for_each_day(tmp_path, sandbox, by):
    sandbox.reset()
    program = (PROGRAM + ALERTS).replace("{via: folder}", f'{{via: folder, expected_by: "{by}"}}')
    with desk(tmp_path, program, environment(sandbox, "https://cafe.example")) as cafe:
        is_asked_for_hours(cafe, 60)
        assert len(sandbox.outbox) == 2


def test_what_was_expected_before_anybody_looked_is_not_missed(cafe):
    cafe.clock.advance(3 * HOUR)
    is_asked_for_hours(cafe, 5)
    assert cafe.said() == []


def test_days_before_the_oldest_that_is_there_are_not_missed(cafe):
    """The files of a till that is new here, or is tidied up, are older than our first look."""
    for day in ("2026-11-19", "2026-11-21"):
        cafe.upload(table({"receipt_no": day}), 1, at=NOON - 99 * HOUR, day=day)
    cafe.clock.advance(25 * HOUR)
    is_asked_for_hours(cafe, 5)
    assert cafe.said() == [SAID]


def test_a_folder_that_cannot_be_read_is_a_night_without_a_file(cafe):
    is_asked_for_hours(cafe, 1)
    cafe.top.rename(cafe.top.with_name("elsewhere"))
    is_asked_for_hours(cafe, 10)
    assert cafe.said() == [SAID]


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("sales-02.CSV", "sales-02.CSV{of} Files of sales"),
        ("Umsatz Montag.csv", "A file{of} Files of sales"),
        ("sales-02.csv", "sales-02.csv{of} It has no manifest"),
        ("sales-02.manifest.json", "sales-02.manifest.json{of} It is a manifest without"),
    ],
)
def test_what_lies_there_unread_for_a_day_is_told_of_once(cafe, name, said):
    for hours in range(0, 72, 24):
        day = f"2026-11-{20 + hours // 24}"
        cafe.upload(table({"receipt_no": f"A-{day}"}), 1, at=NOON + hours * HOUR, day=day)
    cafe.put(name, b"x", at=NOON)
    cafe.clock.set(NOON + 12 * HOUR)
    is_asked_for_hours(cafe, 60)
    told = [text for text in cafe.said() if not text.startswith("No file")]
    said = said.format(of=" of 2026-11-20 from main (Main Street): 0 bad.")
    assert [text[: len(said)] for text in told] == [said]


def test_a_file_is_missed_too_while_its_shelf_does_not_answer(cafe):
    shop = cafe.shop._replace(vendors=Broken(cafe.shop.vendors, "list_files"))
    for _ in range(10):
        with pytest.raises(TryAgain):
            file_import.handle(DUE, shop)
        cafe.run()
        cafe.clock.advance(HOUR)
    assert cafe.said() == [SAID]


def test_a_file_is_missed_by_the_clock_of_its_own_store(tmp_path, sandbox):
    sandbox.reset()
    west = PROGRAM.replace("title: Main Street,", "title: Main Street, zone: America/Los_Angeles,")
    told = environment(sandbox, "https://cafe.example")
    with desk(tmp_path, west + ALERTS, told, copies=2) as cafe:
        is_asked_for_hours(cafe, 30)
        [claim] = claims.each(cafe.store)
        assert claim.at.astimezone(ZoneInfo("America/Los_Angeles")).hour == HOUR_DUE


@pytest.mark.parametrize("name", [".DS_Store", "._sales-01.csv"])
def test_what_a_disk_keeps_for_itself_is_no_file(bare, name):
    bare.put("sales-01.csv", table({"receipt_no": "A-1"}), at=NOON - HOUR)
    bare.put(name, b"x", at=NOON - HOUR)
    is_asked_for_hours(bare, 3)
    assert (bare.said(), bare.receipts()) == ([], 1)


def test_what_a_disk_keeps_for_itself_beside_files_with_manifests_is_no_file(cafe):
    cafe.put(".DS_Store", b"x", at=NOON - 30 * HOUR)
    is_asked_for_hours(cafe, 1)
    assert cafe.said() == []


def test_a_claim_of_it_names_no_guest(cafe):
    is_asked_for_hours(cafe, 3)
    [claim] = claims.each(cafe.store)
    assert (claim.member, claim.channel) == ("", "staff")


def test_who_asks_for_no_alert_has_the_log_line_alone(tmp_path, sandbox):
    sandbox.reset()
    with desk(tmp_path, PROGRAM, environment(sandbox, "https://cafe.example")) as cafe:
        is_asked_for_hours(cafe, 3)
        assert list(claims.each(cafe.store)) == []


BARE = (PROGRAM + ALERTS).replace("{via: folder}", "{via: folder, manifest: false}")


KEPT_OUT = "sales-01.csv of 2026-11-20 from main (Main Street)"


def test_the_team_is_told_once_that_a_file_was_kept_out(cafe):
    cafe.upload(b"nothing;here\r\n1;2\r\n", 1, at=NOON - HOUR)
    is_asked_for_hours(cafe, 20)
    assert cafe.said() == [
        f"{KEPT_OUT}: 0 bad. A column is missing, or has another name (see `columns`): receipt_no."
    ]


def test_the_team_is_told_of_rows_that_were_refused(cafe):
    cafe.upload(table({"receipt_no": "A-1"}, {"receipt_no": "A-2", "line_total": "x"}), 2)
    is_asked_for_hours(cafe, 20)
    assert cafe.said() == [
        f"{KEPT_OUT}: 1 bad. Rows of it are wrong; the answer to the file lists them."
    ]


def test_a_corrected_file_that_is_bad_again_is_told_of_again(cafe):
    for bad in ("x", "y"):
        cafe.upload(table({"receipt_no": "A-2", "line_total": bad}), 1, at=cafe.clock.now())
        is_asked_for_hours(cafe, 3)
    assert len(cafe.said()) == 2


def test_a_file_that_was_taken_whole_alarms_nobody(cafe):
    cafe.upload(table({"receipt_no": "A-1"}), 1)
    is_asked_for_hours(cafe, 3)
    assert cafe.said() == []


def test_what_was_cut_off_before_it_was_told_is_told_an_hour_later(cafe):
    cafe.upload(table({"receipt_no": "A-2", "line_total": "x"}), 1, at=NOON - HOUR)
    with pytest.raises(CutOffError):
        file_import.handle(DUE, cafe.shop._replace(bus=Cut()))
    is_asked_for_hours(cafe, 3)
    assert len(cafe.said()) == 1


@pytest.fixture
def bare(tmp_path, sandbox):
    """The same cafe, whose till writes no manifests."""
    sandbox.reset()
    told = environment(sandbox, "https://cafe.example")
    with desk(tmp_path, BARE, told, copies=2) as cafe:
        cafe.clock.set(NOON - HOUR, back=True)
        cafe.said = lambda: [message.text for message in sandbox.outbox]
        yield cafe


def test_a_file_of_a_till_without_manifests_is_missed_once_too(bare):
    is_asked_for_hours(bare, 1)
    assert bare.said() == []
    is_asked_for_hours(bare, 10)
    assert bare.said() == [SAID]


def test_a_file_that_came_without_a_manifest_alarms_nobody_where_none_is_wanted(bare):
    bare.put("sales-01.csv", table({"receipt_no": "A-1"}), at=NOON - HOUR)
    is_asked_for_hours(bare, 10)
    assert (bare.said(), bare.receipts()) == ([], 1)
