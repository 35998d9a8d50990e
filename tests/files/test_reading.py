"""A file is read when it is whole, once, from where it was left; its owner is told of it."""

from __future__ import annotations

import gzip
import io
import json
import tracemalloc
from contextlib import contextmanager
from datetime import timedelta
from itertools import product

import pytest
from infra.simulator.boundaries import Crash, Fuse, FusedBus, FusedStore
from tests.files.desk import DAY, PROGRAM, SITA, desk, manifest, table
from tests.rig import NOON

from loyalty.errors import TryAgain
from loyalty.events import FilesDue
from loyalty.files import unpacking
from loyalty.files.reading import Budget
from loyalty.files.running import Run
from loyalty.files.shelf import sources
from loyalty.logs import Log
from loyalty.steps import file_import

DUE = FilesDue(id="files", at=NOON, subject="files")
MANY = [{"receipt_no": f"A-{number}", "line_total": "10,00"} for number in range(1, 251)]


def test_a_sale_in_a_file_earns_what_it_would_at_the_till(cafe):
    cafe.upload(table({"receipt_no": "A-1"}), 1)
    cafe.due()
    assert cafe.booked(cafe.sita) == [("sale", 2, 2400)]
    assert cafe.answer()["accepted"] == 1


def test_a_file_read_twice_changes_nothing(cafe):
    cafe.upload(table(*MANY[:30]), 30)
    cafe.due()
    before = cafe.dump()
    cafe.due()
    assert cafe.dump() == before


def test_the_same_content_under_another_name_changes_nothing(cafe):
    body = table({"receipt_no": "A-1"})
    cafe.upload(body, 1)
    cafe.due()
    before = cafe.world()
    cafe.upload(body, 1, name="sales-02.csv")
    cafe.due()
    assert cafe.world() == before
    told = cafe.answer("sales-02.result.json")
    assert (told["accepted"], told["skipped"]) == (0, 1)


def test_a_file_that_is_only_touched_has_one_answer(cafe):
    body = table({"receipt_no": "A-1"})
    cafe.upload(body, 1)
    cafe.due()
    cafe.upload(body, 1, at=NOON + timedelta(hours=1))
    cafe.due()
    assert cafe.answers() == ["sales-01.result.json"]
    assert cafe.booked(cafe.sita) == [("sale", 2, 2400)]


def test_rows_that_an_earlier_file_told_are_skipped(cafe):
    cafe.upload(table(*MANY[:20]), 20)
    cafe.due()
    cafe.upload(table(*MANY[:25]), 25, name="sales-02.csv", at=NOON + timedelta(hours=1))
    cafe.due()
    told = cafe.answer("sales-02.result.json")
    assert (told["accepted"], told["skipped"]) == (5, 20)
    assert cafe.receipts() == 25


def test_another_content_is_a_newer_revision_of_the_same_receipt(cafe):
    cafe.upload(table({"receipt_no": "A-1"}), 1)
    cafe.due()
    later = NOON + timedelta(hours=1)
    cafe.upload(table({"receipt_no": "A-1", "line_total": "38,00"}), 1, at=later)
    cafe.due()
    assert cafe.booked(cafe.sita) == [("sale", 2, 2400), ("edit", 1, 3800)]
    assert len(cafe.answers()) == 2


def test_a_file_that_comes_late_does_not_undo_a_newer_one(cafe):
    newer = table({"receipt_no": "A-1", "line_total": "38,00"})
    cafe.upload(newer, 1, name="sales-02.csv", at=NOON)
    cafe.due()
    cafe.upload(table({"receipt_no": "A-1"}), 1, at=NOON - timedelta(hours=1))
    cafe.due()
    assert cafe.booked(cafe.sita) == [("sale", 3, 3800)]
    assert cafe.answer()["skipped"] == 1


