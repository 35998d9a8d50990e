"""A till that counts otherwise, moves or has another name from now on: nothing is paid twice."""

from __future__ import annotations

from datetime import timedelta

import pytest
from tests.files.desk import DAY, PROGRAM, SITA, desk, manifest, table

from loyalty import programs
from loyalty.program_file import Mistakes

USUAL = "files:\n  main: {via: folder}"
ANEW = "{via: folder, numbers_restart: true}"
FROM = '{via: folder, numbers_restart: true, numbers_restart_from: "2026-11-24"}'
UNTIL = '{via: folder, numbers_restart: true, numbers_restart_until: "2026-11-24"}'
NOBODY_YET = "receipts that were told would have other names, and be booked again"
ANOTHERS = "receipts that another till told would have other names, and be booked again"
LATER = timedelta(days=4)
SALE = {"receipt_no": "17"}
NEXT = {"receipt_no": "17", "occurred_at": "2026-11-24T10:00:00+01:00"}


def program(files: str) -> str:
    return PROGRAM.replace(USUAL, f"files:\n  {files}")


def publish(cafe, files: str) -> None:
    programs.publish(cafe.store, program(files), cafe.clock.now())
    cafe.clock.advance(timedelta(minutes=5))


def refused(cafe, files: str) -> list[str]:
    with pytest.raises(Mistakes) as told:
        publish(cafe, files)
    return [f"{each.path}: {each.problem} | {each.hint}" for each in told.value.mistakes]


@pytest.fixture
def start(tmp_path):
    """Open a shop whose till told receipt 17, of 24 euros, before its program changes."""
    opened = []

    def start(files: str, **more):
        context = desk(tmp_path, program(files), **more)
        cafe = context.__enter__()
        opened.append(context)
        cafe.sita = cafe.join(phone=SITA)
        cafe.upload(table(SALE), 1)
        cafe.due()
        return cafe

    yield start
    opened[0].__exit__(None, None, None)


def spent(cafe) -> int:
    spend: int = cafe.account(cafe.sita).totals.spend
    return spend


@pytest.mark.parametrize(
    ("before", "after", "hint"),
    [
        ("{via: folder}", ANEW, "from"),
        ("{via: folder}", FROM.replace("24", "23"), "from"),
        (ANEW, "{via: folder}", "until"),
        (ANEW, UNTIL.replace("24", "23"), "until"),
    ],
)
def test_a_till_whose_told_numbers_would_be_others_is_not_published(start, before, after, hint):
    cafe = start(f"main: {before}")
    way = f'write `numbers_restart: true` and `numbers_restart_{hint}: "2026-11-24"`'
    told = refused(cafe, f"main: {after}")
    assert told == [f"files.main.numbers_restart: {NOBODY_YET} | {way}, or a later day"]


def test_the_clock_by_which_numbers_begin_anew_is_told_once(start):
    midnight, four = (
        ANEW.replace("true}", f'true, numbers_restart_at: "{at}"}}') for at in ("00:00", "04:00")
    )
    cafe = start(f"main: {ANEW}")
    publish(cafe, f"main: {midnight}")
    problem = "receipts sold at night would have other names, and be booked again"
    wrong = f'files.main.numbers_restart_at: {problem} | write `numbers_restart_at: "00:00"`'
    assert refused(cafe, f"main: {four}") == refused(cafe, f"main: {ANEW}") == [wrong]


NEW_YORK, SIX = "zone: America/New_York", 'business_day_turns_at: "06:00"'
BY_CLOCK = ANEW.replace("true}", 'true, numbers_restart_at: "00:00"}')


def elsewhere(files: str, change: str) -> str:
    """Write the shop with its day changed."""
    key = change.partition(":")[0]
    kept = [line for line in program(f"main: {files}").splitlines() if not line.startswith(key)]
    return "\n".join([*kept, change, ""])


@pytest.mark.parametrize(
    ("files", "change", "was"),
    [
        (ANEW, NEW_YORK, "Europe/Berlin"),
        (BY_CLOCK, NEW_YORK, "Europe/Berlin"),
        (ANEW, SIX, "04:00"),
    ],
)
def test_a_day_is_not_changed_by_which_numbers_begin_anew(start, files, change, was):
    """A night's receipts that are uploaded again would be of another day, and paid again."""
    cafe = start(f"main: {files}")
    with pytest.raises(Mistakes) as told:
        programs.publish(cafe.store, elsewhere(files, change), cafe.clock.now())
    [wrong] = told.value.mistakes
    key = change.partition(":")[0]
    assert f"with another `{key}` receipts that were told would be of other days" in wrong.problem
    assert wrong.hint == f'leave `{key}: "{was}"` for the store of `folder:main`'


