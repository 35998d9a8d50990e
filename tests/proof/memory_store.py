"""A store in a dictionary, as strict as the real ones: thousands of schedules fit into a minute.

`test_memory_store` holds it to what every store promises.
"""

from __future__ import annotations

from typing import Any

import msgspec

from loyalty.adapters.sqlite_index import code
from loyalty.collections import asked
from loyalty.collections import of as collection_of
from loyalty.errors import AlreadyExists
from loyalty.ports import Key, Query


class MemoryStore:
    """Documents as JSON. A unit keeps its writes until its work is done."""

    def __init__(self) -> None:
        self.documents: dict[Key, bytes] = {}

    def atomically(self, database, work):
        unit = Unit(self.documents, database)
        result = work(unit)
        unit.apply()
        return result

    def get(self, *keys):
        return [_read(self.documents, key) for key in keys]

    def query(self, query):
        found = [(id_, document) for id_, document in self._matching(query)]
        if query.order:
            found = [each for each in found if query.order in each[1]]
        found.sort(key=lambda each: _place(query, *each), reverse=query.descending)
        if query.after:
            value, id_ = query.after
            start = (code(value) if query.order else "", id_)
            found = [
                each
                for each in found
                if (
                    _place(query, *each) < start
                    if query.descending
                    else _place(query, *each) > start
                )
            ]
        return found[: query.limit]

    def count(self, query):
        return len(list(self._matching(query)))

    def close(self):
        """Nothing is open."""

    def _matching(self, query):
        asked(query)
        for key, body in sorted(self.documents.items()):
            if key.collection == query.collection:
                document = msgspec.json.decode(body)
                if all(_holds(where, document) for where in query.where):
                    yield key.id, document


class Unit:
    """Reads what was committed; its writes are applied all together."""

    def __init__(self, documents: dict[Key, bytes], database: str) -> None:
        self._documents, self._database = documents, database
        self._writes: list[tuple[str, Key, bytes]] = []

    def get(self, *keys):
        if self._writes:
            raise RuntimeError("a unit reads everything before its first write")
        return [_read(self._documents, self._mine(key)) for key in keys]

    def create(self, key, document):
        self._writes.append(("create", self._once(key), _encode(key, document)))

    def put(self, key, document):
        self._writes.append(("put", self._once(key), _encode(key, document)))

    def delete(self, key):
        self._writes.append(("delete", self._once(key), b""))

    def apply(self):
        """Write everything down, or nothing at all."""
        for kind, key, _ in self._writes:
            if kind == "create" and key in self._documents:
                raise AlreadyExists(key)
        for kind, key, body in self._writes:
            if kind == "delete":
                self._documents.pop(key, None)
            else:
                self._documents[key] = body

    def _once(self, key):
        if key in (written for _, written, _ in self._writes):
            raise RuntimeError("a unit writes a document once")
        return self._mine(key)

    def _mine(self, key):
        home = collection_of(key.collection).database
        if home != self._database:
            raise ValueError(f"a unit of {self._database!r} cannot touch what lives in {home!r}")
        return key


def _encode(key: Key, document: dict[str, Any]) -> bytes:
    for field in collection_of(key.collection).indexed:
        value = document.get(field)
        for each in value if isinstance(value, list | tuple) else [value]:
            code(each)
    return msgspec.json.encode(document)


def _read(documents: dict[Key, bytes], key: Key):
    collection_of(key.collection)
    return msgspec.json.decode(documents[key]) if key in documents else None


def _place(query: Query, id_: str, document: dict[str, Any]) -> tuple[str, str]:
    return (code(document[query.order]) if query.order else "", id_)


def _holds(where, document) -> bool:
    value = document.get(where.field)
    if where.op == "contains":
        return isinstance(value, list) and code(where.value) in map(code, value)
    if where.field not in document or isinstance(value, list):
        return False
    mine, theirs = code(value), code(where.value)
    if where.op == "==":
        return mine == theirs
    tests = {"<": mine < theirs, "<=": mine <= theirs, ">": mine > theirs, ">=": mine >= theirs}
    return mine[0] == theirs[0] and tests[where.op]