def test_a_receipt_that_comes_to_nothing_later_takes_its_points_back(cafe):
    cafe.upload(table({"receipt_no": "A-1"}), 1)
    cafe.due()
    later = NOON + timedelta(hours=1)
    cafe.upload(table({"receipt_no": "A-1", "line_total": "0,00"}), 1, at=later)
    cafe.due()
    assert cafe.booked(cafe.sita) == [("sale", 2, 2400), ("void", -2, 0)]


def test_what_was_free_from_the_first_and_what_is_training_earns_nothing(cafe):
    rows = ({"receipt_no": "A-1", "line_total": "0,00"}, {"receipt_no": "A-2", "test": "yes"})
    columns = ("receipt_no", "occurred_at", "line_total", "test")
    cafe.upload(table(*rows, columns=columns), 2)
    cafe.upload(table({"receipt_no": "A-3"}), 1, name="sales-02.csv", test=True)
    cafe.due()
    assert cafe.receipts() == 0
    assert cafe.answer()["skipped"] == 2
    assert cafe.answer("sales-02.result.json")["skipped"] == 1


def test_a_changed_refund_is_left_to_a_person(cafe):
    back = {"receipt_no": "B-1", "kind": "REFUND", "refund_of": "A-1", "line_total": "-5,00"}
    cafe.upload(table({"receipt_no": "A-1"}, back), 2)
    cafe.due()
    later = NOON + timedelta(hours=1)
    cafe.upload(table({"receipt_no": "A-1"}, {**back, "line_total": "-9,00"}), 2, at=later)
    cafe.due()
    [second] = [each for each in cafe.answers() if each != "sales-01.result.json"]
    [refused] = cafe.answer(second)["rejected"]
    assert (refused["row"], refused["code"]) == (3, "REFUND_CHANGED")
    assert cafe.account(cafe.sita).totals.spend == 1900


def test_a_correction_that_is_taken_back_counts_though_its_bytes_were_there_before(cafe):
    first, corrected = (
        table({"receipt_no": "A-1"}),
        table({"receipt_no": "A-1", "line_total": "9,00"}),
    )
    for hours, body in enumerate((first, corrected, first)):
        at = NOON + timedelta(hours=hours)
        cafe.upload(body, 1, name=f"sales-0{hours + 1}.csv", at=at)
        cafe.due()
    assert cafe.account(cafe.sita).totals.spend == 2400


def test_a_file_that_is_renamed_half_way_is_read_to_its_end(cafe):
    rows = table(*({"receipt_no": f"A-{number}"} for number in range(250)))
    cafe.upload(rows, 250)
    found = sources(cafe.shop.programs.current().program)
    Run(cafe.shop, Budget(NOON + timedelta(hours=1), 1)).read(found)  # one page
    cafe.run()
    assert 0 < cafe.receipts() < 250
    for path in cafe.top.rglob("sales-01.*"):
        path.unlink()
    cafe.upload(rows, 250, name="sales-02.csv")
    cafe.due()
    assert cafe.receipts() == 250


def test_a_receipt_without_a_date_is_refused_though_it_stands_last(cafe):
    cafe.upload(table({"receipt_no": "A-1"}, {"receipt_no": "A-2", "occurred_at": ""}), 2)
    cafe.due()
    [refused] = cafe.answer()["rejected"]
    assert (refused["row"], refused["code"]) == (3, "BAD_TIME")


@pytest.mark.parametrize("zone", ["Europe", "America/Argentina", "x" * 300, "../etc/passwd"])
def test_a_zone_that_is_none_refuses_its_own_file_alone(cafe, zone):
    cafe.upload(table({"receipt_no": "A-1"}), 1, timezone=zone)
    cafe.upload(table({"receipt_no": "A-2"}), 1, name="sales-02.csv")
    cafe.due()
    assert cafe.answer()["quarantined"] == "BAD_MANIFEST:timezone"
    assert cafe.receipts() == 1


