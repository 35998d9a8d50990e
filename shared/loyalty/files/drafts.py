"""From rows to facts: the rows of a file are parted into receipts, each told or refused.

What the webhook refuses is refused here too, by the same code. A receipt with a bad row is not
taken at all, for half of it would earn the wrong points.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain, groupby, islice
from typing import NamedTuple

from loyalty.connectors import generic
from loyalty.connectors.spec import Config, Heard
from loyalty.domain.program import Program
from loyalty.errors import Problem
from loyalty.file_records import Refused
from loyalty.files import cells
from loyalty.files.forms import Form
from loyalty.files.receipts import BadRow, Receipt, Till, day_of
from loyalty.files.rows import MOST_ITEMS, Row

Judge = Callable[[Heard], Problem | None]
_WHERE = re.compile(r"\$\.data\.(?:lines\[([0-9]+)\]\.)?([a-z_]+)(?:\.([a-z]+))?")
_FIELDS = {
    "total": "line_total", "amount": "line_total", "receipt": "receipt_no", "refund": "receipt_no",
    "store": "store_id", "guest": "customer_ref", "id": "line_no", "kind": "line_kind",
    "included_tax": "line_tax", "tax": "line_tax", "quantity": "qty", "line": "refund_line",
    "lines": "line_no",
}  # fmt: skip


ONE = ("occurred_at", "store_id", "currency", "customer_ref")
"""What all rows of a receipt say alike, or leave to the others."""


TRAINING = -1
"""Stands for what a receipt told that was training; no hash is -1."""


class Draft(NamedTuple):
    """A receipt of a file: what it tells, or why it cannot be taken.

    `heard` is empty for what the file told further up; `nothing` tells that it came to nothing, or
    was training, which takes an earlier telling back; `names_nobody` that who it names cannot be
    read.
    """

    rows: tuple[int, ...]
    heard: tuple[Heard, ...] = ()
    refused: tuple[Refused, ...] = ()
    nothing: bool = False
    names_nobody: bool = False


class Reader:
    """Turns the rows of one file into drafts."""

    def __init__(self, till: Till, form: Form, program: Program, judge: Judge) -> None:
        self._till, self._form, self._program, self._judge = till, form, program, judge
        self._config = Config(connector=till.connector, account=till.account, values={})
        self._seen: dict[str, int] = {}

    def drafts(self, rows: Iterable[Row]) -> Iterator[Draft]:
        """Read receipts, each from rows that stand together."""
        for _, group in groupby(rows, self._key):
            yield from self._one(group)

    def _one(self, group: Iterator[Row]) -> Iterator[Draft]:
        """Read one receipt; one without an end is never held as a whole."""
        first = list(islice(group, MOST_ITEMS))
        if (another := next(group, None)) is None:
            yield self._draft(first)
        else:
            yield from map(_too_long, chain(first, [another], group))

    def _key(self, row: Row) -> tuple[str, ...]:
        told = tuple(row.cells.get(name, "") for name in ("receipt_no", "kind", "refund_of"))
        if row.cells.get("refund_of"):  # a sale may go back twice
            told = (*told, row.cells.get("occurred_at", ""))
        elif self._till.files.begins_anew(day := self._day(row)):
            told = (*told, day)
        alone = self._form.kind != "csv" or not told[0]
        return (*told, str(row.number)) if alone else told

    def _day(self, row: Row) -> str:
        """Tell on which day a row's number was given; one without a time tells by itself."""
        text, place = row.cells.get("occurred_at", ""), row.cells.get("store_id", "")
        try:
            at = cells.instant(text, self._form)
            return day_of(at, place or self._till.name, self._till, self._form, self._program)
        except cells.Bad:
            return text

    def _draft(self, group: list[Row]) -> Draft:
        numbers = tuple(dict.fromkeys(row.number for row in group))
        bad = [Refused(row=r.number, code=r.bad, field=r.field) for r in group if r.bad]
        if bad:
            return Draft(numbers, refused=_all(numbers, bad))
        if self._form.test or any(cells.yes(row.cells.get("test", "")) for row in group):
            return self._training(group[0], numbers)
        try:
            return self._told(group, numbers)
        except BadRow as wrong:
            return Draft(numbers, refused=_all(numbers, [wrong.refused]))

    def _training(self, row: Row, numbers: tuple[int, ...]) -> Draft:
        """Take back what was told as a sale; what else is wrong with it does not matter."""
        if row.cells.get("refund_of"):
            return Draft(numbers)
        free = {name: row.cells.get(name, "") for name in ("receipt_no", "occurred_at", "store_id")}
        try:
            told = [row._replace(cells={**free, "line_total": "0"})]
            receipt = Receipt(told, self._till, self._form, self._program)
        except BadRow:
            return Draft(numbers)
        if receipt.name in self._seen:
            alike = self._seen[receipt.name] == TRAINING
            apart = Refused(row=row.number, code="RECEIPT_APART", field="receipt_no")
            return Draft(numbers, refused=() if alike else _all(numbers, [apart]))
        self._seen[receipt.name] = TRAINING
        heard = tuple(generic.facts(self._config, receipt.body()))
        return Draft(numbers, () if any(map(self._judge, heard)) else heard, nothing=True)

    def _told(self, group: list[Row], numbers: tuple[int, ...]) -> Draft:
        if len(group) > 1:
            self._check_one(group)
        receipt = Receipt(_once(group), self._till, self._form, self._program)
        if self._again(receipt, group):
            return Draft(numbers)
        try:
            heard = tuple(generic.facts(self._config, receipt.body()))
        except Problem as problem:
            raise _placed(problem, receipt.rows) from None
        if wrong := next(filter(None, map(self._judge, heard)), None):
            field = "currency" if wrong.code.startswith("currency") else "occurred_at"
            raise BadRow(group[0], wrong.code.upper(), field)
        return Draft(numbers, heard, nothing=receipt.nothing, names_nobody=receipt.names_nobody)

    def _check_one(self, group: list[Row]) -> None:
        """Raise BadRow if rows of one number are of two sales: a till may have begun anew.

        Its lines may have been rung up one after another, on one day.
        """
        for name in ONE:
            told = ""
            for row in group:
                other = self._day(row) if name == "occurred_at" else row.cells.get(name, "")
                if told and other and other != told:
                    raise BadRow(row, "RECEIPT_MIXED", name)
                told = told or other

    def _again(self, receipt: Receipt, group: list[Row]) -> bool:
        """Tell whether the file told the same further up. Raises BadRow if it told it otherwise.

        Half of a receipt must not replace its other half.
        """
        told = hash(tuple(tuple(sorted(row.cells.items())) for row in receipt.rows))
        before = self._seen.get(receipt.name)
        if before not in (None, told):
            raise BadRow(group[0], "RECEIPT_APART", "receipt_no")
        self._seen[receipt.name] = told
        return before is not None


