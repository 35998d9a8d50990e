"""The store in the cloud: two Firestore databases, written by optimistic units.

A document keeps its JSON whole in one field that is not indexed, and beside it, natively, what
queries go by. So every store holds the same JSON, and no index grows with what nobody asks for.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import msgspec
from google.api_core import exceptions
from google.api_core.retry import Retry, if_exception_type
from google.cloud import firestore

from loyalty import collections as kinds
from loyalty.adapters import firestore_query as asking
from loyalty.collections import COLLECTIONS, Collection
from loyalty.errors import AlreadyExists, TryAgain
from loyalty.ports import Database, Document, Key, Query, T, Unit

TRIES = 12
"""How often a unit is run again on contention."""
PAUSE = 0.02
"""Seconds to wait before the second try, at most; doubled each time, up to a second."""
PATIENCE = 10.0
"""Seconds that one request may take, with its retries."""
EXPIRES = "expires_at"
"""The field of Firestore's own clean-up: after this instant a document may be deleted."""

_CONTENTION = (
    exceptions.Aborted,
    exceptions.FailedPrecondition,
    exceptions.AlreadyExists,
    exceptions.NotFound,
)
_DOWN = (exceptions.ServerError, exceptions.TooManyRequests, exceptions.RetryError)


class FirestoreStore:
    """A Store over the databases `ledger` and `people` of a project. Threads may share it."""

    def __init__(
        self,
        project: str,
        collections: Mapping[str, Collection] = COLLECTIONS,
        patience: float = PATIENCE,
    ) -> None:
        self._collections = collections
        self._databases = {
            name: _Database(firestore.Client(project=project, database=name), patience)
            for name in ("ledger", "people")
        }
        self._chance = random.Random()  # noqa: S311 - guards nothing

    def freeze(self) -> None:
        """Read as of this moment from now on, by the server's clock: what is read adds up.

        That goes for an hour; to write then raises RuntimeError.
        """
        moment = self._databases["ledger"].now()
        self._databases = {k: db._replace(moment=moment) for k, db in self._databases.items()}

    def atomically(self, database: Database, work: Callable[[Unit], T]) -> T:
        """Run `work` in one unit; see `ports.Store`."""
        for attempt in range(TRIES):
            unit = _FirestoreUnit(self._databases[database], database, self._collection)
            result = work(unit)
            try:
                unit.commit()
            except _CONTENTION:
                time.sleep(self._chance.uniform(0, min(1.0, PAUSE * 2**attempt)))
            else:
                return result
        raise TryAgain("others keep changing the same documents")

    def get(self, *keys: Key) -> list[Document | None]:
        """Read committed documents, those of each database in one request."""
        found: dict[Key, _Read] = {}
        for name, database in self._databases.items():
            found |= database.read([k for k in keys if self._collection(k[0]).database == name])
        return [found[key].document for key in keys]

    def query(self, query: Query) -> list[tuple[str, Document]]:
        """One page of what matches. Raises ValueError for what cannot be asked."""
        return self._database(query).page(query)

    def count(self, query: Query) -> int:
        """How many documents match. Raises ValueError for what cannot be asked."""
        return self._database(query).count(query)

    def close(self) -> None:
        """Let go of all connections."""
        for database in self._databases.values():
            database.client.close()  # type: ignore[no-untyped-call]  # the library has no types

    def _database(self, query: Query) -> _Database:
        return self._databases[kinds.asked(query, self._collections).database]

    def _collection(self, name: str) -> Collection:
        return kinds.of(name, self._collections)


class _Read(NamedTuple):
    """A document as it was read, and when it had been written: what a commit is held against."""

    document: Document | None
    written: Any = None


class _Database(NamedTuple):
    """One database, asked with so many seconds' patience. Raises TryAgain if it is down.

    Everything is read as of `moment`, if there is one.
    """

    client: firestore.Client
    patience: float
    moment: datetime | None = None

    def now(self) -> datetime:
        """Ask the server what time it is there."""
        with _told_simply():
            found = self.client.document("clock/none").get(**self._patiently())
        return found.read_time  # type: ignore[no-any-return]  # the library has no types

    def read(self, keys: Sequence[Key]) -> dict[Key, _Read]:
        """Read documents in one request."""
        places = {self.place(key): key for key in keys}
        with _told_simply():
            found = list(self.client.get_all(list(places), **self._at())) if keys else []
        return {places[each.reference]: _as_read(each) for each in found}

    def commit(self, batch: firestore.WriteBatch) -> None:
        """Write everything in a batch, or nothing."""
        if self.moment:
            raise RuntimeError("a store that is frozen only reads")
        with _told_simply():
            batch.commit(**self._patiently())

    def page(self, query: Query) -> list[tuple[str, Document]]:
        """Read one page of what matches."""
        with _told_simply():
            found = asking.select(self.client, query).stream(**self._at())
            return [(each.id, _document(each)) for each in found]

    def count(self, query: Query) -> int:
        """Count what matches."""
        asked: Any = asking.matching(self.client, query).count()
        with _told_simply():
            answers = asked.get(**self._at())
        return int(answers[0][0].value)

    def place(self, key: Key) -> firestore.DocumentReference:
        """Address a document."""
        return self.client.collection(key.collection).document(key.id)

    def _at(self) -> dict[str, Any]:
        return self._patiently() | ({"read_time": self.moment} if self.moment else {})

    def _patiently(self) -> dict[str, Any]:
        retry = Retry(if_exception_type(exceptions.ServiceUnavailable), timeout=self.patience)
        return {"retry": retry, "timeout": self.patience}


