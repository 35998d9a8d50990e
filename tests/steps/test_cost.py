"""What each kind of purchase costs, all functions together: reads, writes and messages."""

from __future__ import annotations

from datetime import timedelta
from typing import NamedTuple

import pytest
from tests.rig import refund, sale, void

from loyalty.adapters.firestore import FirestoreStore
from loyalty.silence import Silence


class Cost(NamedTuple):
    """Documents read and written, and events published."""

    reads: int
    writes: int
    messages: int


class Counting:
    """A store that counts each document that is read or written, in units and outside."""

    def __init__(self, store):
        self._store = store
        self.reads = self.writes = 0

    def __getattr__(self, name):
        return getattr(self._store, name)

    def get(self, *keys):
        self.reads += len(keys)
        return self._store.get(*keys)

    def query(self, query):
        found = self._store.query(query)
        self.reads += max(1, len(found))
        return found

    def atomically(self, database, work):
        return self._store.atomically(database, lambda unit: work(CountingUnit(unit, self)))


class CountingUnit:
    def __init__(self, unit, count):
        self._unit, self._count = unit, count

    def get(self, *keys):
        self._count.reads += len(keys)
        return self._unit.get(*keys)

    def create(self, key, document):
        self._count.writes += 1
        self._unit.create(key, document)

    def put(self, key, document):
        self._count.writes += 1
        self._unit.put(key, document)

    def delete(self, key):
        self._count.writes += 1
        self._unit.delete(key)


def counting(shop):
    store = Counting(shop.store)
    return shop._replace(store=store, silence=Silence(store, shop.clock))


@pytest.fixture
def counted(opened, capsys):
    """Open a cafe, and count what one fact costs until nothing is left to do."""

    def open_cafe(program, store=None):
        cafe = opened(program, wrap=counting, store=store)
        cafe.join(consents={"sms:service": True})
        cafe.shop.programs.current()  # read once a minute

        def cost(name, fact):
            store = cafe.shop.store
            cafe.shop.silence.why("")  # read once in five seconds
            store.reads = store.writes = 0
            published = len(cafe.bus.published)
            cafe.tells(fact)
            found = Cost(store.reads, store.writes, len(cafe.bus.published) - published)
            with capsys.disabled():
                print(
                    f"\n{name}: {' '.join(f'{n} {w}' for w, n in found._asdict().items())}", end=""
                )
            return found

        cafe.cost = cost
        return cafe

    return open_cafe


def test_an_ordinary_purchase_costs_five_reads_five_writes_and_three_messages(counted):
    """A known member, one rule, one text: entry, account; claim, contact, settling."""
    cafe = counted("texting")
    cafe.tells(sale("first", 500))
    assert cafe.cost("ordinary purchase", sale("A", 1250)) == (5, 5, 3)
    assert len(cafe.texts()) == 2


@pytest.mark.slow
def test_it_costs_the_same_on_firestore(counted, firestore_project):
    cafe = counted("texting", FirestoreStore(firestore_project(), patience=60.0))
    cafe.tells(sale("first", 500))
    assert cafe.cost("ordinary purchase on firestore", sale("A", 1250)) == (5, 5, 3)
    assert len(cafe.texts()) == 2
    cafe.rig.store.close()


def test_a_first_purchase_also_arms_the_account(counted):
    """One write more: the timer for the points' expiry."""
    cafe = counted("steps")
    assert cafe.cost("first purchase", sale("A", 1250)) == (5, 6, 3)


def test_a_milestone_costs_its_guard_its_award_and_the_account_again(counted):
    cafe = counted("steps")
    cafe.tells(sale("first", 4900))
    # Guard and account read; guard, award's entry and account written; award and milestone told.
    assert cafe.cost("milestone with an award", sale("A", 250)) == (7, 8, 5)


def test_a_milestone_with_a_voucher_costs_one_write_more(counted):
    cafe = counted("crash")
    cafe.tells(sale("first", 500))
    cafe.rig.clock.advance(timedelta(hours=2))
    later = sale("A", 250, at=cafe.now)
    assert cafe.cost("milestone with an award and a voucher", later) == (7, 9, 5)


def test_a_refund_costs_a_look_at_its_receipt(counted):
    cafe = counted("texting")
    cafe.tells(sale("A", 1250))
    # The receipt and the account are read; both and the refund's own entry are written.
    assert cafe.cost("refund", refund("a", "A", 300)) == (2, 3, 2)


def test_where_friends_are_brought_a_refund_also_looks_for_one(counted):
    cafe = counted("friends")
    cafe.tells(sale("A", 1250))
    cost = cafe.cost("refund of a guest who may be a friend", refund("a", "A", 300))
    assert cost == (3, 3, 2)


def test_a_void_costs_as_much_as_a_refund(counted):
    cafe = counted("texting")
    cafe.tells(sale("A", 1250))
    assert cafe.cost("void", void("A")) == (2, 3, 2)


def test_an_edit_costs_a_bet_that_was_lost(counted):
    """It is taken for a new sale first: what that read and wrote counts, but is undone."""
    cafe = counted("texting")
    cafe.tells(sale("A", 1250))
    cost = cafe.cost("edit", sale("A", 1500, revision=1))
    assert (cost.reads <= 5, cost.writes <= 5, cost.messages) == (True, True, 2)


def test_a_duplicate_writes_nothing_that_stays(counted):
    cafe = counted("texting")
    cafe.tells(sale("A", 1250))
    before = dict(cafe.rig.store.documents)
    cost = cafe.cost("duplicate", sale("A", 1250))
    assert cafe.rig.store.documents.keys() == before.keys()
    assert cost.reads <= 7