def test_numbers_that_restart_each_day_are_other_receipts(tmp_path):
    program = PROGRAM.replace("{via: folder}", "{via: folder, numbers_restart: true}")
    rows = (
        {"receipt_no": "1"},
        {"receipt_no": "1", "occurred_at": "2026-11-21T01:30:00+01:00", "line_total": "10,00"},
        {"receipt_no": "1", "occurred_at": "2026-11-21T09:00:00+01:00", "line_total": "30,00"},
        {
            "receipt_no": "2", "occurred_at": "2026-11-21T09:30:00+01:00", "kind": "REFUND",
            "refund_of": "2026-11-20/1", "line_total": "-4,00",
        },
    )  # fmt: skip
    with desk(tmp_path, program) as cafe:
        member = cafe.join(phone=SITA)
        cafe.upload(table(*rows), 4)
        cafe.due()
        assert cafe.account(member).totals.spend == 3000
        told = [each["code"] for each in cafe.answer()["rejected"]]
        assert told == ["RECEIPT_REFUSED", "DUPLICATE_LINE"], "two of one number and day: neither"


def test_a_store_that_nobody_knows_is_put_aside_with_its_rows(cafe):
    cafe.upload(table({"receipt_no": "A-1", "store_id": "garden"}), 1)
    cafe.due()
    assert cafe.answer()["put_aside"] == 1
    assert len(cafe.dump()["quarantine"]) == 1


# -- whether a file is whole ------------------------------------------------------------------


def test_a_file_without_its_manifest_is_still_being_uploaded(cafe):
    cafe.put("sales-01.csv", table({"receipt_no": "A-1"}))
    cafe.due()
    assert (cafe.receipts(), cafe.answers()) == (0, [])


def test_a_file_that_is_not_as_announced_is_given_up_after_three_looks(cafe):
    body = table({"receipt_no": "A-1"})
    cafe.put("sales-01.csv", body)
    cafe.put("sales-01.manifest.json", manifest("sales-01.csv", body + b"more", 1))
    for hour in range(3):
        cafe.clock.set(NOON + timedelta(hours=hour))
        cafe.due()
        cafe.due()
        assert bool(cafe.answers()) == (hour == 2)
    assert cafe.answer()["quarantined"] == "DIFFERS_FROM_MANIFEST"
    assert cafe.receipts() == 0


def test_another_number_of_rows_is_not_as_announced(cafe):
    cafe.upload(table({"receipt_no": "A-1"}), 2)
    cafe.due()
    assert (cafe.receipts(), cafe.answers()) == (0, [])


def test_a_mended_upload_is_read_after_all(cafe):
    cafe.upload(table({"receipt_no": "A-1"}), 2)
    cafe.due()
    cafe.upload(table({"receipt_no": "A-1"}), 1, at=NOON + timedelta(hours=1))
    cafe.due()
    assert cafe.booked(cafe.sita) == [("sale", 2, 2400)]


def test_a_manifest_must_be_signed_where_a_secret_is_set(tmp_path):
    secret = {"FOLDER_MANIFEST_SECRET": "s3-manifest-secret-0001"}
    with desk(tmp_path, environment=secret) as cafe:
        cafe.upload(table({"receipt_no": "A-1"}), 1)
        cafe.due()
        assert cafe.answer()["quarantined"].startswith("BAD_SIGNATURE")


@pytest.mark.parametrize("body", [b"", b"{}", b"[]", b"\xff", b'{"format":"loyalty-sales/2"}'])
def test_a_manifest_that_is_none_is_told_of(cafe, body):
    cafe.put("sales-01.csv", table({"receipt_no": "A-1"}))
    cafe.put("sales-01.manifest.json", body)
    cafe.due()
    assert cafe.answer()["quarantined"] == "BAD_MANIFEST"


def test_without_manifests_a_file_is_read_once_it_lay_still(tmp_path):
    with desk(tmp_path, PROGRAM.replace("{via: folder}", "{via: folder, manifest: false}")) as cafe:
        cafe.put("sales-01.csv", table({"receipt_no": "A-1"}), at=NOON)
        seen = []
        for minutes in (0, 10, 16):
            cafe.clock.set(NOON + timedelta(minutes=minutes))
            cafe.due()
            seen.append(cafe.receipts())
        assert seen == [0, 0, 1]


