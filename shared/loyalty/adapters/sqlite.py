"""The store on one machine: both databases as JSON documents in one SQLite file."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime
from functools import partial
from pathlib import Path

import msgspec

from loyalty import collections as kinds
from loyalty.adapters import sqlite_index as index
from loyalty.adapters.clock import SystemClock
from loyalty.adapters.sqlite_writer import Writer
from loyalty.collections import COLLECTIONS, Collection
from loyalty.errors import AlreadyExists, TryAgain
from loyalty.ports import Clock, Database, Document, Key, Query, T, Unit

Write = Callable[[sqlite3.Connection], None]
Lend = Callable[[], AbstractContextManager[sqlite3.Connection]]


class Reading:
    """What is committed in a SQLite file, read over connections that `lend` gives."""

    def __init__(self, lend: Lend, collections: Mapping[str, Collection]) -> None:
        self._lend = lend
        self._collections = collections

    def get(self, *keys: Key) -> list[Document | None]:
        """Read committed documents, one after the other."""
        for key in keys:
            self._collection(key.collection)
        with self._lend() as db:
            return _read(db, keys)

    def query(self, query: Query) -> list[tuple[str, Document]]:
        """One page of what matches. Raises ValueError if a field is not indexed."""
        kinds.asked(query, self._collections)
        with self._lend() as db:
            found = db.execute(*index.select(query)).fetchall()
        return [(number, msgspec.json.decode(body)) for number, body in found]

    def count(self, query: Query) -> int:
        """How many documents match. Raises ValueError if a field is not indexed."""
        kinds.asked(query, self._collections)
        with self._lend() as db:
            (number,) = db.execute(*index.count(query)).fetchone()
        return int(number)

    def _collection(self, name: str) -> Collection:
        return kinds.of(name, self._collections)


class SqliteStore(Reading):
    """A Store in one SQLite file, whose folder is made if need be.

    Units run one after the other on the writer's thread, so they never contend. Documents come
    back as JSON: their datetimes are ISO text. Raises InUse if another process has the file.
    How long documents are kept goes by `clock`.
    """

    def __init__(
        self,
        path: str | Path,
        collections: Mapping[str, Collection] = COLLECTIONS,
        clock: Clock | None = None,
    ) -> None:
        self._clock = clock or SystemClock()
        self.writer = Writer(path)
        """Shared with the local bus, so that events and documents are in one file."""
        self._readers = _Readers(self.writer.path)
        super().__init__(self._readers.lend, collections)
        try:
            self.writer.run(self._prepare)
        except BaseException:
            self.close()
            raise

    def atomically(self, database: Database, work: Callable[[Unit], T]) -> T:
        """Run `work` once, in one unit; see `ports.Store`."""
        return self.writer.run(partial(self._unit, database, work))

    def remove_old(self, at: datetime, most: int) -> int:
        """Remove so many documents at most whose retention was over by then; tell how many."""
        return self.writer.run(partial(_remove_old, at, most))

    def close(self) -> None:
        """Commit what was accepted, then let go of the file."""
        self._readers.close()
        self.writer.close()

    def _prepare(self, db: sqlite3.Connection) -> None:
        for table in index.TABLES:
            db.execute(table)
        index.rebuild(db, self._collections, self._clock.now())

    def _unit(self, database: Database, work: Callable[[Unit], T], db: sqlite3.Connection) -> T:
        unit = _SqliteUnit(db, database, self._collection, self._clock)
        result = work(unit)
        unit.apply()
        return result


class _SqliteUnit:
    """A Unit that keeps its writes until the work is done, as Firestore does.

    Raises ValueError for a document of another database, RuntimeError for a read after a write.
    """

    def __init__(
        self,
        db: sqlite3.Connection,
        database: Database,
        collection: Callable[[str], Collection],
        clock: Clock,
    ) -> None:
        self._clock = clock
        self._db = db
        self._database = database
        self._collection = collection
        self._creates: list[Write] = []
        self._writes: list[Write] = []
        self._written: set[Key] = set()

    def get(self, *keys: Key) -> list[Document | None]:
        if self._written:
            raise RuntimeError("a unit reads everything before its first write")
        for key in keys:
            self._mine(key)
        return _read(self._db, keys)

    def create(self, key: Key, document: Document) -> None:
        rows = self._rows(self._once(key), document)
        self._creates.append(partial(_create, key, _encode(document), rows))

    def put(self, key: Key, document: Document) -> None:
        kind = self._once(key)
        rows = self._rows(kind, document) if kind.indexed or kind.keep_days else None
        self._writes.append(partial(_put, key, _encode(document), rows))

    def delete(self, key: Key) -> None:
        self._once(key)
        self._writes.append(partial(_delete, key))

    def apply(self) -> None:
        """Write everything down; first what may collide, while nothing needs to be undone."""
        for write in (*self._creates, *self._writes):
            write(self._db)

    def _rows(self, kind: Collection, document: Document) -> set[index.Row]:
        kept = index.kept_until(kind, self._clock.now())
        return index.rows(kind.indexed, document) | kept

    def _once(self, key: Key) -> Collection:
        """Note that a document is written. Raises RuntimeError the second time."""
        kind = self._mine(key)
        if key in self._written:
            raise RuntimeError(f"a unit writes a document once, and {key.collection} came twice")
        self._written.add(key)
        return kind

    def _mine(self, key: Key) -> Collection:
        collection = self._collection(key.collection)
        if collection.database != self._database:
            raise ValueError(
                f"a unit of {self._database!r} cannot touch {key.collection!r}, "
                f"which lives in {collection.database!r}"
            )
        return collection


class _Readers:
    """Connections for reading, each lent to one thread at a time.

    There are as many as ever read at the same moment; a thread that ends leaves none behind.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._idle: list[sqlite3.Connection] = []
        self._closed = False

    @contextmanager
    def lend(self) -> Iterator[sqlite3.Connection]:
        """Lend a connection; raises TryAgain once closed."""
        if self._closed:
            raise TryAgain("the data file is closed")
        db = self._take()
        try:
            yield db
        finally:
            self._idle.append(db)
            if self._closed:
                self.close()

    def close(self) -> None:
        """Close all that are idle; those on loan follow when they come back."""
        self._closed = True
        while self._idle:
            self._idle.pop().close()

    def _take(self) -> sqlite3.Connection:
        try:
            return self._idle.pop()
        except IndexError:
            db = sqlite3.connect(self._path, timeout=5, check_same_thread=False)
            db.execute("PRAGMA query_only = ON")
            return db


