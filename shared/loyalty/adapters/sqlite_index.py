"""How documents are found in SQLite: one row per indexed value, and the SQL that asks for them."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import msgspec

from loyalty.adapters.instants import in_utc, instant
from loyalty.collections import Collection
from loyalty.ports import Document, Key, Query, Where

Row = tuple[str, str]
"""A field's name and one value of it as sortable text; a list's elements are under `name[]`."""

TABLES = (
    """CREATE TABLE IF NOT EXISTS documents (
        collection TEXT NOT NULL, id TEXT NOT NULL, body TEXT NOT NULL,
        PRIMARY KEY (collection, id))""",
    """CREATE TABLE IF NOT EXISTS field_values (
        collection TEXT NOT NULL, id TEXT NOT NULL, field TEXT NOT NULL, value TEXT NOT NULL,
        PRIMARY KEY (collection, id, field, value)) WITHOUT ROWID""",
    """CREATE INDEX IF NOT EXISTS ids_by_value ON field_values (collection, field, value, id)""",
    """CREATE TABLE IF NOT EXISTS indexes (
        collection TEXT PRIMARY KEY, fields TEXT NOT NULL)""",
)

KEPT_UNTIL = ":kept-until"
"""The index row of a document that is not kept for ever; no field has such a name."""
_FORM = "2"
"""Raise it when `code` changes: every index is then rebuilt at the next start."""


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
            at = instant(value)
            return _instant(at) if at else "4" + value
    raise TypeError(f"cannot index a {type(value).__name__}")


def _instant(at: datetime) -> str:
    return "3" + in_utc(at).isoformat(timespec="microseconds")


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


def kept_until(collection: Collection, now: datetime) -> set[Row]:
    """Say until when a document is kept that is written now, to the end of a day.

    So a document that is written again on the same day has the same index row.
    """
    if not collection.keep_days:
        return set()
    day = in_utc(now).replace(hour=0, minute=0, second=0, microsecond=0)
    return {(KEPT_UNTIL, code(day + timedelta(days=collection.keep_days + 1)))}


def old(db: sqlite3.Connection, at: datetime, most: int) -> list[Key]:
    """Name documents whose retention is over."""
    asked = (
        "SELECT collection, id FROM field_values WHERE collection = ? AND field = ? AND value <= ?"
        " LIMIT ?"
    )
    found: list[Key] = []
    for (name,) in db.execute("SELECT collection FROM indexes").fetchall():
        found += map(Key._make, db.execute(asked, (name, KEPT_UNTIL, code(at), most - len(found))))
    return found


def add(db: sqlite3.Connection, key: Key, new: AbstractSet[Row]) -> None:
    """Write index rows that are not there yet, all in one statement."""
    if new:
        values = ", ".join(["(?, ?, ?, ?)"] * len(new))
        db.execute(
            f"INSERT INTO field_values (collection, id, field, value) VALUES {values}",  # noqa: S608 - question marks only
            [part for row in new for part in (*key, *row)],
        )


def replace(db: sqlite3.Connection, key: Key, new: set[Row]) -> None:
    """Turn a document's index rows into these, touching only what differs."""
    rows = "FROM field_values WHERE collection = ? AND id = ?"
    old: set[Row] = set(db.execute(f"SELECT field, value {rows}", key))
    for row in old - new:
        db.execute(f"DELETE {rows} AND field = ? AND value = ?", (*key, *row))
    add(db, key, new - old)


def rebuild(db: sqlite3.Connection, collections: Mapping[str, Collection], now: datetime) -> None:
    """Index anew every collection whose indexed fields are not those of the last start.

    A document of which nobody noted how long it is kept counts as written now.
    """
    known = dict(db.execute("SELECT collection, fields FROM indexes").fetchall())
    for name, collection in collections.items():
        kept = (f":{collection.keep_days}",) if collection.keep_days else ()
        fields = " ".join((_FORM, *collection.indexed, *kept))
        if known.get(name) != fields:
            _rebuild_one(db, name, collection.indexed)
            _keep(db, name, kept_until(collection, now))
            db.execute("REPLACE INTO indexes (collection, fields) VALUES (?, ?)", (name, fields))


def _rebuild_one(db: sqlite3.Connection, name: str, indexed: Sequence[str]) -> None:
    mine = "DELETE FROM field_values WHERE collection = ? AND field <> ?"
    db.execute(mine, (name, KEPT_UNTIL))
    documents = db.execute("SELECT id, body FROM documents WHERE collection = ?", (name,))
    for number, body in documents:
        add(db, Key(name, number), rows(indexed, msgspec.json.decode(body)))


