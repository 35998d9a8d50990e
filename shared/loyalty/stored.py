"""How a collection of documents is read and written as typed records."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, Generic, TypeVar

import msgspec

from loyalty.collections import COLLECTIONS
from loyalty.errors import Unreadable
from loyalty.ports import Document, Key, Query, Store, Unit, Where

PAGE = 500
"""So many documents are read at a time where all are read."""


R = TypeVar("R", bound=msgspec.Struct)


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """What every stored document has: the version of its form."""

    v: int = 1


class Records(Generic[R]):
    """One collection as typed records, over a unit or outside one."""

    def __init__(self, collection: str, kind: type[R], version: int = 1) -> None:
        self.collection = collection
        self.database = COLLECTIONS[collection].database
        self._kind = kind
        self._version = version

    def key(self, name: str) -> Key:
        """Make the address of a why-id: always a hash, so that no id can reach another place."""
        return Key(self.collection, hashlib.sha256(name.encode()).hexdigest()[:40])

    def read(self, document: Document | None) -> R | None:
        """Turn a document into its record. Raises Unreadable if only other code knows its form."""
        if document is None:
            return None
        if document.get("v") != self._version:
            raise Unreadable(f"{self.collection}: version {document.get('v')} is not known here")
        try:
            return msgspec.convert(document, self._kind)
        except msgspec.ValidationError:
            raise Unreadable(f"{self.collection}: not in the form that is known here") from None

    def document(self, record: R) -> Document:
        """Turn a record into its document."""
        plain: Document = msgspec.to_builtins(record, builtin_types=(datetime,))
        return plain

    def get(self, source: Unit | Store, name: str) -> R | None:
        """Read one record, in a unit or outside."""
        return self.read(source.get(self.key(name))[0])

    def several(self, source: Unit | Store, names: Sequence[str]) -> list[R | None]:
        """Read many records in one batch, in the order asked."""
        found = source.get(*(self.key(name) for name in names)) if names else []
        return [self.read(document) for document in found]

    def known(self, source: Unit | Store, names: Sequence[str]) -> list[R | None]:
        """Read many records in one batch; None is also what only other code can read."""
        found = source.get(*(self.key(name) for name in names)) if names else []
        return [self._read_if_known(document) for document in found]

    def create(self, unit: Unit, name: str, record: R) -> None:
        """Write a record that must not be there yet."""
        unit.create(self.key(name), self.document(record))

    def put(self, unit: Unit, name: str, record: R) -> None:
        """Write a record."""
        unit.put(self.key(name), self.document(record))

    def delete(self, unit: Unit, name: str) -> None:
        """Remove a record."""
        unit.delete(self.key(name))

    def find(
        self,
        store: Store,
        *where: tuple[str, str, Any],
        order: str | None = None,
        descending: bool = False,
        limit: int = 100,
    ) -> list[R]:
        """List records that match, outside any unit."""
        filters = tuple(Where(*each) for each in where)  # type: ignore[arg-type]  # checked by the store
        query = Query(self.collection, filters, order, descending, limit)
        return [record for _, found in store.query(query) if (record := self.read(found))]

    def readable(
        self, store: Store, where: tuple[str, str, Any], order: str, limit: int
    ) -> list[tuple[str, R | None]]:
        """List what matches by its address; None stands for what only other code can read."""
        query = Query(self.collection, (Where(*where),), order, limit=limit)  # type: ignore[arg-type]  # checked by the store
        return [(address, self._read_if_known(found)) for address, found in store.query(query)]

    def _read_if_known(self, document: Document | None) -> R | None:
        try:
            return self.read(document)
        except Unreadable:
            return None

    def page(
        self, store: Store, after: str = "", limit: int = 100, where: tuple[Where, ...] = ()
    ) -> list[tuple[str, R | None]]:
        """List records by their address, after one; None stands for what only other code reads."""
        query = Query(self.collection, where, limit=limit, after=(None, after) if after else None)
        return [(address, self._read_if_known(found)) for address, found in store.query(query)]

    def count(self, store: Store, *where: tuple[str, str, Any]) -> int:
        """Count the records that match, outside any unit."""
        filters = tuple(Where(*each) for each in where)  # type: ignore[arg-type]  # checked by the store
        return store.count(Query(self.collection, filters))

    def each(
        self, store: Store, *where: tuple[str, str, Any], order: str | None = None
    ) -> Iterator[R]:
        """Go through all records that match, a page at a time, outside any unit."""
        filters = tuple(Where(*each) for each in where)  # type: ignore[arg-type]  # checked by the store
        for _, found in pages(store, Query(self.collection, filters, order, limit=PAGE)):
            if record := self.read(found):
                yield record

    def keys(self, store: Store, field: str, value: str) -> list[Key]:
        """List the addresses of all records in which a field has this value, outside any unit."""
        query = Query(self.collection, (Where(field, "==", value),), limit=PAGE)
        return [Key(self.collection, name) for name, _ in pages(store, query)]


def pages(store: Store, query: Query) -> Iterator[tuple[str, Document]]:
    """Go through everything a query finds, as `(id, document)`; its limit is that of a page."""
    while page := store.query(query):
        yield from page
        last, document = page[-1]
        query = query._replace(after=(document.get(query.order) if query.order else None, last))
