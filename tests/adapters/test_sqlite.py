"""What the SQLite store promises beyond every store: durability by group commit, one writer."""

import os
import signal
import sqlite3
import sys
import textwrap
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from subprocess import STDOUT

import pytest
from infra.children import PIPE, Child

from loyalty.adapters.sqlite import SqliteStore
from loyalty.adapters.sqlite_writer import QUIET, InUse, Writer
from loyalty.collections import Collection
from loyalty.errors import AlreadyExists, TryAgain
from loyalty.ports import Key, Query, Where


@pytest.fixture
def path(tmp_path):
    return tmp_path / "regulars.db"


@pytest.fixture
def store(path):
    store = SqliteStore(path)
    yield store
    store.close()


def put(store, name, document=None):
    store.atomically("ledger", lambda unit: unit.put(Key("accounts", name), document or {}))


def python(code, *args):
    """Run a program of its own, with our code at hand."""
    command = [sys.executable, "-c", textwrap.dedent(code), *map(str, args)]
    paths = {**os.environ, "PYTHONPATH": "shared"}
    return Child[str](command, paths, stdout=PIPE, stderr=STDOUT, text=True)


@contextmanager
def one_group(writer, size):
    """Hold the writer until so many jobs wait, so that they are committed together."""
    gate, held = threading.Event(), threading.Event()

    def hold(_):
        held.set()
        gate.wait(10)

    writer.submit(hold)
    held.wait(10)
    with ThreadPoolExecutor(size) as pool:
        yield pool
        while len(writer._waiting) < size:
            time.sleep(0.001)
        gate.set()


def failures(futures):
    return [type(future.exception()) for future in futures]


# -- group commit -----------------------------------------------------------------------------


def test_jobs_that_wait_together_share_one_commit(store):
    statements = []
    store.writer.run(lambda db: db.set_trace_callback(statements.append))
    statements.clear()
    with one_group(store.writer, 8) as pool:
        for n in range(8):
            pool.submit(put, store, f"m{n}")
    assert statements.count("COMMIT") == 2  # the one that held the writer, and the eight


def test_an_exception_undoes_only_its_own_job(store):
    put(store, "taken")

    def create(name):
        store.atomically("ledger", lambda unit: unit.create(Key("accounts", name), {}))

    with one_group(store.writer, 3) as pool:
        futures = [pool.submit(create, name) for name in ("a", "taken", "b")]
    assert failures(futures) == [type(None), AlreadyExists, type(None)]
    assert store.get(Key("accounts", "a"), Key("accounts", "b")) == [{}, {}]


def test_a_full_disk_fails_the_whole_group(store):
    (pages,) = store.writer.run(lambda db: db.execute("PRAGMA page_count").fetchone())
    store.writer.run(lambda db: db.execute(f"PRAGMA max_page_count = {pages + 20}").fetchone())
    with one_group(store.writer, 3) as pool:
        futures = [pool.submit(put, store, "a"), pool.submit(put, store, "b")]
        futures.append(pool.submit(put, store, "c", {"big": "x" * 1_000_000}))
    assert failures(futures) == [TryAgain] * 3
    assert store.count(Query("accounts")) == 0


def test_the_writer_stays_usable_after_a_full_disk(store):
    (pages,) = store.writer.run(lambda db: db.execute("PRAGMA page_count").fetchone())
    store.writer.run(lambda db: db.execute(f"PRAGMA max_page_count = {pages + 20}").fetchone())
    with pytest.raises(TryAgain):
        put(store, "a", {"big": "x" * 1_000_000})
    put(store, "a", {"small": True})
    assert store.get(Key("accounts", "a")) == [{"small": True}]


def test_a_commit_that_fails_while_syncing_fails_the_whole_group(path):
    # no byte can be added to any file any more, which the log notices only at COMMIT
    program = """
        import resource, sys
        from loyalty.adapters.sqlite import SqliteStore
        from loyalty.errors import TryAgain
        from loyalty.ports import Key

        store = SqliteStore(sys.argv[1])
        full = store.writer.path.with_name("regulars.db-wal").stat().st_size
        hold = store.writer.submit(
            lambda _: resource.setrlimit(resource.RLIMIT_FSIZE, (full, -1))
        )
        write = "INSERT INTO documents VALUES ('accounts', ?, '{}')"
        futures = [store.writer.submit(lambda db, n=n: db.execute(write, (n,))) for n in "ab"]
        print([type(future.exception()).__name__ for future in futures])
        resource.setrlimit(resource.RLIMIT_FSIZE, (-1, -1))
        store.atomically("ledger", lambda unit: unit.put(Key("accounts", "c"), {}))
        print(store.get(*(Key("accounts", n) for n in "abc")))
        store.close()
    """
    said, _ = python(program, path).communicate(timeout=20)
    assert said.splitlines()[-2:] == ["['TryAgain', 'TryAgain']", "[None, None, {}]"]


