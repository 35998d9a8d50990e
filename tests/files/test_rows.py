"""What stands in a file: a bad row is refused by row, column and reason, and nothing is lost."""

from __future__ import annotations

import hashlib
import hmac

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.files.desk import COLUMNS, DAY, PROGRAM, SITA, desk, manifest, table

from loyalty.domain import money
from loyalty.files import answers, cells
from loyalty.files.cells import Bad
from loyalty.files.forms import Form, Unreadable
from loyalty.files.forms import manifest as read_manifest

GOLDEN = (
    b"receipt_no;line_no;kind;store_id;occurred_at;customer_ref;sku;category;name;qty;unit_price;"
    b"line_total;line_tax;tip;discount;currency;refund_of\r\n"
    b"A-1001;1;SALE;centre;2026-11-20T10:15:30+01:00;card:778899;10001;Brows;Brow shaping;1;14,00;"
    b"12,50;2,17;1,00;1,50;EUR;\r\n"
    b"A-1002;1;REFUND;centre;2026-11-20T18:02:00+01:00;card:778899;10001;Brows;Brow shaping;-1;"
    b"14,00;-12,50;-2,17;0,00;0,00;EUR;A-1001\r\n"
)
SHA = "17f1290ae878fbc44c5bf5c23145156241ea5aafd6e6efc8d1c2ea3af18e3c93"
HMAC = "7569124f80578ebcc3710205b0f3d18ee5bc91601f1ceb267a7dce70a6a9ba07"
GOOD = [{"receipt_no": f"G-{number}", "line_total": "10,00"} for number in range(5)]
EURO = Form()


def test_the_file_of_the_reference_is_read_as_it_is_signed(tmp_path):
    assert (len(GOLDEN), hashlib.sha256(GOLDEN).hexdigest()) == (393, SHA)
    assert hmac.new(b"s3-manifest-secret-0001", SHA.encode(), "sha256").hexdigest() == HMAC
    secret = {"FOLDER_MANIFEST_SECRET": "s3-manifest-secret-0001"}
    program = PROGRAM.replace("folder:main", "folder:centre")
    with desk(tmp_path, program, environment=secret) as cafe:
        cafe.upload(GOLDEN, 2, hmac=HMAC)
        cafe.due()
        told = cafe.answer()
        assert (told["sha256"], told["rows"], told["accepted"], told["rejected"]) == (SHA, 2, 2, [])
        receipt = _receipt(cafe, "main.A-1001")
        assert (receipt.sale.total, receipt.sale.tip) == (1350, 100)
        assert receipt.sale.lines[0].included_tax == 217
        assert [refund.amount for refund in receipt.refunds.values()] == [1250]


def _receipt(cafe, name):
    from loyalty.records import entries  # noqa: PLC0415

    return entries.get(cafe.store, f"sale:folder:{name}").receipt


def test_a_manifest_signed_with_another_secret_is_refused():
    body = manifest("a.csv", b"", 0, hmac=HMAC)
    with pytest.raises(Unreadable, match="BAD_SIGNATURE"):
        read_manifest(body, "a.csv", ["another-secret-of-the-shop"])