class _FirestoreUnit:
    """A Unit that holds no lock: its commit fails if what it read and writes was changed since.

    Raises ValueError for a document of another database, RuntimeError for a read after a write
    and for a second write of one document.
    """

    def __init__(
        self, database: _Database, name: Database, collection: Callable[[str], Collection]
    ) -> None:
        self._database = database
        self._name = name
        self._collection = collection
        self._read: dict[Key, _Read] = {}
        self._created: list[Key] = []
        self._written: set[Key] = set()
        self._batch = database.client.batch()

    def get(self, *keys: Key) -> list[Document | None]:
        if self._written:
            raise RuntimeError("a unit reads everything before its first write")
        for key in keys:
            self._mine(key)
        # Read again it is as it was: a later answer would hide a change since the first one.
        self._read |= self._database.read([key for key in keys if key not in self._read])
        return [self._read[key].document for key in keys]

    def create(self, key: Key, document: Document) -> None:
        fields = self._fields(key, document)
        self._batch.create(self._once(key), fields)
        self._created.append(key)

    def put(self, key: Key, document: Document) -> None:
        fields, read = self._fields(key, document), self._read.get(key)
        place = self._once(key)
        if read is None:
            self._batch.set(place, fields)
        elif read.written is None:
            self._batch.create(place, fields)
        else:
            gone = dict.fromkeys(self._mine(key).indexed, firestore.DELETE_FIELD)
            self._batch.update(place, {**gone, **fields}, self._unchanged(read))

    def delete(self, key: Key) -> None:
        read = self._read.get(key)
        unchanged = self._unchanged(read) if read and read.written else None
        self._batch.delete(self._once(key), unchanged)

    def commit(self) -> None:
        """Write everything, or nothing. Raises AlreadyExists if a `create` collides."""
        try:
            if self._written:
                self._database.commit(self._batch)
        except _CONTENTION:
            there = self._database.read(self._created)
            collided = [key for key, read in there.items() if read.document is not None]
            if collided:
                raise AlreadyExists(collided[0]) from None
            raise

    def _mine(self, key: Key) -> Collection:
        collection = self._collection(key.collection)
        if collection.database != self._name:
            raise ValueError(
                f"a unit of {self._name!r} cannot touch {key.collection!r}, "
                f"which lives in {collection.database!r}"
            )
        return collection

    def _once(self, key: Key) -> firestore.DocumentReference:
        """Address a document that is written now. Raises RuntimeError the second time."""
        self._mine(key)
        if key in self._written:
            raise RuntimeError(f"a unit writes a document once, and {key.collection} came twice")
        self._written.add(key)
        return self._database.place(key)

    def _fields(self, key: Key, document: Document) -> dict[str, Any]:
        collection = self._mine(key)
        fields: dict[str, Any] = {"body": msgspec.json.encode(document).decode()}
        fields |= asking.natively(collection.indexed, document)
        if collection.keep_days:
            fields[EXPIRES] = datetime.now(UTC) + timedelta(days=collection.keep_days)
        return fields

    def _unchanged(self, read: _Read) -> Any:
        return self._database.client.write_option(last_update_time=read.written)


@contextmanager
def _told_simply() -> Iterator[None]:
    """Turn every way of being down into TryAgain."""
    try:
        yield
    except _DOWN as error:
        if isinstance(error, _CONTENTION):  # Aborted is a server's error by its number
            raise
        raise TryAgain(f"firestore: {type(error).__name__}") from None


def _as_read(found: Any) -> _Read:
    return _Read(_document(found), found.update_time) if found.exists else _Read(None)


def _document(found: Any) -> Document:
    document: Document = msgspec.json.decode(found.get("body"))
    return document
