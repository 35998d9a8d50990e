"""One receipt of a file: its rows, read, become the body that a till would have posted."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from loyalty.domain import calendar
from loyalty.domain.nightly import Files
from loyalty.domain.program import Program
from loyalty.file_records import Refused
from loyalty.files import cells
from loyalty.files.cells import Bad
from loyalty.files.forms import Form
from loyalty.files.rows import Row
from loyalty.program_file.places import CURRENCIES

Body = dict[str, Any]
_ID = re.compile(r"[A-Za-z0-9_.:-]{1,60}")
_PLAIN = str.maketrans({"/": ":", "\\": ":", "#": ":", " ": "_"})
"""What tills put between the parts of a number, in letters that a name may have."""
FEWEST = 6
"""A phone has so many digits, or more."""
_DATED = re.compile(r"(20[0-9]{2}-[01][0-9]-[0-3][0-9])/(.+)")
_REFS = {
    "phone": "phone", "tel": "phone", "email": "email", "mailto": "email", "card": "card",
    "member": "member",
}  # fmt: skip


class Till(NamedTuple):
    """Whose file it is: the connector, account and place that name its receipts, and its folder."""

    connector: str
    account: str
    name: str
    folder: str
    files: Files

    def receipt(self, number: str, day: str) -> str:
        """Name a receipt so that no other till and no other day has one of this name."""
        anew = self.files.begins_anew(day)
        return f"{self.name}.{day}.{number}" if anew else f"{self.name}.{number}"

    @property
    def source(self) -> str:
        """Name it as stores of the program do."""
        return f"{self.connector}.{self.account}" if self.account else self.connector


def day_of(at: datetime, place: str, till: Till, form: Form, program: Program) -> str:
    """Find the day of a number: by the till's clock, or else its business day.

    A till may begin anew at midnight, and tell a day twice. So nobody knows of which day a number
    is that was given between midnight and the turn, unless the till's clock is told, or the file is
    of that business day. Raises Bad.
    """
    store = program.store_of(till.source, place) or ""
    zone = program.zone_of(store)
    if till.files.numbers_restart_at:
        return calendar.business_day(at, zone, till.files.numbers_restart_at)
    own = calendar.business_day(at, zone, program.turn_of(store))
    date = calendar.local(at, zone).date().isoformat()
    if own not in (date, form.day) and till.files.begins_anew(date):
        raise Bad("DAY_UNKNOWN")
    return own


class BadRow(Exception):  # noqa: N818 - says what a row is
    """A row that cannot be taken, and why."""

    def __init__(self, row: Row, code: str, field: str) -> None:
        super().__init__(code)
        self.refused = Refused(row=row.number, code=code, field=field)


class _Line(NamedTuple):
    row: Row
    amount: int
    tax: int


class Receipt:
    """The rows of one receipt, read. Raises BadRow."""

    def __init__(self, rows: list[Row], till: Till, form: Form, program: Program) -> None:
        self.rows, self._till, self._form = rows, till, form
        self._every = rows
        self._first = rows[0]
        self._currency = self._of(self._first, "currency") or form.currency
        if self._currency not in CURRENCIES:
            raise BadRow(self._first, "UNKNOWN_CURRENCY", "currency")
        self._at = self._read("occurred_at", lambda text: cells.instant(text, form))
        self._store = self._of(self._first, "store_id") or till.name
        self._day = self._dated(program)
        self._tip = sum(abs(self._amount(row, "tip")) for row in rows)
        self._lines = [self._line(row) for row in rows]
        self._check_total()
        self._back = self._goes_back()
        self.name = f"refund:{self._refund_name()}" if self._back else f"sale:{self._number()}"

    @property
    def nothing(self) -> bool:
        """Whether it comes to nothing: free, or taken back by the till."""
        return not self._back and self._sum() + self._tip == 0

    @property
    def names_nobody(self) -> bool:
        """Whether it says who the guest is, in words that lead to nobody: it counts as nobody's."""
        named = any(self._of(row, "customer_ref") for row in self._every)
        return not self._back and named and not any(map(_leads, self._guest().items()))

    def body(self) -> Body:
        """Write what a till would have posted."""
        data = self._refund() if self._back else self._void() if self.nothing else self._sale()
        kind = "refunded" if self._back else "voided" if self.nothing else "completed"
        stamp = self._at.isoformat()
        return {
            "type": f"sale.{kind}",
            "timestamp": stamp,
            "data": {**data, "occurred_at": stamp, "store": self._store},
        }

    # -- what the rows say ------------------------------------------------------------------

    def _of(self, row: Row, name: str) -> str:
        return row.cells.get(name, "")

    def _read(self, name: str, read: Callable[[str], Any], row: Row | None = None) -> Any:
        where = row or self._first
        try:
            return read(self._of(where, name))
        except Bad as bad:
            raise BadRow(where, bad.code, name) from None

    def _dated(self, program: Program) -> str:
        try:
            return day_of(self._at, self._store, self._till, self._form, program)
        except Bad as bad:
            raise BadRow(self._first, bad.code, "occurred_at") from None

    def _amount(self, row: Row, name: str) -> int:
        found: int = self._read(name, lambda t: cells.amount(t, self._currency, self._form), row)
        return found

    def _line(self, row: Row) -> _Line:
        if not self._of(row, "line_total"):
            if not self._of(row, "total"):
                raise BadRow(row, "MISSING", "line_total")
            whole = self._amount(row, "total")
            return _Line(row, whole - self._tip if whole > 0 else whole, self._tax(row))
        return _Line(row, self._amount(row, "line_total"), self._tax(row))

    def _tax(self, row: Row) -> int:
        return abs(self._amount(row, "line_tax"))

    def _sum(self) -> int:
        return sum(line.amount for line in self._lines)

    def _check_total(self) -> None:
        if self._of(self._first, "total"):
            whole = abs(self._amount(self._first, "total"))
            if whole != abs(self._sum()) + self._tip:
                raise BadRow(self._first, "INVALID_SUM", "total")

    def _goes_back(self) -> bool:
        """Decide once whether it is a sale or a refund: by its word, or else by its sign."""
        kind = self._of(self._first, "kind").upper() or "SALE"
        if kind not in ("SALE", "REFUND"):
            raise BadRow(self._first, "INVALID_VALUE", "kind")
        back = kind == "REFUND" or self._sum() < 0
        if back and not self._of(self._first, "refund_of"):
            raise BadRow(self._first, "NO_SALE", "refund_of")
        return back

    def _refund_name(self) -> str:
        """Name a refund; where it has its sale's number, by its time too, as the till wrote it."""
        number = self._number()
        again = number == self._number("refund_of")
        written = "".join(filter(str.isdigit, self._of(self._first, "occurred_at")))
        return f"{number}.{written}" if again else number

    def _number(self, name: str = "receipt_no") -> str:
        """Name a receipt by its number; `2026-11-19/17` is number 17 of that business day."""
        found = _DATED.fullmatch(self._of(self._first, name))
        day, text = (found[1], found[2]) if found else (self._day, self._of(self._first, name))
        plain = self._undamaged(text, name).translate(_PLAIN)
        if not _ID.fullmatch(plain):
            raise BadRow(self._first, "INVALID_ID" if plain else "MISSING", name)
        return self._till.receipt(plain, day)

    def _undamaged(self, text: str, name: str) -> str:
        try:
            return cells.undamaged(text)
        except Bad as bad:
            raise BadRow(self._first, bad.code, name) from None

    # -- what they come to ------------------------------------------------------------------

    def _void(self) -> Body:
        return {"receipt": self._number()}

    def _refund(self) -> Body:
        body = {
            "refund": self._refund_name(),
            "receipt": self._number("refund_of"),
            "amount": abs(self._sum()) + self._tip,
            "currency": self._currency,
        }
        named = [self._of(line.row, "refund_line") for line in self._lines]
        return {**body, "lines": self._returned()} if all(named) else body

    def _returned(self) -> list[Body]:
        return [
            {"line": self._of(line.row, "refund_line"), "quantity": self._pieces(line.row)}
            for line in self._lines
        ]

    def _sale(self) -> Body:
        """Write a sale. A line below zero is a discount on the others, without its tax."""
        self.rows = [line.row for line in self._lines if line.amount >= 0]
        off = sum(abs(line.amount) - line.tax for line in self._lines if line.amount < 0)
        return {
            "receipt": self._number(),
            "currency": self._currency,
            "total": self._sum() + self._tip,
            "tip": self._tip,
            "discount": off,
            "channel": self._of(self._first, "channel") or "in_store",
            "lines": [self._goods(line) for line in self._lines if line.amount >= 0],
            "guest": self._guest(),
        }

    def _goods(self, line: _Line) -> Body:
        told = {name: self._of(line.row, name) for name in ("name", "sku", "category")}
        self._undamaged(told["sku"], "sku")
        return {
            **told,
            "id": self._of(line.row, "line_no"),
            "amount": line.amount,
            "included_tax": line.tax,
            "quantity": self._pieces(line.row),
            "kind": self._of(line.row, "line_kind") or "item",
        }

    def _pieces(self, row: Row) -> str:
        found: str = self._read("qty", lambda text: cells.pieces(text, self._form), row)
        return found

    def _guest(self) -> Mapping[str, str]:
        """Read `card:778899`, `phone:+34…` or `email:…`; a bare text is told by its form."""
        text = next(filter(None, (self._of(row, "customer_ref") for row in self._every)), "")
        kind, colon, value = text.partition(":")
        name = _REFS.get(kind.strip().lower(), "") if colon else _kind(text)
        found = self._undamaged((value if colon else text).strip(), "customer_ref")
        readable = name != "card" or _ID.fullmatch(found)  # else the guest is unknown, no more
        return {name: found} if name and found and readable else {}


def _kind(text: str) -> str:
    """Tell a bare phone with its country, and an address, from the code of a card."""
    return "phone" if text.startswith("+") else "email" if "@" in text else "card"


def _leads(named: tuple[str, str]) -> bool:
    """Tell whether a name can lead to somebody; whether it does, ingest looks."""
    name, text = named
    digits = sum(map(str.isdigit, text))
    return digits >= FEWEST if name == "phone" else name != "email" or "@" in text