BAD_ROWS = {
    "more decimals than the currency": ({"line_total": "12,505"}, "BAD_AMOUNT", "line_total"),
    "a point for a comma": ({"line_total": "12.50"}, "BAD_AMOUNT", "line_total"),
    "a word for an amount": ({"line_total": "gratis"}, "BAD_AMOUNT", "line_total"),
    "digits of another script": ({"line_total": "١٢"}, "BAD_AMOUNT", "line_total"),
    "an amount as sheets write it": ({"line_total": "1,23E+05"}, "BAD_AMOUNT", "line_total"),
    "too large an amount": ({"line_total": "9" * 30}, "OUT_OF_RANGE", "line_total"),
    "no amount": ({"line_total": ""}, "MISSING", "line_total"),
    "a currency that is none": ({"currency": "XYZ"}, "UNKNOWN_CURRENCY", "currency"),
    "another currency": ({"currency": "CHF"}, "CURRENCY_MISMATCH", "currency"),
    "the future": ({"occurred_at": "2027-01-01T10:00:00Z"}, "FUTURE_DATE", "occurred_at"),
    "the last century": ({"occurred_at": "1999-01-01T10:00:00Z"}, "INVALID_DATE", "occurred_at"),
    "the 31st of February": ({"occurred_at": "2026-02-31T10:00:00Z"}, "BAD_TIME", "occurred_at"),
    "a time in another form": ({"occurred_at": "20.11.2026 10:15"}, "BAD_TIME", "occurred_at"),
    "a damaged number": ({"receipt_no": "1,23E+05"}, "SPREADSHEET_DAMAGE", "receipt_no"),
    "a damaged card": ({"customer_ref": "card:7,78E+05"}, "SPREADSHEET_DAMAGE", "customer_ref"),
    "a damaged article": ({"sku": "1.0E+10"}, "SPREADSHEET_DAMAGE", "sku"),
    "no number": ({"receipt_no": ""}, "MISSING", "receipt_no"),
    "a number of other letters": ({"receipt_no": "A|x"}, "INVALID_ID", "receipt_no"),
    "a kind that is none": ({"kind": "GIFT"}, "INVALID_VALUE", "kind"),
    "a refund of nothing": ({"kind": "REFUND", "line_total": "-1,00"}, "NO_SALE", "refund_of"),
    "a sale below zero": ({"line_total": "-1,00"}, "NO_SALE", "refund_of"),
    "a tax above its amount": ({"line_tax": "99,00"}, "INVALID_SUM", "line_tax"),
    "half a quantity too fine": ({"qty": "0,12345"}, "BAD_QUANTITY", "qty"),
    "no quantity at all": ({"qty": "0"}, "INVALID_QUANTITY", "qty"),
    "a payment card": ({"name": "4111 1111 1111 1111"}, "CARD_DATA", "name"),
    "a control character": ({"name": "a\x07b"}, "INVALID_TEXT", "name"),
    "too long a text": ({"name": "a" * 201}, "TOO_LONG", "name"),
}  # fmt: skip


@pytest.mark.parametrize("wrong", BAD_ROWS)
def test_a_bad_row_is_refused_by_its_number_column_and_reason(cafe, wrong):
    changes, code, field = BAD_ROWS[wrong]
    cafe.upload(table(*GOOD[:3], {"receipt_no": "B-1", **changes}, *GOOD[3:]), 6)
    cafe.due()
    told = cafe.answer()
    assert [(r["row"], r["code"], r["field"]) for r in told["rejected"]] == [(5, code, field)]
    assert told["rejected"][0]["reason"].endswith(".")
    assert (told["accepted"], cafe.receipts()) == (5, 5)


def test_every_reason_of_ours_has_its_words():
    ours = {code for _, code, _ in BAD_ROWS.values()}
    assert all(answers.reason(code) for code in ours)


def test_a_receipt_with_one_bad_row_is_refused_whole(cafe):
    cafe.upload(
        table(
            *GOOD,
            {"receipt_no": "B-1", "line_no": "1"},
            {"receipt_no": "B-1", "line_no": "2", "line_total": "x"},
        ),
        7,
    )
    cafe.due()
    refused = [(r["row"], r["code"]) for r in cafe.answer()["rejected"]]
    assert refused == [(7, "RECEIPT_REFUSED"), (8, "BAD_AMOUNT")]
    assert cafe.receipts() == 5


def test_one_line_in_two_words_and_a_receipt_in_two_places_are_refused(cafe):
    half = {"receipt_no": "B-1", "line_no": "1"}
    cafe.upload(
        table(half, {**half, "line_total": "9,00"}, GOOD[0], GOOD[1], {**GOOD[0], "line_no": "2"}),
        5,
    )
    cafe.due()
    codes = {(r["row"], r["code"]) for r in cafe.answer()["rejected"]}
    assert codes == {(2, "RECEIPT_REFUSED"), (3, "DUPLICATE_LINE"), (6, "RECEIPT_APART")}