def test_a_file_seen_for_the_first_time_is_looked_at_again_before_it_is_read(tmp_path):
    with desk(tmp_path, PROGRAM.replace("{via: folder}", "{via: folder, manifest: false}")) as cafe:
        cafe.put("sales-01.csv", table({"receipt_no": "A-1"}), at=NOON - timedelta(hours=5))
        cafe.due()
        assert cafe.receipts() == 0


def test_a_night_without_a_file_raises_the_alarm(tmp_path):
    with desk(tmp_path) as cafe:
        log = io.StringIO()
        cafe.shop = cafe.shop._replace(log=Log("error", log))
        for hour in (9, 12):  # 10 and 13 o'clock in Berlin; it is missed from 12 on
            cafe.clock.set(NOON.replace(hour=hour), back=True)
            cafe.due()
        [line] = [json.loads(each) for each in log.getvalue().splitlines()]
        assert (line["severity"], line["code"]) == ("ERROR", "file-missing")
        assert (line["till"], line["day"]) == ("main", "2026-11-20")


# -- the forms of a file ----------------------------------------------------------------------


def test_files_of_one_name_with_two_endings_have_an_answer_each(tmp_path):
    with desk(tmp_path, PROGRAM.replace("{via: folder}", "{via: folder, manifest: false}")) as cafe:
        for name in ("sales-01.csv", "sales-01.csv.gz"):
            body = table({"receipt_no": name, "line_total": "x"})
            cafe.put(name, gzip.compress(body) if name.endswith("gz") else body)
        for _ in range(2):
            cafe.clock.advance(timedelta(hours=1))
            cafe.due()
        assert cafe.answers() == ["sales-01.csv.gz.result.json", "sales-01.csv.result.json"]


def test_a_manifest_of_another_smallest_coin_is_not_believed(cafe):
    cafe.upload(table({"receipt_no": "A-1"}), 1, minor_unit=0)
    cafe.due()
    assert cafe.answer()["quarantined"] == "BAD_MANIFEST:minor_unit"


def test_a_packed_file_is_read(cafe):
    cafe.upload(table({"receipt_no": "A-1"}), 1, name="sales-01.csv.gz")
    cafe.due()
    assert cafe.booked(cafe.sita) == [("sale", 2, 2400)]


def test_a_bomb_is_stopped_before_it_is_large(cafe):
    packed = gzip.compress(bytes(unpacking.LARGEST_UNPACKED + 1), mtime=0)
    assert len(packed) < 100_000
    cafe.put("sales-01.csv.gz", packed)
    cafe.put("sales-01.manifest.json", manifest("sales-01.csv.gz", packed, 1))
    cafe.due()
    assert cafe.answer()["quarantined"] in {"TOO_LARGE", "LINE_TOO_LONG"}


@pytest.mark.parametrize("kind", ["json", "jsonl"])
def test_receipts_as_json_are_read(cafe, kind):
    receipt = {
        "receipt_no": "A-1", "kind": "SALE", "store_id": "main",
        "occurred_at": "2026-11-20T10:15:30+01:00",
        "customer": {"ref": None, "phone": SITA, "email": None},
        "currency": "EUR", "total": "13.50", "tax": "2.17", "tip": "1.00", "discount": "1.50",
        "items": [{"line_no": 1, "sku": "10001", "category": "Brows", "name": "Brow shaping",
                   "qty": "1", "unit_price": "14.00", "line_total": "12.50", "tax": "2.17"}],
        "refund_of": None,
    }  # fmt: skip
    plain = json.dumps(receipt)
    cafe.upload((f"[{plain}]" if kind == "json" else plain).encode(), 1, name=f"sales-01.{kind}")
    cafe.due()
    assert cafe.booked(cafe.sita) == [("sale", 1, 1033)]


# -- trouble ----------------------------------------------------------------------------------


class Slow:
    """A clock of a machine on which every look at it takes a minute."""

    def __init__(self, clock):
        self._clock = clock

    def now(self):
        return self._clock.advance(timedelta(minutes=1))


