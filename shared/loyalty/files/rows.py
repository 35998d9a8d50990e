"""From the lines of a file to its rows: cells by the names of our columns, all of them text."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain, islice
from typing import Any, NamedTuple, get_args

from loyalty.connectors import strict
from loyalty.domain.nightly import Column
from loyalty.errors import Problem
from loyalty.files.forms import DELIMITERS, Form, Unreadable
from loyalty.files.unpacking import LONGEST_JSON, LONGEST_LINE

NEEDED = ("receipt_no", "occurred_at", "line_total")
MOST_ITEMS = 500
MOST_ROWS = 300_000
"""A file is read through in one call: so many receipts take 41 seconds of its time."""
_COLUMNS = frozenset(get_args(Column))
Cells = Mapping[str, str]
_SEP = re.compile(r"sep=([;,\t|])")
_START, _BETWEEN = re.compile(r"\s*\[\s*"), re.compile(r"\s*(?:,\s*|(?=\]))")
_HOPELESS = frozenset({"INVALID_BODY", "INVALID_ENCODING", "TOO_DEEP"})
_PLAIN = json.JSONDecoder(strict=False, parse_int=str, parse_float=str, parse_constant=str)
"""Only tells where a value ends; what it holds is read strictly."""
csv.field_size_limit(LONGEST_LINE + 1)  # else a long cell is called a wrong quote


class Row(NamedTuple):
    """One row, by its number in the file: the header is row 1. `bad` says why it has no cells.

    The lines of one JSON receipt share its number, its place in the file from 1.
    """

    number: int
    cells: Cells
    bad: str = ""
    field: str = ""


def rows(lines: Iterable[str], form: Form) -> Iterator[Row]:
    """Read rows, blank ones and a last one of totals left out. Raises Unreadable."""
    found = _without_totals(_csv(lines, form)) if form.kind == "csv" else _json(lines, form)
    yield from islice(found, MOST_ROWS)
    if next(found, None):
        raise Unreadable("TOO_MANY_ROWS")


# -- CSV --------------------------------------------------------------------------------------


def _csv(lines: Iterable[str], form: Form) -> Iterator[Row]:
    left = iter(lines)
    first = next(left, "")
    told = _SEP.fullmatch(first.rstrip("\n"))  # no spreadsheet shows this line
    table = _table(left, told[1]) if told else _table(chain([first], left), form.delimiter)
    header = next((cells for _, cells in table if any(map(str.strip, cells))), [])
    if not header:
        return  # nothing was sold that day
    names = _named(header, form.columns)
    for number, cells in table:
        if any(cell.strip() for cell in cells):
            yield _row(number, names, cells)


def _table(lines: Iterable[str], delimiter: str) -> Iterator[tuple[int, list[str]]]:
    bounded = _Bounded(lines)
    reader = csv.reader(bounded, delimiter=delimiter, strict=True)
    try:
        for number, cells in enumerate(reader, 1):
            yield number, cells
            bounded.letters = 0
    except csv.Error:  # its text may quote the file
        raise Unreadable("BAD_QUOTES") from None


class _Bounded:
    """Lines of which one row gets no more than a line may hold, though its cells go on in many."""

    def __init__(self, lines: Iterable[str]) -> None:
        self._lines = iter(lines)
        self.letters = 0

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = next(self._lines)
        self.letters += len(line)
        if self.letters > LONGEST_LINE + len("\n"):
            raise Unreadable("LINE_TOO_LONG")
        return line


def _named(header: Sequence[str], mapped: Mapping[str, str]) -> list[str]:
    ours = {theirs: name for name, theirs in mapped.items()}
    names = [ours.get(cell.strip(), cell.strip()) for cell in header]
    known = [name if name in _COLUMNS else "" for name in names]
    if len(header) == 1 and any(mark in header[0] for mark in DELIMITERS.values()):
        raise Unreadable("WRONG_DELIMITER")
    for name in NEEDED:
        if name not in known:
            raise Unreadable("UNKNOWN_HEADER", name)
    for name in _COLUMNS:
        if known.count(name) > 1:
            raise Unreadable("DOUBLE_HEADER", name)
    return known


def _row(number: int, names: Sequence[str], cells: Sequence[str]) -> Row:
    found = {name: cell.strip() for name, cell in zip(names, cells, strict=False) if name}
    beyond = any(cell.strip() for cell in cells[len(names) :])
    if beyond or len(cells) < len(names):
        return Row(number, found, "WRONG_COLUMNS")
    return Row(number, found)


def _without_totals(found: Iterable[Row]) -> Iterator[Row]:
    """Leave out a last row that sums up the others: it has no date, and no number of a receipt."""
    before: Row | None = None
    for row in found:
        if before:
            yield before
        before = row
    if before and not _is_total(before.cells):
        yield before


def _is_total(cells: Mapping[str, str]) -> bool:
    """Tell `Total` from a receipt whose date is missing: that one is refused, and not lost."""
    number = cells.get("receipt_no", "")
    return not cells.get("occurred_at") and not any(each.isdigit() for each in number)


# -- JSON -------------------------------------------------------------------------------------


def _json(lines: Iterable[str], form: Form) -> Iterator[Row]:
    values = _array(lines) if form.kind == "json" else _each_line(lines)
    for number, value in enumerate(values, 1):
        yield from _receipt(number, value)


def _array(lines: Iterable[str]) -> list[Any]:
    text, size = [], 0
    for line in lines:
        size += len(line)
        if size > LONGEST_JSON:
            raise Unreadable("TOO_LARGE")
        text.append(line)
    value = _parsed("".join(text))
    if isinstance(value, Problem):
        return _apart("".join(text), value)
    if isinstance(value, dict) and "receipt_no" not in value:
        raise Unreadable("NO_LIST")
    return value if isinstance(value, list) else [value]


def _apart(text: str, problem: Problem) -> list[Any]:
    """Read an array a receipt at a time, so that a bad one keeps out itself alone."""
    found, place = list[Any](), _START.match(text)
    if place is None or problem.code.upper() in _HOPELESS:
        raise Unreadable(problem.code.upper())
    at = place.end()
    try:
        while text[at : at + 1] not in ("", "]"):
            _, end = _PLAIN.raw_decode(text, at)
            found.append(_parsed(text[at:end]))
            between = _BETWEEN.match(text, end)
            at = between.end() if between else len(text)
    except ValueError:  # holds the whole text
        raise Unreadable(problem.code.upper()) from None
    return found


def _each_line(lines: Iterable[str]) -> Iterator[Any]:
    return (_parsed(line) for line in lines if line.strip())


def _parsed(text: str) -> Any:
    try:
        return strict.parse(text.encode(), floats=True)
    except Problem as problem:
        return problem


def _receipt(number: int, value: Any) -> Iterator[Row]:
    """Write one JSON receipt as the rows that a CSV file would have for it."""
    if isinstance(value, Problem):
        yield Row(number, {}, value.code.upper())
        return
    try:
        yield from [Row(number, cells) for cells in _flat(value)]
    except _WrongType as wrong:
        yield Row(number, {}, "INVALID_TYPE", wrong.field)


class _WrongType(Exception):  # noqa: N818 - says what is wrong
    def __init__(self, field: str) -> None:
        super().__init__(field)
        self.field = field


_WHOLE = (
    "receipt_no", "kind", "store_id", "occurred_at", "currency", "refund_of", "channel",
)  # fmt: skip
_LINE = ("sku", "category", "name", "qty", "unit_price", "line_total", "refund_line")


def _flat(value: Any) -> list[dict[str, str]]:
    if not isinstance(value, dict):
        raise _WrongType("")
    whole = {name: _text(value, name) for name in _WHOLE}
    whole["customer_ref"] = _customer(value.get("customer")) or _text(value, "customer_ref")
    plain = isinstance(value.get("test"), bool)
    whole["test"] = ("yes" if value["test"] else "") if plain else _text(value, "test")
    first = {"tip": _text(value, "tip"), "total": _text(value, "total")}
    items = value.get("items") or []
    if not isinstance(items, list) or len(items) > MOST_ITEMS:
        raise _WrongType("items")
    if not items:
        return [{**whole, **first, "line_tax": _text(value, "tax")}]
    return [{**whole, **(first if place == 0 else {}), **_item(i)} for place, i in enumerate(items)]


def _item(item: Any) -> dict[str, str]:
    if not isinstance(item, dict):
        raise _WrongType("items")
    found = {name: _text(item, name) for name in _LINE}
    number = item.get("line_no")
    plain = isinstance(number, int) and not isinstance(number, bool)
    found["line_no"] = str(number) if plain else _text(item, "line_no")
    return {**found, "line_tax": _text(item, "tax"), "line_kind": _text(item, "kind")}


def _customer(value: Any) -> str:
    if value is None:
        return ""
    if not isinstance(value, dict):
        raise _WrongType("customer")
    ref, phone, email = (_text(value, name) for name in ("ref", "phone", "email"))
    known = [f"phone:{phone}"] * bool(phone) + [f"email:{email}"] * bool(email)
    return ref if ":" in ref or not known else known[0]  # a bare one may be a number of its own


def _text(value: Mapping[str, Any], name: str) -> str:
    found = value.get(name)
    if found is None:
        return ""
    if not isinstance(found, str):
        raise _WrongType(name)
    return found.strip()
