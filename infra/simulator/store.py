"""A store in a dictionary, as strict as the real ones: thousands of schedules fit into a minute.

Like Firestore it is optimistic: a unit protects only what it writes, and runs again when that was
changed since it was read. `tests/simulator/test_store.py` holds it to what every store promises.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Literal, NamedTuple, TypeVar

import msgspec

from infra.simulator.shelves import Documents, Shelves
from loyalty.adapters.sqlite_index import code
from loyalty.collections import of as collection_of
from loyalty.errors import AlreadyExists, TryAgain
from loyalty.ports import Database, Document, Key, Query
from loyalty.ports import Unit as UnitPort

T = TypeVar("T")
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
        self._keep(Documents())
        self.stale: dict[Key, bytes | None] = {}

    @property
    def documents(self) -> Documents:
        """All there are; whoever puts others there changes what is found too."""
        return self._documents

    @documents.setter
    def documents(self, documents: Mapping[Key, bytes]) -> None:
        self._keep(Documents(documents))

    def _keep(self, documents: Documents) -> None:
        self._documents, self._shelves = documents, Shelves(documents)

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
        found = (Key(query.collection, name) for name in self._shelves.find(query))
        return [(key.id, msgspec.json.decode(self.documents[key])) for key in found]

    def count(self, query: Query) -> int:
        """Count what matches."""
        return self._shelves.count(query)

    def close(self) -> None:
        """Nothing is open."""


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
            self._seen.setdefault(key, self._documents.get(key))
        return [_decoded(self._seen[key]) for key in keys]

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
    return _decoded(documents.get(key))


def _decoded(body: bytes | None) -> Document | None:
    return None if body is None else msgspec.json.decode(body)