def test_it_asks_for_itself_again_until_all_is_read(cafe):
    cafe.upload(table(*MANY), 250)
    cafe.shop = cafe.shop._replace(clock=Slow(cafe.clock))
    [again] = file_import.handle(DUE, cafe.shop)
    assert (again.topic, cafe.answers()) == ("files-due", [])
    cafe.bus.publish(again.topic, [again.body.encode()])
    cafe.run()
    assert (cafe.receipts(), cafe.answer()["accepted"]) == (250, 250)


def test_a_till_whose_files_cannot_be_reached_delays_no_other(tmp_path):
    two = PROGRAM.replace("files:\n", "files:\n  away: {via: s3}\n")
    with desk(tmp_path, two) as cafe:
        cafe.upload(table({"receipt_no": "A-1"}), 1)
        log = io.StringIO()
        cafe.shop = cafe.shop._replace(log=Log("error", log))
        cafe.due()
        assert cafe.receipts() == 1
        assert json.loads(log.getvalue().splitlines()[0])["till"] == "away"


class Refusing:
    """Vendors who cannot give one file."""

    def __init__(self, vendors, name):
        self._vendors, self._name = vendors, name

    def run(self, connector, verb, argument, *more):
        if verb == "read_file" and argument.name.endswith(self._name):
            raise TryAgain("the disk cannot be read")
        return self._vendors.run(connector, verb, argument, *more)

    def __getattr__(self, name):
        return getattr(self._vendors, name)


def test_a_file_that_cannot_be_read_delays_no_other_and_is_named(cafe):
    for number in (1, 2, 3):
        cafe.upload(table({"receipt_no": f"A-{number}"}), 1, f"sales-0{number}.csv")
    log = io.StringIO()
    vendors = Refusing(cafe.shop.vendors, "sales-02.csv")
    run = go(cafe.shop._replace(vendors=vendors, log=Log("error", log)))
    cafe.run()
    assert (cafe.receipts(), run.again) == (2, True)
    assert run.troubles == [f"in/main/{DAY}/sales-02.csv: the disk cannot be read"]
    assert json.loads(log.getvalue())["file"] == f"in/main/{DAY}/sales-02.csv"


def test_a_file_that_is_kept_out_is_answered_with_no_hash_but_its_own(cafe):
    cafe.upload(table({"receipt_no": "A-1"}), 1)
    cafe.due()
    told = cafe.answer()
    cafe.put("sales-01.manifest.json", b"{}", at=NOON + timedelta(hours=1))
    cafe.due()
    [name] = set(cafe.answers()) - {"sales-01.result.json"}
    assert (cafe.answer(name)["quarantined"], cafe.answer(name)["sha256"]) == ("BAD_MANIFEST", "")
    assert told["sha256"]


def test_a_file_of_wrong_rows_without_an_end_is_left_in_time(cafe):
    body = gzip.compress(b"receipt_no;occurred_at;line_total\r\n" + b"x\r\n" * 3_000_000, mtime=0)
    cafe.put("sales-01.csv.gz", body)
    cafe.put("sales-01.manifest.json", manifest("sales-01.csv.gz", body, 3_000_000))
    tracemalloc.start()
    cafe.due()
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    told = cafe.answer()
    assert (told["quarantined"], told["rejected_rows"]) == ("TOO_MANY_BAD_ROWS", 1001)
    assert most < 30_000_000


def test_a_receipt_without_an_end_is_refused_and_never_held(cafe):
    lines = [{"receipt_no": "A-1", "line_no": str(line)} for line in range(501)]
    cafe.upload(table({"receipt_no": "A-0"}, *lines), 502)
    cafe.due()
    told = cafe.answer()
    assert {each["code"] for each in told["rejected"]} == {"TOO_MANY_LINES"}
    assert (told["quarantined"], told["rejected_rows"]) == ("TOO_MANY_BAD_ROWS", 501)