def _keep(db: sqlite3.Connection, name: str, until: set[Row]) -> None:
    """Note until when documents are kept of which that is not known."""
    unknown = (
        "INSERT INTO field_values (collection, id, field, value)"
        " SELECT collection, id, ?, ? FROM documents d WHERE collection = ? AND NOT EXISTS"
        " (SELECT 1 FROM field_values v"
        "  WHERE v.collection = d.collection AND v.id = d.id AND v.field = ?)"
    )
    for field, value in until:
        db.execute(unknown, (field, value, name, field))


class Statement(NamedTuple):
    """SQL made of our own words only, and the values for its question marks."""

    sql: str
    values: list[Any]


def select(query: Query) -> Statement:
    """Ask for the `(id, body)` of one page of a query."""
    source, values = _source(query, query.order)
    after, start = _after(query)
    sql = f"SELECT d.id, d.body {source}{after} ORDER BY {_order(query)} LIMIT ?"
    return Statement(sql, [*values, *start, query.limit])


def count(query: Query) -> Statement:
    """Ask how many documents match, whatever the order, limit and cursor."""
    source, values = _source(query, None)
    return Statement(f"SELECT COUNT(*) {source}", values)


_TESTS = {
    "==": " AND {0} = ?",
    "contains": " AND {0} = ?",
    "<": " AND {0} < ? AND {0} >= ?",
    "<=": " AND {0} <= ? AND {0} >= ?",
    ">": " AND {0} > ? AND {0} < ?",
    ">=": " AND {0} >= ? AND {0} < ?",
}


class _Used(NamedTuple):
    """Index rows of one field that a query goes by, and what is asked of them."""

    field: str
    tests: list[Where]

    @property
    def few(self) -> bool:
        """Whether an exact value is asked for, which few documents have."""
        return any(where.op in ("==", "contains") for where in self.tests)


def _source(query: Query, order: str | None) -> Statement:
    """Join the documents to the index rows that find them.

    SQLite keeps the order of a CROSS JOIN, so the rows that are likely to be few go first.
    """
    used = _used(query, order)
    names = sorted(used, key=lambda name: not used[name].few)
    tables = [*(f'field_values "{name}"' for name in names), "documents d"]
    first = f'"{names[0]}"' if names else "d"
    sql = f"FROM {' CROSS JOIN '.join(tables)} WHERE d.collection = ?"
    sql += "".join(f' AND "{name}".id = {first}.id' for name in [*names[1:], "d"])
    values = [query.collection]
    for name in names:
        condition, asked = _condition(name, used[name])
        sql, values = sql + condition, [*values, query.collection, *asked]
    return Statement(sql, values)


def _used(query: Query, order: str | None) -> dict[str, _Used]:
    """Name the index rows: one for each field, and one for the element that a list must hold."""
    found = {order: _Used(order, [])} if order else {}
    for where in query.where:
        field = f"{where.field}[]" if where.op == "contains" else where.field
        found.setdefault(field, _Used(field, [])).tests.append(where)
    return found


def _condition(name: str, used: _Used) -> Statement:
    sql = f' AND "{name}".collection = ? AND "{name}".field = ?'
    sql += "".join(_TESTS[where.op].format(f'"{name}".value') for where in used.tests)
    return Statement(sql, [used.field, *(edge for where in used.tests for edge in _bounds(where))])


def _bounds(where: Where) -> list[str]:
    """Give the value, and the edge of its kind: a number is neither before nor after a word."""
    value = code(where.value)
    match where.op[0]:
        case "<":
            return [value, value[0]]
        case ">":
            return [value, chr(ord(value[0]) + 1)]
    return [value]


def _order(query: Query) -> str:
    direction = " DESC" if query.descending else ""
    if query.order is None:
        return f"d.id{direction}"
    return f'"{query.order}".value{direction}, "{query.order}".id{direction}'


def _after(query: Query) -> Statement:
    """Begin where the last page ended."""
    if query.after is None:
        return Statement("", [])
    compare = "<" if query.descending else ">"
    value, number = query.after
    if query.order is None:
        return Statement(f" AND d.id {compare} ?", [number])
    place = f'("{query.order}".value, "{query.order}".id)'
    return Statement(f" AND {place} {compare} (?, ?)", [code(value), number])