def _too_long(row: Row) -> Draft:
    return Draft((row.number,), refused=(Refused(row=row.number, code="TOO_MANY_LINES"),))


def _all(numbers: Sequence[int], bad: Sequence[Refused]) -> tuple[Refused, ...]:
    """Tell of every row of a receipt: those that are wrong, and those that go with them."""
    wrong = {each.row: each for each in reversed(bad)}
    return tuple(wrong.get(n) or Refused(row=n, code="RECEIPT_REFUSED") for n in numbers)


def _once(group: list[Row]) -> list[Row]:
    """Leave out rows that stand twice. Raises BadRow for a line told in two ways."""
    found: dict[str, Row] = {}
    for place, row in enumerate(group, 1):
        name = row.cells.get("line_no", "") or f"#{place}"
        before = found.setdefault(name, row)
        if before.cells != row.cells:
            raise BadRow(row, "DUPLICATE_LINE", "line_no")
    return list(found.values())


def _placed(problem: Problem, rows: Sequence[Row]) -> BadRow:
    """Find the row and the column that a mistake in a body is about."""
    path, code = problem.errors[0] if problem.errors else ("", problem.code)
    found = _WHERE.match(path)
    line, name = (int(found[1] or 0), found[2]) if found else (0, "")
    return BadRow(rows[min(line, len(rows) - 1)], code.upper(), _FIELDS.get(name, name))