def fused(rig, fuse):
    """Lend a shop of which every commit, publication and call can be cut."""
    return rig.shop._replace(
        store=FusedStore(rig.shop.store, fuse),
        bus=FusedBus(rig.shop.bus, fuse),
        vendors=FusedVendors(rig.shop.vendors, fuse),
    )


class FusedVendors:
    """Vendors whose every call is a boundary."""

    def __init__(self, vendors, fuse):
        self._vendors, self._fuse = vendors, fuse

    def run(self, connector, verb, *more):
        return self._fuse.around(verb, lambda: self._vendors.run(connector, verb, *more))

    def __getattr__(self, name):
        return getattr(self._vendors, name)


BAD = {"receipt_no": "A-9", "line_total": "12,505"}


@contextmanager
def uploaded(folder):
    """A shop with a file of three pages, one row of it bad."""
    folder.mkdir()
    with desk(folder) as cafe:
        cafe.sita = cafe.join(phone=SITA)
        cafe.upload(table(*MANY[:3], BAD, *MANY[3:5]), 6)
        yield cafe


def go(shop):
    """Read what is there, two receipts at a time."""
    run = Run(shop, Budget(NOON + timedelta(hours=1), 99, page=2))
    run.read(sources(shop.programs.current().program))
    return run


def end(cafe):
    """Tell what there is in the end."""
    cafe.run()
    acts = sorted((each.kind, each.points) for each in cafe.history(cafe.sita))
    told = [cafe.answer(name) for name in cafe.answers()]
    return acts, cafe.receipts(), told, cafe.answers()


@pytest.fixture(scope="module")
def calm(tmp_path_factory):
    """Tell how many boundaries a calm run crosses, and what there is after it."""
    fuse = Fuse()
    with uploaded(tmp_path_factory.mktemp("calm") / "one") as cafe:
        go(fused(cafe, fuse))
        return len(fuse.crossed), end(cafe)


def test_a_run_that_dies_at_any_boundary_loses_nothing_and_doubles_nothing(tmp_path, calm):
    count, wanted = calm
    assert wanted[0] == [("sale", 1)] * 5
    for place, side in product(range(count), ("before", "after")):
        fuse = Fuse()
        fuse.blows = (place, side)
        with uploaded(tmp_path / f"{place}-{side}") as cafe:
            with pytest.raises(Crash):
                go(fused(cafe, fuse))
            go(cafe.shop)
            assert end(cafe) == wanted, (fuse.crossed[place], side)
    print(f"{count} boundaries, each cut before and after")


def test_what_a_lost_file_had_only_begun_to_tell_is_told_by_the_next(tmp_path):
    """Cut between keeping a page and publishing it; then the file is gone, and another overlaps."""
    with uploaded(tmp_path / "cafe") as cafe:
        fuse = Fuse()
        fuse.blows = (_first_publication(tmp_path), "before")
        with pytest.raises(Crash):
            go(fused(cafe, fuse))
        for path in cafe.top.rglob("*.*"):
            path.unlink()
        cafe.upload(table(*MANY[:5]), 5, name="sales-02.csv", at=NOON + timedelta(hours=1))
        go(cafe.shop)
        assert end(cafe)[0] == [("sale", 1)] * 5
        assert cafe.answer("sales-02.result.json")["accepted"] == 5


def _first_publication(folder):
    fuse = Fuse()
    with uploaded(folder / "measured") as cafe:
        go(fused(cafe, fuse))
    return [crossed.what for crossed in fuse.crossed].index("publish transaction-recorded")


class Company(Fuse):
    """Where another run would be cut, a whole run of somebody else takes place instead."""

    def meets(self, place, side):
        try:
            super().meets(place, side)
        except Crash:
            go(self.shop)


def test_two_runs_at_once_do_no_harm(tmp_path, calm):
    count, wanted = calm
    for place in range(count):
        fuse = Company()
        fuse.blows = (place, "before")
        with uploaded(tmp_path / str(place)) as cafe:
            fuse.shop = cafe.shop
            go(fused(cafe, fuse))
            assert end(cafe) == wanted, fuse.crossed[place]