def test_more_than_five_in_a_hundred_bad_rows_and_more_than_five_keep_the_file_out(cafe):
    bad = [{"receipt_no": f"B-{number}", "line_total": "x"} for number in range(6)]
    cafe.upload(table(*GOOD, *bad), 11)
    cafe.due()
    told = cafe.answer()
    assert (told["quarantined"], told["rejected_rows"]) == ("TOO_MANY_BAD_ROWS", 6)
    assert cafe.receipts() == 0


BAD_FILES = {
    "a column is missing": (b"receipt_no;line_total\r\n", "UNKNOWN_HEADER:occurred_at"),
    "a column twice": (
        b"receipt_no;occurred_at;line_total;sku;sku\r\n", "DOUBLE_HEADER:sku",
    ),
    "another delimiter": (table(*GOOD, between=","), "WRONG_DELIMITER"),
    "letters that are none": (table(*GOOD) + b"\xff\r\n", "UNDECODABLE"),
    "a quote that never ends": (table(*GOOD) + b'"x;', "BAD_QUOTES"),
    "a line without an end": (b"x" * 300_000, "LINE_TOO_LONG"),
}  # fmt: skip


@pytest.mark.parametrize("wrong", BAD_FILES)
def test_a_file_that_cannot_be_read_is_kept_out_whole_and_told_of_once(cafe, wrong):
    body, code = BAD_FILES[wrong]
    cafe.upload(body, 5)
    cafe.due()
    cafe.due()
    assert cafe.answer()["quarantined"] == code
    assert cafe.receipts() == 0


def _written(encoding: str, start: bytes = b"") -> bytes:
    row = {"receipt_no": "A-1", "name": "Törtchen", "line_total": "1.234,50"}
    return start + table(row).decode().encode(encoding)


HARMLESS = {
    "a byte order mark": (_written("utf-8", b"\xef\xbb\xbf"), {}),
    "Windows letters": (_written("cp1252"), {"encoding": "windows-1252"}),
    "points for commas": (
        _written("utf-8").replace(b"1.234,50", b'"1,234.50"').replace(b"24,00", b"24.00"),
        {"decimal": "."},
    ),
    "line feeds alone": (_written("utf-8").replace(b"\r\n", b"\n"), {}),
    "no line end at the end": (_written("utf-8").rstrip(), {}),
    "blank lines and totals": (_written("utf-8") + b"\r\n;;\r\nTotal;;;1.234,50\r\n\r\n", {}),
    "carriage returns alone": (_written("utf-8").replace(b"\r\n", b"\r"), {}),
    "a first line for spreadsheets": (b"sep=;\r\n" + _written("utf-8"), {"delimiter": ","}),
    "cells in quotes": (_written("utf-8").replace(b"main", b'"main"'), {}),
}


@pytest.mark.parametrize("written", HARMLESS)
def test_what_spreadsheets_and_tills_do_to_a_file_does_no_harm(cafe, written):
    body, more = HARMLESS[written]
    cafe.upload(body, 1, **more)
    cafe.due()
    assert cafe.booked(cafe.sita) == [("sale", 123, 123450)]
    assert _receipt(cafe, "main.A-1").sale.lines[0].name == "Törtchen"


def test_columns_of_another_name_and_dates_of_another_form_are_read(tmp_path):
    program = PROGRAM.replace(
        "{via: folder}",
        "{via: folder, dates: day_first, columns: {receipt_no: Bon, occurred_at: Zeit,"
        " line_total: Summe, customer_ref: Kunde}}",
    )
    body = f"Bon;Zeit;Summe;Kunde;Bemerkung\r\n17;20.11.2026 10:15;24,00;phone:{SITA};=1+1\r\n"
    with desk(tmp_path, program) as cafe:
        member = cafe.join(phone=SITA)
        cafe.upload(body.encode(), 1)
        cafe.due()
        assert cafe.booked(member) == [("sale", 2, 2400)]
        assert _receipt(cafe, "main.17").sale.occurred_at.isoformat() == "2026-11-20T09:15:00+00:00"


