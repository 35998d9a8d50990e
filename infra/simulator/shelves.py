"""Documents by their address, and how they are found: what changed is sorted in when it is asked.

Most collections of a simulation are never queried: of them only the names of what changed are kept.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import Any

import msgspec

from loyalty.adapters.sqlite_index import Row, code, rows
from loyalty.collections import asked, of
from loyalty.ports import Key, Query, Where

Place = tuple[str, str]
"""A value as sortable text, and the id of a document that has it."""
MANY = 8
"""If more than one in so many changed, sorting all anew is faster than putting each in."""
_LAST = chr(0x10FFFF)


class Documents(dict[Key, bytes]):
    """All documents there are; `changed` names those that no shelf has sorted in yet."""

    def __init__(self, documents: Mapping[Key, bytes] | None = None) -> None:
        super().__init__()
        self.changed: dict[str, set[str]] = {}
        self.update(documents or {})

    def __setitem__(self, key: Key, body: bytes) -> None:
        super().__setitem__(key, body)
        self._note(key)

    def __delitem__(self, key: Key) -> None:
        super().__delitem__(key)
        self._note(key)

    def pop(self, key: Key, *default: Any) -> Any:
        """Take a document out."""
        self._note(key)
        return super().pop(key, *default)

    def update(self, documents: Any = (), /, **_more: Any) -> None:
        """Put many documents there."""
        for key, body in dict(documents).items():
            self[key] = body

    def clear(self) -> None:
        """Take all documents out."""
        for key in list(self):
            del self[key]

    def _note(self, key: Key) -> None:
        self.changed.setdefault(key.collection, set()).add(key.id)


class Shelves:
    """Finds documents by what is indexed of them."""

    def __init__(self, documents: Documents) -> None:
        self._documents = documents
        self._shelves: dict[str, _Shelf] = {}

    def find(self, query: Query) -> list[str]:
        """List the ids that match, in the order asked, up to the limit. Raises ValueError."""
        asked(query)
        return list(islice(self._shelf(query.collection).find(query), query.limit))

    def count(self, query: Query) -> int:
        """Count what matches, whatever the order, the limit and the cursor. Raises ValueError."""
        asked(query)
        shelf = self._shelf(query.collection)
        return sum(shelf.holds(name, query.where) for name in shelf.candidates(query.where))

    def _shelf(self, collection: str) -> _Shelf:
        if collection not in self._shelves:
            self._shelves[collection] = _Shelf(collection)
        shelf = self._shelves[collection]
        if changed := self._documents.changed.pop(collection, None):
            shelf.learn({name: self._documents.get(Key(collection, name)) for name in changed})
        return shelf


class _Shelf:
    """One collection: the index rows of each document, and for each field its values in order."""

    def __init__(self, collection: str) -> None:
        self._fields = of(collection).indexed
        kinds: list[Any] = [(field, Any, msgspec.UNSET) for field in self._fields]
        self._kind = msgspec.defstruct(collection, kinds)
        self._rows: dict[str, set[Row]] = {}
        self._sorted: dict[str, list[Place]] = {"": []}

    def learn(self, changed: Mapping[str, bytes | None]) -> None:
        """Sort in what changed; None: it is gone."""
        old = {name: self._rows.pop(name, None) for name in changed}
        new = {name: self._read(body) for name, body in changed.items() if body is not None}
        self._rows.update(new)
        if len(changed) * MANY > len(self._rows):
            self._sorted = {field: self._all(field) for field in self._sorted}
            return
        for name in changed:
            was, now = (_with_id(each.get(name)) for each in (old, new))
            for field, value in was - now:
                self._take(field, (value, name))
            for field, value in now - was:
                if field in self._sorted:
                    insort(self._sorted[field], (value, name))

    def find(self, query: Query) -> Iterator[str]:
        """Go through the ids that match, in the order asked, from the cursor on."""
        exact = [where for where in query.where if where.op in ("==", "contains")]
        places = self._few(exact[0], query.order) if exact else self._places(query.order or "")
        first, last = _bounds(query)
        found = places[bisect_left(places, first) : bisect_right(places, last)]
        start = query.after and (_coded(query), query.after[1])
        for place in reversed(found) if query.descending else found:
            beyond = not start or (place < start if query.descending else place > start)
            if beyond and self.holds(place[1], exact):
                yield place[1]

    def candidates(self, wanted: Iterable[Where]) -> Iterable[str]:
        """List ids among which all are that match."""
        exact = [where for where in wanted if where.op in ("==", "contains")]
        return [name for _, name in self._few(exact[0], None)] if exact else list(self._rows)

    def holds(self, name: str, wanted: Iterable[Where]) -> bool:
        """Tell whether all is true of a document."""
        own = self._rows[name]
        return all(_holds(where, own) for where in wanted)

    def _few(self, where: Where, order: str | None) -> list[Place]:
        """List the places of those that have one value, in another order."""
        field, value = _row(where)
        places = self._places(field)
        found = places[bisect_left(places, (value, "")) : bisect_right(places, (value, _LAST))]
        names = [name for _, name in found]
        return sorted((value, name) for name in names for value in self._values(name, order))

    def _values(self, name: str, field: str | None) -> list[str]:
        return [value for own, value in self._rows[name] if own == field] if field else [""]

    def _places(self, field: str) -> list[Place]:
        if field not in self._sorted:
            self._sorted[field] = self._all(field)
        return self._sorted[field]

    def _all(self, field: str) -> list[Place]:
        return sorted((value, name) for name in self._rows for value in self._values(name, field))

    def _take(self, field: str, place: Place) -> None:
        if field in self._sorted:
            del self._sorted[field][bisect_left(self._sorted[field], place)]

    def _read(self, body: bytes) -> set[Row]:
        told = msgspec.json.decode(body, type=self._kind)
        values = {field: getattr(told, field) for field in self._fields}
        return rows(self._fields, {f: v for f, v in values.items() if v is not msgspec.UNSET})


def _with_id(own: set[Row] | None) -> set[Row]:
    """Add the row by which a document is found that is asked for by its id alone."""
    return set() if own is None else {*own, ("", "")}


def _row(where: Where) -> Row:
    return (f"{where.field}[]" if where.op == "contains" else where.field, code(where.value))


def _coded(query: Query) -> str:
    assert query.after  # noqa: S101 - asked where there is a cursor
    return code(query.after[0]) if query.order else ""


def _bounds(query: Query) -> tuple[Place, Place]:
    """Find the first and the last place that ranges leave; a number is never before a word."""
    first, last = ("", ""), (_LAST, _LAST)
    for where in query.where:
        value = code(where.value)
        match where.op:
            case "<" | "<=":
                first, last = max(first, (value[0], "")), min(last, (value, ""))
                last = (value, _LAST) if where.op == "<=" and last == (value, "") else last
            case ">" | ">=":
                first = max(first, (value, "" if where.op == ">=" else _LAST))
                last = min(last, (chr(ord(value[0]) + 1), ""))
    return first, last


def _holds(where: Where, own: set[Row]) -> bool:
    if where.op in ("==", "contains"):
        return _row(where) in own
    first, last = _bounds(Query("", (where,)))
    return any(field == where.field and first <= (value, "x") <= last for field, value in own)
