"""One moment of a data file, looked at without disturbing whoever writes it."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

from loyalty.adapters.local_bus_rows import DeadLetter, dead_letters
from loyalty.adapters.sqlite import Reading
from loyalty.collections import COLLECTIONS, Collection
from loyalty.ports import Database, T, Unit


class ReadOnly(RuntimeError):  # noqa: N818 - says what the store is
    """Somebody tried to change a store that only reads."""


class SqliteReader(Reading):
    """A Store that only reads, also while another process writes the file; for one thread.

    Every read sees the file as it was when it was opened here, so that what is read adds up.
    Raises FileNotFoundError if there is no file, sqlite3.Error if it is none of ours.
    """

    def __init__(
        self, path: str | Path, collections: Mapping[str, Collection] = COLLECTIONS
    ) -> None:
        self._db = _opened(Path(path))
        super().__init__(self._lend_it, collections)

    def atomically(self, _database: Database, _work: Callable[[Unit], T]) -> NoReturn:
        """Refuse: nothing is ever written here. Raises ReadOnly."""
        raise ReadOnly("this store only reads; open the data folder for writing instead")

    def dead_letters(self) -> list[DeadLetter]:
        """List the messages of the local bus that failed too often; none if it never ran."""
        tables = "SELECT 1 FROM sqlite_master WHERE name = 'dead_letters'"
        return dead_letters(self._db) if self._db.execute(tables).fetchone() else []

    def close(self) -> None:
        """Let go of the file."""
        self._db.close()

    @contextmanager
    def _lend_it(self) -> Iterator[sqlite3.Connection]:
        yield self._db


def _opened(path: Path) -> sqlite3.Connection:
    """Open the file and hold on to this moment: the write-ahead log keeps it for us."""
    if not path.is_file():
        raise FileNotFoundError(path)
    db = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, isolation_level=None)
    try:
        db.execute("BEGIN")
        db.execute("SELECT 1 FROM documents LIMIT 1").fetchone()
    except sqlite3.Error:
        db.close()
        raise
    return db