def test_a_discount_in_a_row_of_its_own_is_taken_off_the_others(cafe):
    rows = (
        {"receipt_no": "A-1", "line_no": "1", "line_total": "23,80", "line_tax": "3,80"},
        {"receipt_no": "A-1", "line_no": "2", "line_total": "-11,90", "line_tax": "-1,90"},
    )
    cafe.upload(table(*rows), 2)
    cafe.due()
    assert cafe.booked(cafe.sita) == [("sale", 1, 1000)]


def test_lines_given_back_by_their_number_are_taken_from_them(cafe):
    columns = (*COLUMNS, "refund_line", "line_kind")
    rows = (
        {"receipt_no": "A-1", "line_no": "1", "line_total": "30,00", "line_kind": "gift_card"},
        {"receipt_no": "A-1", "line_no": "2", "line_total": "30,00", "qty": "3"},
        {"receipt_no": "A-2", "kind": "REFUND", "refund_of": "A-1", "refund_line": "2",
         "qty": "-1", "line_total": "-10,00"},
    )  # fmt: skip
    cafe.upload(table(*rows, columns=columns), 3)
    cafe.due()
    assert cafe.account(cafe.sita).totals.spend == 2000


def test_a_guest_who_shows_their_card_is_known(cafe):
    from loyalty.guests import members  # noqa: PLC0415

    code = members.card(cafe.sita, cafe.shop)
    cafe.upload(table({"receipt_no": "A-1", "customer_ref": f"card:{code}"}), 1)
    cafe.due()
    assert cafe.booked(cafe.sita) == [("sale", 2, 2400)]


def test_nobody_reads_a_guest_in_what_is_kept_or_answered(cafe):
    ref = {"customer_ref": "email:sita@example.org", "name": "=cmd|' /C calc'!A0"}
    cafe.upload(table({"receipt_no": "A-1", **ref}, {"receipt_no": "B-1", "qty": "x", **ref}), 2)
    cafe.due()
    whole = (cafe.top / "out/main" / DAY / "sales-01.result.json").read_text()
    world = cafe.dump()
    kept = b"".join(doc for name in ("files", "file_receipts") for _, doc in world[name])
    for text in (whole, kept.decode()):
        assert "sita@" not in text
        assert "cmd" not in text


RECEIPT = (
    '{"receipt_no": "%s", "occurred_at": "2026-11-20T10:15:30+01:00", "total": "24.00", '
    '"customer": {"phone": "' + SITA + '"}, "store_id": "%s"}'
)


@pytest.mark.parametrize(
    ("bad", "code"),
    [
        (RECEIPT % ("A-2", "\\ud800"), "INVALID_TEXT"),
        (RECEIPT % ("A-2", "a\x07b"), "INVALID_TEXT"),
        ('{"receipt_no": "A-2", "receipt_no": "A-3"}', "DUPLICATE_KEY"),
        ('{"receipt_no": NaN}', "INVALID_NUMBER"),
        ('{"receipt_no": 1' + "0" * 5000 + "}", "OUT_OF_RANGE"),
    ],
)
def test_a_bad_receipt_of_a_list_keeps_out_itself_alone(cafe, bad, code):
    good = [RECEIPT % (number, "main") for number in ("A-1", "A-4")]
    body = f" [{good[0]} , {bad}\n,{good[1]}]\n".encode()
    cafe.upload(body, 3, "sales-01.json")
    cafe.due()
    told = cafe.answer()
    assert [(each["row"], each["code"]) for each in told["rejected"]] == [(2, code)]
    assert (told["accepted"], cafe.account(cafe.sita).totals.spend) == (2, 4800)