def _encode(document: Document) -> str:
    return msgspec.json.encode(document).decode()


def _read(db: sqlite3.Connection, keys: Iterable[Key]) -> list[Document | None]:
    return [_read_one(db, key) for key in keys]


def _read_one(db: sqlite3.Connection, key: Key) -> Document | None:
    """Read a document; parsed anew every time, so that nobody shares a copy."""
    found = db.execute("SELECT body FROM documents WHERE collection = ? AND id = ?", key).fetchone()
    return msgspec.json.decode(found[0]) if found else None


def _create(key: Key, body: str, rows: set[index.Row], db: sqlite3.Connection) -> None:
    try:
        db.execute("INSERT INTO documents (collection, id, body) VALUES (?, ?, ?)", (*key, body))
    except sqlite3.IntegrityError:
        raise AlreadyExists(key) from None
    index.add(db, key, rows)


def _put(key: Key, body: str, rows: set[index.Row] | None, db: sqlite3.Connection) -> None:
    if rows is not None:
        index.replace(db, key, rows)
    db.execute(
        "INSERT INTO documents (collection, id, body) VALUES (?, ?, ?)"
        " ON CONFLICT (collection, id) DO UPDATE SET body = excluded.body",
        (*key, body),
    )


def _delete(key: Key, db: sqlite3.Connection) -> None:
    index.replace(db, key, set())
    db.execute("DELETE FROM documents WHERE collection = ? AND id = ?", key)


def _remove_old(at: datetime, most: int, db: sqlite3.Connection) -> int:
    found = index.old(db, at, most)
    for key in found:
        _delete(key, db)
    return len(found)
