"""What the Firestore adapter promises beyond every store: no lost update, no lock, no waste."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from google.cloud import firestore

from loyalty.adapters.firestore import EXPIRES, FirestoreStore
from loyalty.errors import TryAgain
from loyalty.ports import Key, Query

THREADS, MEMBERS = 16, 10


@pytest.fixture
def project(firestore_project):
    return firestore_project()


@pytest.fixture
def store(project):
    store = FirestoreStore(project, patience=60.0)
    yield store
    store.close()


def add_one(key):
    def work(unit):
        (found,) = unit.get(key)
        unit.put(key, {"n": (found or {"n": 0})["n"] + 1})

    return work


@pytest.mark.parametrize("each", [4, pytest.param(2_000, marks=pytest.mark.long)])
def test_units_that_contend_lose_nothing(store, capsys, each):
    keys = [Key("accounts", f"m{number}") for number in range(MEMBERS)]
    with ThreadPoolExecutor(THREADS) as pool:
        done = [pool.submit(insist, store, keys, each, first) for first in range(THREADS)]
    again = sum(thread.result() for thread in done)
    assert sum(found["n"] for found in store.get(*keys)) == THREADS * each
    with capsys.disabled():
        print(f"\n{THREADS} threads x {each} units, {MEMBERS} members, {again} gave up")


def insist(store, keys, units, first):
    """Commit so many units, each again until it is done; return how often one gave up."""
    again = 0
    for number in range(units):
        while True:
            try:
                store.atomically("ledger", add_one(keys[(first + number) % MEMBERS]))
                break
            except TryAgain:
                again += 1
    return again


def test_a_unit_is_run_again_when_what_it_read_and_writes_changed(store):
    key, seen = Key("accounts", "a"), []
    store.atomically("ledger", add_one(key))

    def work(unit):
        (found,) = unit.get(key)
        seen.append(found["n"])
        if len(seen) == 1:
            store.atomically("ledger", add_one(key))
        unit.put(key, {"n": found["n"] + 10})

    store.atomically("ledger", work)
    assert (seen, store.get(key)) == ([1, 2], [{"n": 12}])


def test_what_a_unit_reads_again_is_as_it_was_and_a_change_between_is_not_lost(store):
    """A later answer would bring the moment of its own change along, and hide it."""
    key, seen = Key("accounts", "m1"), []
    store.atomically("ledger", add_one(key))

    def work(unit):
        (first,) = unit.get(key)
        if not seen:
            store.atomically("ledger", add_one(key))
        (again,) = unit.get(key)
        seen.append((first["n"], again["n"]))
        unit.put(key, {"n": first["n"] + 10})

    store.atomically("ledger", work)
    assert seen == [(1, 1), (2, 2)]
    assert store.get(key) == [{"n": 12}]


def test_a_document_that_appeared_after_it_was_looked_for_is_seen(store):
    key, seen = Key("accounts", "a"), []

    def work(unit):
        (found,) = unit.get(key)
        seen.append(found)
        if len(seen) == 1:
            store.atomically("ledger", add_one(key))
        unit.put(key, {"n": 7})

    store.atomically("ledger", work)
    assert seen == [None, {"n": 1}]


def test_contention_that_lasts_says_try_again(store):
    key = Key("accounts", "a")
    store.atomically("ledger", add_one(key))

    def work(unit):
        (found,) = unit.get(key)
        store.atomically("ledger", lambda other: other.put(key, {"n": found["n"] + 1}))
        unit.put(key, {})

    with pytest.raises(TryAgain):
        store.atomically("ledger", work)


def test_what_is_kept_for_a_while_only_says_until_when(store, project):
    store.atomically("ledger", lambda unit: unit.put(Key("quarantine", "q"), {"at": "x"}))
    (kept,) = firestore.Client(project=project, database="ledger").collection("quarantine").stream()
    assert set(kept.to_dict()) == {"body", "at", EXPIRES}


def test_people_and_ledger_are_apart(store, project):
    store.atomically("people", lambda unit: unit.put(Key("contacts", "m"), {"name": "Sita"}))
    assert not list(firestore.Client(project=project, database="ledger").collections())


def test_a_server_that_is_not_there_says_try_again(monkeypatch):
    monkeypatch.setenv("FIRESTORE_EMULATOR_HOST", "127.0.0.1:9")
    with pytest.raises(TryAgain):
        FirestoreStore("nowhere", patience=1.0).get(Key("accounts", "a"))


def test_a_frozen_store_reads_one_moment_whatever_is_written_after(store, project):
    key = Key("accounts", "a")
    store.atomically("ledger", add_one(key))
    view = FirestoreStore(project, patience=60.0)
    view.freeze()
    store.atomically("ledger", add_one(key))
    store.atomically("ledger", add_one(Key("accounts", "b")))
    assert view.get(key) == [{"n": 1}]
    assert [name for name, _ in view.query(Query("accounts"))] == ["a"]
    assert view.count(Query("accounts")) == 1
    with pytest.raises(RuntimeError, match="only reads"):
        view.atomically("ledger", add_one(key))
    view.close()
