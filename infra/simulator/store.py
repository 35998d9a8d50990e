"""A store in a dictionary, as strict as the real ones: thousands of schedules fit into a minute.

Like Firestore it is optimistic: a unit protects only what it writes, and runs again when that was
changed since it was read. `tests/simulator/test_store.py` holds it to what every store promises.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Literal, NamedTuple, TypeVar

import msgspec

from loyalty.adapters.sqlite_index import code
from loyalty.collections import asked
from loyalty.collections import of as collection_of
from loyalty.errors import AlreadyExists, TryAgain
from loyalty.ports import Database, Document, Key, Query, Where
from loyalty.ports import Unit as UnitPort

T = TypeVar("T")
Documents = dict[Key, bytes]
TRIES = 5
"""So often a unit that met others is run before its caller is told to come back."""


class Write(NamedTuple):
    """One document as a unit leaves it."""

    kind: Literal["create", "put", "delete"]
    key: Key
    body: bytes


class MemoryStore:
    """Documents as JSON. A unit keeps its writes until its work is done."""

    def __init__(self) -> None:
        self.documents: Documents = {}
        self.stale: dict[Key, bytes | None] = {}

    def atomically(self, database: Database, work: Callable[[UnitPort], T]) -> T:
        """Run `work` and commit what it wrote; again, if somebody changed that meanwhile."""
        for _ in range(TRIES):
            unit = Unit(self.documents, database)
            result = work(unit)
            self.before_commit()
            if unit.is_current():
                self.stale = unit.stale()
                unit.apply()
                self.committed(database, work, unit.writes)
                return result
        raise TryAgain("others keep changing the same documents")

    def before_commit(self) -> None:
        """Let others in, between a unit's work and its commit; here there are none."""

    def committed(
        self, database: Database, work: Callable[[UnitPort], Any], writes: list[Write]
    ) -> None:
        """Learn of a commit; here nobody listens."""

    def get(self, *keys: Key) -> list[Document | None]:
        """Read committed documents."""
        return [_read(self.documents, key) for key in keys]

    def query(self, query: Query) -> list[tuple[str, Document]]:
        """List what matches, as a real store would."""
        found = list(self._matching(query))
        if query.order:
            found = [each for each in found if query.order in each[1]]
        if query.order or query.descending:  # else they are in their places already
            found.sort(key=lambda each: _place(query, *each), reverse=query.descending)
        if query.after:
            found = [each for each in found if _is_after(query, each)]
        return found[: query.limit]

    def count(self, query: Query) -> int:
        """Count what matches."""
        return len(list(self._matching(query)))

    def close(self) -> None:
        """Nothing is open."""

    def _matching(self, query: Query) -> Iterator[tuple[str, Document]]:
        asked(query)
        mine, asks = query.collection, [(where, code(where.value)) for where in query.where]
        for name in sorted([key.id for key in self.documents if key.collection == mine]):
            document: Document = msgspec.json.decode(self.documents[Key(mine, name)])
            if not asks or all(_holds(where, told, document) for where, told in asks):
                yield name, document


class Unit:
    """Reads what was committed; its writes are applied all together."""

    def __init__(self, documents: Documents, database: str) -> None:
        self._documents, self._database = documents, database
        self._seen: dict[Key, bytes | None] = {}
        self.writes: list[Write] = []

    def get(self, *keys: Key) -> list[Document | None]:
        """Read documents. Raises RuntimeError after the first write."""
        if self.writes:
            raise RuntimeError("a unit reads everything before its first write")
        for key in map(self._mine, keys):
            self._seen[key] = self._documents.get(key)
        return [_read(self._documents, key) for key in keys]

    def create(self, key: Key, document: Document) -> None:
        """Write what must not be there yet."""
        self.writes.append(Write("create", self._once(key), _encode(key, document)))

    def put(self, key: Key, document: Document) -> None:
        """Write whole."""
        self.writes.append(Write("put", self._once(key), _encode(key, document)))

    def delete(self, key: Key) -> None:
        """Remove."""
        self.writes.append(Write("delete", self._once(key), b""))

    def is_current(self) -> bool:
        """Tell whether what was read and is written is still as it was read."""
        read = [write.key for write in self.writes if write.key in self._seen]
        return all(self._documents.get(key) == self._seen[key] for key in read)

    def stale(self) -> dict[Key, bytes | None]:
        """Name what was read and is not so any more, as it was then: only what is not written."""
        return {key: was for key, was in self._seen.items() if self._documents.get(key) != was}

    def apply(self) -> None:
        """Write everything down, or nothing at all. Raises AlreadyExists."""
        for kind, key, _ in self.writes:
            if kind == "create" and key in self._documents:
                raise AlreadyExists(key)
        for kind, key, body in self.writes:
            if kind == "delete":
                self._documents.pop(key, None)
            else:
                self._documents[key] = body

    def _once(self, key: Key) -> Key:
        if any(key == write.key for write in self.writes):
            raise RuntimeError("a unit writes a document once")
        return self._mine(key)

    def _mine(self, key: Key) -> Key:
        home = collection_of(key.collection).database
        if home != self._database:
            raise ValueError(f"a unit of {self._database!r} cannot touch what lives in {home!r}")
        return key


def _encode(key: Key, document: Document) -> bytes:
    for field in collection_of(key.collection).indexed:
        value = document.get(field)
        for each in value if isinstance(value, list | tuple) else [value]:
            code(each)
    return msgspec.json.encode(document)


def _read(documents: Documents, key: Key) -> Document | None:
    collection_of(key.collection)
    return msgspec.json.decode(documents[key]) if key in documents else None


def _place(query: Query, id_: str, document: Document) -> tuple[str, str]:
    return (code(document[query.order]) if query.order else "", id_)


def _is_after(query: Query, found: tuple[str, Document]) -> bool:
    value, id_ = query.after or (None, "")
    start, place = (code(value) if query.order else "", id_), _place(query, *found)
    return place < start if query.descending else place > start


def _holds(where: Where, theirs: str, document: Document) -> bool:
    value = document.get(where.field)
    if where.op == "contains":
        return isinstance(value, list) and theirs in map(code, value)
    if where.field not in document or isinstance(value, list):
        return False
    mine = code(value)
    if where.op == "==":
        return mine == theirs
    tests = {"<": mine < theirs, "<=": mine <= theirs, ">": mine > theirs, ">=": mine >= theirs}
    return mine[0] == theirs[0] and tests[where.op]
