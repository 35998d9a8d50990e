"""How documents are found in SQLite: one row per indexed value, and the SQL that asks for them."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

import msgspec

from loyalty.collections import Collection
from loyalty.ports import Document, Key, Query, Where

Row = tuple[str, str]
"""A field's name and one value of it as sortable text; a list's elements are under `name[]`."""

TABLES = (
    """CREATE TABLE IF NOT EXISTS documents (
        collection TEXT NOT NULL, id TEXT NOT NULL, body TEXT NOT NULL,
        PRIMARY KEY (collection, id))""",
    """CREATE TABLE IF NOT EXISTS fields (
        collection TEXT NOT NULL, field TEXT NOT NULL, value TEXT NOT NULL, id TEXT NOT NULL,
        PRIMARY KEY (collection, field, value, id)) WITHOUT ROWID""",
    """CREATE TABLE IF NOT EXISTS indexes (
        collection TEXT PRIMARY KEY, fields TEXT NOT NULL)""",
)

_FORM = "1"
"""Raise it when `code` changes: every index is then rebuilt at the next start."""

_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")


def code(value: Any) -> str:
    """Write a value as text that sorts as the value does, its kind first: kinds never mix.

    Raises TypeError for what has no order here, ValueError for a naive datetime.
    """
    match value:
        case None:
            return "0"
        case bool():
            return f"1{value:d}"
        case int():
            return f"2{value + 2**63:020d}"
        case datetime():
            return _instant(value)
        case str():
            return _text(value)
    raise TypeError(f"cannot index a {type(value).__name__}")


def _instant(at: datetime) -> str:
    if at.tzinfo is None:
        raise ValueError("a datetime in a document needs a time zone")
    return "3" + at.astimezone(UTC).isoformat(timespec="microseconds")


def _text(value: str) -> str:
    """Instants come back from JSON as text, and must still be found as instants."""
    try:
        if _INSTANT.fullmatch(value):
            return _instant(datetime.fromisoformat(value))
    except ValueError:
        pass
    return "4" + value


def rows(indexed: Sequence[str], document: Document) -> set[Row]:
    """Index rows of a document; a field it does not have gives none, so it is never found by it."""
    found: set[Row] = set()
    for field in indexed:
        value = document.get(field)
        if isinstance(value, list | tuple):
            found.update((f"{field}[]", code(element)) for element in value)
        elif field in document:
            found.add((field, code(value)))
    return found


def replace(db: sqlite3.Connection, key: Key, old: set[Row], new: set[Row]) -> None:
    """Turn a document's old index rows into its new ones, touching only what differs."""
    db.executemany(
        "DELETE FROM fields WHERE collection = ? AND id = ? AND field = ? AND value = ?",
        [(*key, *row) for row in old - new],
    )
    db.executemany(
        "INSERT INTO fields (collection, id, field, value) VALUES (?, ?, ?, ?)",
        [(*key, *row) for row in new - old],
    )


def rebuild(db: sqlite3.Connection, collections: Mapping[str, Collection]) -> None:
    """Index anew every collection whose indexed fields are not those of the last start."""
    known = dict(db.execute("SELECT collection, fields FROM indexes").fetchall())
    for name, collection in collections.items():
        fields = " ".join((_FORM, *collection.indexed))
        if known.get(name) != fields:
            _rebuild_one(db, name, collection.indexed)
            db.execute("REPLACE INTO indexes (collection, fields) VALUES (?, ?)", (name, fields))


def _rebuild_one(db: sqlite3.Connection, name: str, indexed: Sequence[str]) -> None:
    db.execute("DELETE FROM fields WHERE collection = ?", (name,))
    documents = db.execute("SELECT id, body FROM documents WHERE collection = ?", (name,))
    for number, body in documents:
        replace(db, Key(name, number), set(), rows(indexed, msgspec.json.decode(body)))


def select(query: Query) -> Statement:
    """Ask for the `(id, body)` of one page of a query."""
    joins, values = _joins(query)
    if query.order:
        joins += _JOIN.format(name="o", test="")
        values += [query.collection, query.order]
    after, start = _after(query)
    order = _ORDER[query.order is not None, query.descending]
    source = f"FROM documents d{joins} WHERE d.collection = ?{after}"
    sql = f"SELECT d.id, d.body {source} {order} LIMIT ?"
    return Statement(sql, [*values, query.collection, *start, query.limit])


def count(query: Query) -> Statement:
    """Ask how many documents match, whatever the order, limit and cursor."""
    joins, values = _joins(query)
    sql = f"SELECT COUNT(*) FROM documents d{joins} WHERE d.collection = ?"  # noqa: S608 - our own words only
    return Statement(sql, [*values, query.collection])


class Statement(NamedTuple):
    """SQL made of our own words only, and the values for its question marks."""

    sql: str
    values: list[Any]


_JOIN = (
    " JOIN fields {name} ON {name}.collection = ? AND {name}.field = ? AND {name}.id = d.id{test}"
)
_ORDER = {
    (False, False): "ORDER BY d.id",
    (False, True): "ORDER BY d.id DESC",
    (True, False): "ORDER BY o.value, o.id",
    (True, True): "ORDER BY o.value DESC, o.id DESC",
}
_TESTS = {
    "==": " AND {0} = ?",
    "contains": " AND {0} = ?",
    "<": " AND {0} < ? AND {0} >= ?",
    "<=": " AND {0} <= ? AND {0} >= ?",
    ">": " AND {0} > ? AND {0} < ?",
    ">=": " AND {0} >= ? AND {0} < ?",
}


def _joins(query: Query) -> tuple[str, list[Any]]:
    joins, values = "", []
    for place, where in enumerate(query.where):
        test = _TESTS[where.op].format(f"f{place}.value")
        joins += _JOIN.format(name=f"f{place}", test=test)
        field = f"{where.field}[]" if where.op == "contains" else where.field
        values += [query.collection, field, *_bounds(where)]
    return joins, values


def _bounds(where: Where) -> list[str]:
    """The value, and the edge of its kind: a number is neither before nor after a word."""
    value = code(where.value)
    match where.op[0]:
        case "<":
            return [value, value[0]]
        case ">":
            return [value, chr(ord(value[0]) + 1)]
    return [value]


def _after(query: Query) -> tuple[str, list[str]]:
    """Where the last page ended."""
    if query.after is None:
        return "", []
    compare = "<" if query.descending else ">"
    value, number = query.after
    if query.order is None:
        return f" AND d.id {compare} ?", [number]
    return f" AND (o.value, o.id) {compare} (?, ?)", [code(value), number]