def test_a_hook_runs_when_other_connections_can_see_the_write(store, path):
    seen = []

    def look(_):
        with sqlite3.connect(path) as other:
            seen.extend(other.execute("SELECT id FROM documents").fetchall())
        other.close()

    write = "INSERT INTO documents (collection, id, body) VALUES ('accounts', 'a', '{}')"
    store.writer.run(lambda db: db.execute(write).rowcount, look)
    assert seen == [("a",)]


def test_a_broken_hook_stops_nobody(store):
    assert store.writer.run(lambda _: 7, lambda _: 1 / 0) == 7
    put(store, "a")


def test_a_unit_inside_a_unit_is_refused_instead_of_waiting_for_ever(store):
    with pytest.raises(RuntimeError, match="inside a unit"):
        store.atomically("ledger", lambda _: put(store, "a"))


def test_many_threads_lose_no_increment(store):
    key = Key("accounts", "hot")

    def add(unit):
        (found,) = unit.get(key)
        unit.put(key, {"n": found["n"] + 1 if found else 1})

    with ThreadPoolExecutor(16) as pool:
        for _ in range(160):
            pool.submit(store.atomically, "ledger", add)
    assert store.get(key) == [{"n": 160}]


# -- opening, closing, crashing ---------------------------------------------------------------


@pytest.mark.usefixtures("store")
def test_a_second_process_is_refused_at_once_and_told_what_to_do(path):
    program = """
        import sys
        from loyalty.adapters.sqlite import SqliteStore
        SqliteStore(sys.argv[1])
    """
    said, _ = python(program, path).communicate(timeout=20)
    expected = f"{path} is being written by process {os.getpid()}. Stop that process, or"
    assert expected in said.splitlines()[-1]


def test_a_refused_opener_harms_nothing(store, path):
    with pytest.raises(InUse):
        SqliteStore(path)
    put(store, "a")


def test_a_closed_file_can_be_opened_again_with_all_it_held(path):
    first = SqliteStore(path)
    put(first, "a", {"n": 1})
    first.close()
    second = SqliteStore(path)
    assert second.get(Key("accounts", "a")) == [{"n": 1}]
    second.close()


def test_close_commits_what_was_accepted(path):
    writer = Writer(path)
    writer.run(lambda db: db.execute("CREATE TABLE t (n)").rowcount)
    futures = [writer.submit(lambda db: db.execute("INSERT INTO t VALUES (1)")) for _ in range(9)]
    writer.close()
    assert all(future.done() and not future.exception() for future in futures)


def test_after_close_everything_says_try_again(path):
    store = SqliteStore(path)
    store.close()
    store.close()
    with pytest.raises(TryAgain):
        put(store, "a")
    with pytest.raises(TryAgain):
        store.get(Key("accounts", "a"))


def test_a_file_that_is_no_database_is_refused_and_let_go(path):
    path.write_bytes(b"something else entirely" * 50)
    with pytest.raises(sqlite3.DatabaseError):
        SqliteStore(path)
    path.unlink()
    SqliteStore(path).close()


def test_what_was_deleted_is_in_no_byte_soon_after_though_the_file_is_open(store, path):
    key = Key("contacts", "one")
    for word in ("kanaria@vogel.example", "another"):
        store.atomically("people", lambda unit, word=word: unit.put(key, {"email": word}))
    store.atomically("people", lambda unit: unit.delete(key))

    def told():
        files = path.parent.glob(f"{path.name}*")
        return [file.name for file in files if b"kanaria" in file.read_bytes()]

    assert told()
    until = time.monotonic() + 20 * QUIET
    while told() and time.monotonic() < until:
        time.sleep(QUIET / 10)
    assert told() == []
    store.atomically("people", lambda unit: unit.put(key, {"email": "later"}))
    assert store.get(key) == [{"email": "later"}]


def test_kill_9_keeps_every_acknowledged_write(path):
    program = """
        import os, sys, threading
        from loyalty.adapters.sqlite import SqliteStore
        from loyalty.ports import Key

        store = SqliteStore(sys.argv[1])

        def write(thread):
            for n in range(10**6):
                key = Key("accounts", f"{thread}-{n}")
                store.atomically("ledger", lambda unit: unit.create(key, {}))
                os.write(1, (key.id + "\\n").encode())  # whole lines, unlike print

        for thread in range(4):
            threading.Thread(target=write, args=(thread,)).start()
    """
    process = python(program, path)
    acknowledged = [process.stdout.readline().strip() for _ in range(60)]
    process.send_signal(signal.SIGKILL)
    acknowledged += process.communicate(timeout=20)[0].splitlines()
    store = SqliteStore(path)
    found = store.get(*(Key("accounts", name) for name in acknowledged))
    store.close()
    assert None not in found


def test_a_new_index_covers_the_documents_that_were_there(path):
    before = {"things": Collection("ledger", "name", "Things.")}
    store = SqliteStore(path, before)
    store.atomically("ledger", lambda unit: unit.put(Key("things", "a"), {"colour": "red"}))
    store.close()
    store = SqliteStore(path, {"things": before["things"]._replace(indexed=("colour",))})
    found = store.query(Query("things", (Where("colour", "==", "red"),)))
    store.close()
    assert found == [("a", {"colour": "red"})]
