"""What a cell says: amounts, pieces and times, in the forms that tills and spreadsheets write."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from loyalty.domain import money
from loyalty.files.forms import Form

LONGEST = 40
_DAMAGED = re.compile(r"[0-9](?:[.,][0-9]+)?[Ee]\+?[0-9]{1,3}")
_GROUPED = {
    ",": re.compile(r"[0-9]{1,3}(?:\.[0-9]{3})+(?:,[0-9]+)?"),
    ".": re.compile(r"[0-9]{1,3}(?:,[0-9]{3})+(?:\.[0-9]+)?"),
}
_PIECES = re.compile(r"-?[0-9]{1,9}(\.[0-9]{1,3}0*)?")
_LOCAL = re.compile(
    r"([0-9]{1,2})[./-]([0-9]{1,2})[./-]([0-9]{4})[ T]+([0-9]{1,2}):([0-9]{2})(?::([0-9]{2}))?"
)
_YES = frozenset({"1", "true", "yes", "y", "x"})


class Bad(Exception):  # noqa: N818 - says what a cell is
    """A cell that cannot be read. `code` says why; never what it held."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def amount(text: str, currency: str, form: Form) -> int:
    """Read an amount as minor units, with its sign. Raises Bad; empty is 0."""
    sign, plain = _sign(text)
    if not plain:
        return 0
    decimal = "." if form.kind != "csv" else form.decimal
    if len(plain) <= LONGEST and _GROUPED[decimal].fullmatch(plain):
        plain = plain.replace("." if decimal == "," else ",", "")
    elif decimal == "," and "." in plain:  # 12.50 may be a price or, grouped badly, a fortune
        raise Bad("BAD_AMOUNT")
    try:
        return sign * money.parse(_short(plain).replace(decimal, "."), currency)
    except ValueError:
        raise Bad("BAD_AMOUNT") from None


def pieces(text: str, form: Form) -> str:
    """Read a quantity as a decimal text above zero. Raises Bad; empty is 1."""
    _, plain = _sign(text)
    found = plain.replace(form.decimal, ".") if form.kind == "csv" else plain
    if not found:
        return "1"
    if not _PIECES.fullmatch(found):
        raise Bad("BAD_QUANTITY")
    return re.sub(r"(\.[0-9]{1,3})[0-9]*\Z", r"\1", found)


def instant(text: str, form: Form) -> datetime:
    """Read a time; without an offset it is what the clock at the till showed. Raises Bad."""
    try:
        found = _iso(text) if form.dates == "iso" else _local(text, form.dates)
        there = found if found.tzinfo else found.replace(tzinfo=ZoneInfo(form.zone))
        return there.astimezone(UTC)
    except (ValueError, OverflowError, ZoneInfoNotFoundError):
        raise Bad("BAD_TIME") from None


def undamaged(text: str) -> str:
    """Return a text, unless a spreadsheet made `1,23E+05` of the number it was. Raises Bad."""
    if _DAMAGED.fullmatch(text):
        raise Bad("SPREADSHEET_DAMAGE")
    return text


def yes(text: str) -> bool:
    """Tell whether a cell means yes."""
    return text.lower() in _YES


def _sign(text: str) -> tuple[int, str]:
    """Take off the sign, also one that stands behind or is no hyphen, and spaces inside."""
    plain = re.sub(r"[\s\u00a0\u202f']", "", text).replace("\u2212", "-")
    if plain.endswith("-") and not plain.startswith(("-", "+")):
        plain = f"-{plain[:-1]}"
    sign, left = (-1, plain[1:]) if plain.startswith("-") else (1, plain.removeprefix("+"))
    if text and not left:
        raise Bad("BAD_AMOUNT")
    return sign, left


def _short(text: str) -> str:
    if len(text) > LONGEST:
        raise Bad("BAD_AMOUNT")
    return text


def _iso(text: str) -> datetime:
    if len(text) > LONGEST or not re.match(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:", text):
        raise ValueError
    return datetime.fromisoformat(text)


def _local(text: str, order: str) -> datetime:
    found = _LOCAL.fullmatch(text)
    if not found:
        return _iso(text)
    one, two, year, hour, minute, second = (int(part or 0) for part in found.groups())
    day, month = (one, two) if order == "day_first" else (two, one)
    return datetime(year, month, day, hour, minute, second)  # noqa: DTZ001 - its zone is added
