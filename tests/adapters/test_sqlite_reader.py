"""A reader sees one moment of a data file, whoever writes it meanwhile."""

from __future__ import annotations

import shutil
import sqlite3

import pytest

from loyalty.adapters.sqlite import SqliteStore
from loyalty.adapters.sqlite_reader import ReadOnly, SqliteReader
from loyalty.ports import Key, Query, Where


@pytest.fixture
def store(tmp_path):
    store = SqliteStore(tmp_path / "regulars.db")
    put(store, "a", {"due_at": 1})
    yield store
    store.close()


@pytest.fixture
def reader(store):
    reader = SqliteReader(store.writer.path)
    yield reader
    reader.close()


def put(store, name, document):
    store.atomically("ledger", lambda unit: unit.put(Key("timers", name), document))


def test_it_reads_while_another_has_the_file(reader):
    assert reader.get(Key("timers", "a"), Key("timers", "b")) == [{"due_at": 1}, None]
    assert reader.query(Query("timers", (Where("due_at", "<", 2),), "due_at")) == [
        ("a", {"due_at": 1})
    ]
    assert reader.count(Query("timers")) == 1


def test_it_stays_at_the_moment_at_which_it_was_opened(store, reader):
    put(store, "a", {"due_at": 2})
    put(store, "b", {"due_at": 2})
    assert reader.get(Key("timers", "a"), Key("timers", "b")) == [{"due_at": 1}, None]
    assert reader.count(Query("timers")) == 1


def test_it_writes_nothing(reader):
    with pytest.raises(ReadOnly, match="open the data folder for writing"):
        reader.atomically("ledger", lambda unit: unit.delete(Key("timers", "a")))


def test_it_asks_only_for_what_is_indexed(reader):
    with pytest.raises(ValueError, match="not indexed"):
        reader.query(Query("timers", (Where("kind", "==", "x"),)))
    with pytest.raises(ValueError, match="no collection"):
        reader.get(Key("nothing", "a"))


@pytest.mark.usefixtures("store")
def test_it_reads_what_a_killed_writer_left(tmp_path):
    for file in tmp_path.glob("regulars.db*"):
        shutil.copy(file, tmp_path / file.name.replace("regulars", "killed"))
    left = SqliteReader(tmp_path / "killed.db")
    assert left.count(Query("timers")) == 1
    left.close()


def test_it_reads_a_file_that_was_closed(tmp_path):
    SqliteStore(tmp_path / "regulars.db").close()
    closed = SqliteReader(tmp_path / "regulars.db")
    assert closed.count(Query("timers")) == 0
    assert closed.dead_letters() == []
    closed.close()


def test_no_file_is_made(tmp_path):
    with pytest.raises(FileNotFoundError):
        SqliteReader(tmp_path / "regulars.db")
    assert list(tmp_path.iterdir()) == []


def test_a_database_of_somebody_else_is_refused(tmp_path):
    sqlite3.connect(tmp_path / "other.db").close()
    (tmp_path / "other.db").touch()
    with pytest.raises(sqlite3.OperationalError, match="no such table"):
        SqliteReader(tmp_path / "other.db")