def test_a_day_is_not_changed_by_the_way_of_a_version_without_files(start):
    cafe = start(f"main: {ANEW}")
    bare = elsewhere(ANEW, NEW_YORK).replace(f"files:\n  main: {ANEW}", "")
    programs.publish(cafe.store, bare, cafe.clock.now())
    cafe.clock.advance(timedelta(minutes=5))
    with pytest.raises(Mistakes):
        programs.publish(cafe.store, elsewhere(ANEW, NEW_YORK), cafe.clock.now())


def test_the_column_of_the_number_stays_the_same(start):
    cafe = start("main: {via: folder}")
    other = "main: {via: folder, columns: {receipt_no: Beleg}}"
    problem = "receipts that were told would have numbers of another column, and be booked again"
    way = 'leave `receipt_no: "receipt_no"`, or give another till in its place a name with `named`'
    assert refused(cafe, other) == [f"files.main.columns: {problem} | {way}"]
    publish(cafe, "main: {via: folder, columns: {qty: Menge}}")


@pytest.mark.parametrize(
    ("files", "change"), [("{via: folder}", NEW_YORK), ("{via: folder}", SIX), (BY_CLOCK, SIX)]
)
def test_a_day_may_change_where_no_receipt_is_named_by_it(start, files, change):
    cafe = start(f"main: {files}")
    programs.publish(cafe.store, elsewhere(files, change), cafe.clock.now())


def test_a_part_refund_under_its_sales_number_is_one_though_the_zone_is_put_right(start):
    """The till wrote no offset, so by another zone it was at another instant."""
    cafe = start("main: {via: folder}")
    when = {"occurred_at": "2026-11-20T11:00:00"}
    back = {**SALE, **when, "kind": "REFUND", "refund_of": "17", "line_total": "-5,00"}
    cafe.upload(table(back), 1, "sales-02.csv", timezone="")
    cafe.due()
    programs.publish(
        cafe.store, elsewhere("{via: folder}", "zone: Europe/London"), cafe.clock.now()
    )
    cafe.clock.advance(LATER)
    cafe.upload(table(back, NEXT), 2, "sales-03.csv", at=cafe.clock.now(), timezone="")
    cafe.due()
    assert cafe.answers() == [f"sales-0{number}.result.json" for number in (1, 2, 3)]
    assert spent(cafe) == 1900


@pytest.mark.parametrize(("before", "after"), [("{via: folder}", FROM), (ANEW, UNTIL)])
def test_numbers_that_begin_anew_from_a_day_on_pay_nothing_twice(start, before, after):
    cafe = start(f"main: {before}")
    publish(cafe, f"main: {after}")
    cafe.clock.advance(LATER)
    cafe.upload(table(SALE, NEXT), 2, "sales-02.csv", at=cafe.clock.now())
    cafe.due()
    assert (spent(cafe), cafe.receipts()) == (4800, 2)


def test_a_refund_finds_its_sale_of_before_the_numbers_began_anew(start):
    cafe = start("main: {via: folder}")
    publish(cafe, f"main: {FROM}")
    cafe.clock.advance(LATER)
    back = {**NEXT, "receipt_no": "18", "line_total": "-4,00", "refund_of": f"{DAY}/17"}
    cafe.upload(table(back), 1, "sales-02.csv", at=cafe.clock.now())
    cafe.due()
    assert spent(cafe) == 2000


@pytest.mark.parametrize("moved", ["main: {via: s3}", "counter: {via: folder}"])
def test_a_till_that_moves_says_whose_receipts_it_tells(start, moved):
    cafe = start("main: {via: folder}")
    name, _, via = moved.partition(": ")
    own = f"{via[6:-1]}:{name}"
    ways = f'write `named: "folder:main"` if it goes on with those, or `named: "{own}"`'
    assert refused(cafe, moved) == [f"files.{name}: {ANOTHERS} | {ways} if it is another"]
    publish(cafe, moved.replace("}", f', named: "{own}"}}'))


def test_a_till_that_is_taken_out_first_may_not_come_back_under_another_name(start):
    cafe = start("main: {via: folder}")
    programs.publish(cafe.store, PROGRAM.replace(USUAL, ""), cafe.clock.now())
    assert refused(cafe, "main: {via: s3}")
    publish(cafe, "main: {via: folder}")


def test_a_further_till_needs_no_word(start):
    publish(start("main: {via: folder}"), "main: {via: folder}\n  counter: {via: folder}")


def test_a_till_that_moves_pays_nothing_twice(start, tmp_path):
    cafe = start("main: {via: folder}", environment={"FOLDER_PATH__SECOND": str(tmp_path / "new")})
    publish(cafe, 'counter: {via: folder.second, named: "folder:main"}')
    cafe.top = tmp_path / "new"
    body = table({**SALE, "store_id": ""}, {"receipt_no": "18", "store_id": ""})
    cafe.put("sales-02.csv", body, till="counter")
    cafe.put("sales-02.manifest.json", manifest("sales-02.csv", body, 2), till="counter")
    cafe.due()
    assert (spent(cafe), cafe.receipts()) == (4800, 2)
    assert cafe.answers() == ["sales-02.result.json"]