@pytest.mark.parametrize(
    "body",
    ["[" + RECEIPT % ("A-2", "\\ud800") + " " + RECEIPT % ("A-3", "") + "]", "[\\ud800", "[["],
)
def test_a_list_that_is_none_is_kept_out(cafe, body):
    cafe.upload(body.encode(), 1, "sales-01.json")
    cafe.due()
    assert cafe.answer()["quarantined"] == "INVALID_BODY"


def test_receipts_below_a_name_are_told_how_to_stand(cafe):
    cafe.upload(b'{"receipts": [%s]}' % (RECEIPT % ("A-1", "main")).encode(), 1, "sales-01.json")
    cafe.due()
    assert cafe.answer()["reason"].startswith("It is one object without a receipt_no: write the")


# -- amounts and whole files of junk ----------------------------------------------------------


@given(st.integers(-(10**9), 10**9), st.sampled_from(["EUR", "JPY", "KWD"]), st.booleans())
@settings(max_examples=100, deadline=None, database=None)
def test_every_amount_is_read_as_it_was_written(amount, currency, grouped):
    _, digits = money.show(abs(amount), currency).split(" ")
    whole, point, cents = digits.partition(".")
    text = f"{int(whole):,}".replace(",", ".") if grouped else whole
    text = f"{'-' if amount < 0 else ''}{text}{',' if point else ''}{cents}"
    assert cells.amount(text, currency, EURO) == amount


@given(st.text(max_size=30))
@settings(max_examples=200, deadline=None, database=None)
def test_any_text_is_an_amount_or_refused(text):
    for read in (lambda t: cells.amount(t, "EUR", EURO), lambda t: cells.pieces(t, EURO),
                 lambda t: cells.instant(t, EURO)):  # fmt: skip
        try:
            read(text)
        except Bad as bad:
            assert bad.code in answers.WORDS  # noqa: PT017 - either way is right


JUNK = st.sampled_from(
    ["", "A-1", "A-2", "-1,00", "24,00", "SALE", "REFUND", "x", '"', "\n", ";", "\x00", "\ufeff",
     "é", "٣", "2026-11-20T10:15:30+01:00", "EUR", "=1+1", "1,23E+05", "{", "[]", '{"items": 5}'],
)  # fmt: skip
TABLES = st.lists(st.lists(JUNK, max_size=len(COLUMNS)).map(";".join), max_size=8).map("\n".join)
HEADED = TABLES.map(lambda text: f"{';'.join(COLUMNS)}\n{text}")
FILES = st.binary(max_size=300) | (TABLES | HEADED).map(lambda text: text.encode("utf-8"))
KINDS = st.sampled_from([".csv", ".csv.gz", ".json", ".jsonl", ".jsonl.gz", ".json.gz"])


@pytest.fixture(scope="module")
def open_desk(tmp_path_factory):
    program = PROGRAM.replace("{via: folder}", "{via: folder, manifest: false}")
    with desk(tmp_path_factory.mktemp("junk"), program) as cafe:
        yield cafe


def test_any_bytes_as_a_file_end_in_an_answer_and_no_row_is_lost(open_desk):
    """Each file is answered; each of its rows was accepted, skipped or refused by its number."""
    cafe, count = open_desk, iter(range(10**6))
    base = cafe.shop.clock.now()

    @given(FILES, KINDS)
    @settings(max_examples=200, deadline=None, database=None, derandomize=True)
    def one(body, kind):
        name = f"junk-{next(count):05}"
        path = cafe.put(f"{name}{kind}", body, at=base.replace(hour=1))
        cafe.due()
        cafe.clock.set(cafe.clock.now().replace(microsecond=next(count)))
        cafe.due()
        told = cafe.answer(f"{name}.result.json")
        whole = told["accepted"] + told["skipped"] + told.get("rejected_rows", 0)
        assert told.get("quarantined") or whole == told["rows"]
        path.unlink()

    one()
