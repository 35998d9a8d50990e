"""What a till's owner is told of a file: how many rows were taken, and why others were not."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from loyalty.file_records import FileReading, Refused
from loyalty.files.forms import Place

MOST = 1000
"""So many refused rows are listed; all of them are counted."""
WORDS = {
    "AMOUNT_SIGN": "An amount is below zero where it may not be.",
    "BAD_AMOUNT": "The amount is no number as `decimal` says (comma: 1.234,50; point: "
    "1,234.50), or has more decimals than the currency.",
    "BAD_GZIP": "The file is not a whole gzip file.",
    "BAD_MANIFEST": "The manifest is not of the form loyalty-sales/1, or is of another file.",
    "BAD_QUANTITY": "The quantity is no number with at most three decimals.",
    "BAD_QUOTES": "A quote is opened and never closed, or closed too early.",
    "BAD_SIGNATURE": "The manifest has no hmac, or one of another secret.",
    "BAD_TIME": "The time is not written as 2026-11-20T10:15:30+01:00, nor as `dates` of the till "
    "says.",
    "CARD_DATA": "A cell holds the number of a payment card, which must not be sent.",
    "CURRENCY_MISMATCH": "The store has another currency.",
    "DAY_UNKNOWN": "It was sold at night and the file is of another day, so its number may be of "
    'either: say when numbers begin anew, as in `numbers_restart_at: "00:00"`.',
    "DIFFERS_FROM_MANIFEST": "The file has another hash, size or number of rows than announced.",
    "DOUBLE_HEADER": "Two columns have the same name.",
    "DUPLICATE_LINE": "One line of the receipt is told in two ways.",
    "FUTURE_DATE": "The receipt is from the future.",
    "INVALID_DATE": "The receipt is older than any till.",
    "INVALID_ID": "A number has letters, digits and . _ : - / # only, 60 of them at most.",
    "INVALID_SUM": "The lines do not add up to the total, or a tax is above its amount.",
    "INVALID_TYPE": "A value is not a text: in JSON amounts stand in quotes.",
    "LINE_TOO_LONG": "A row is too long to be one: mostly a quote is opened and never closed.",
    "MISSING": "This must be told.",
    "NO_FILE": "It is a manifest without its file.",
    "NO_LIST": "It is one object without a receipt_no: write the receipts as a list, [{…}, "
    "{…}], or one on each line of a .jsonl file.",
    "NO_MANIFEST": "It has no manifest beside it, so it may be half a file.",
    "NO_SALE": "A refund must name the receipt of its sale.",
    "RECEIPT_APART": "The rows of one receipt must stand together.",
    "RECEIPT_MIXED": "Rows of one receipt number name another day, store, currency or guest: they "
    "are two receipts, or the number was given twice.",
    "RECEIPT_REFUSED": "Another row of the same receipt is refused.",
    "REFUND_ABOVE_SALE": "More goes back than its sale has left. Where receipt numbers begin anew "
    "each day, refund_of needs the day of the sale, as in 2026-11-19/17.",
    "REFUND_CHANGED": "An earlier file told this refund otherwise; somebody must look at both.",
    "ROWS_REFUSED": "More than 1,000 rows were refused, so it was not read any further. What "
    "was taken before stays: mend the rows and upload it again.",
    "SPREADSHEET_DAMAGE": "A spreadsheet has turned this number into 1,23E+05.",
    "TOO_LARGE": "The file is too large; divide it.",
    "TOO_MANY_ROWS": "The file has more than 300,000 rows; divide it.",
    "TOO_MANY_BAD_ROWS": "More than 5 % of the rows are wrong, or more than 1,000, so none was "
    "taken: mend them, and upload the file again.",
    "TOO_MANY_LINES": "A receipt has 500 lines at most.",
    "UNDECODABLE": "The letters are not written as announced (UTF-8, Windows-1252).",
    "UNKNOWN_CURRENCY": "There is no such currency.",
    "UNKNOWN_ENCODING": "Letters are written as UTF-8 or Windows-1252.",
    "UNKNOWN_HEADER": "A column is missing, or has another name (see `columns`).",
    "UNKNOWN_NAME": "Files of sales lie in a day's folder and end in .csv, .json or .jsonl, or are "
    "packed as .gz; before that stand letters, digits, _ . and - only.",
    "WRONG_COLUMNS": "The row has more or fewer cells than the header.",
    "WRONG_DELIMITER": "The header is one single column: cells are parted by another `delimiter`.",
}
"""Why a row or a file is refused; other codes are those of the webhook."""


class Rejected(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A row that was not taken."""

    row: int
    code: str
    reason: str
    field: str = ""


class Answer(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The answer to a file. It holds nothing of what stood in its cells."""

    file: str
    sha256: str
    rows: int
    accepted: int = 0
    skipped: int = 0
    rejected: tuple[Rejected, ...] = ()
    rejected_rows: int = 0
    put_aside: int = 0
    unknown_guests: int = 0
    quarantined: str = ""
    reason: str = ""


def answer(place: Place, reading: FileReading, refused: Sequence[Refused]) -> bytes:
    """Write the answer to a file that is settled."""
    told = Answer(
        file=place.name.rpartition("/")[2],
        sha256=reading.sha256,
        rows=reading.rows,
        accepted=reading.accepted,
        skipped=reading.skipped,
        rejected=tuple(map(_rejected, refused[:MOST])),
        rejected_rows=reading.rejected,
        put_aside=reading.aside,
        unknown_guests=reading.unknown,
        quarantined=reading.code if reading.state == "refused" else "",
        reason=reason(reading.code) if reading.code else "",
    )
    plain = msgspec.to_builtins(told)
    for name in ("accepted", "skipped", "rejected"):
        plain.setdefault(name, [] if name == "rejected" else 0)
    return msgspec.json.format(msgspec.json.encode(plain), indent=2) + b"\n"


def _rejected(each: Refused) -> Rejected:
    return Rejected(row=each.row, code=each.code, field=each.field, reason=reason(each.code))


def reason(code: str) -> str:
    """Say a code in words, and which column it is about where the code names one."""
    what, _, field = code.partition(":")
    told = WORDS.get(what) or what.replace("_", " ").capitalize() + "."
    return f"{told.removesuffix('.')}: {field}." if field else told
