"""One free coffee, and many who reach for it at once: exactly one has it, on every store."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest
from tests.rig import Rig, sale

from loyalty.adapters.firestore import FirestoreStore
from loyalty.adapters.sqlite import SqliteStore
from loyalty.audit import audit
from loyalty.connectors.spec import Guest
from loyalty.counter import redeeming
from loyalty.counter.redeeming import Asking, Capturing
from loyalty.errors import Problem, TryAgain
from loyalty.records import accounts, entries

PHONE = "+4915112345671"
TEXT = Path("tests/programs/rewards.yaml").read_text("utf-8").partition("messages:")[0]


@pytest.fixture(params=[("sqlite", 50), ("firestore", 16)], ids=["sqlite-50", "firestore-16"])
def crowd(request, tmp_path):
    """A guest with points for one coffee, and how many reach for it."""
    kind, number = request.param
    if kind == "sqlite":
        store = SqliteStore(str(tmp_path / "loyalty.db"))
    else:
        store = FirestoreStore(request.getfixturevalue("firestore_project")(), patience=60.0)
    rig = Rig(tmp_path, TEXT, store=store)
    rig.member = rig.join(phone=PHONE)
    rig.tell(sale("R1", 2_500), Guest(phone=PHONE))
    rig.run()
    yield rig, number
    assert audit(entries.each(store), accounts.each(store)).findings == ()
    store.close()


def together(number, act):
    """Let all of them do it at once; whoever is told to try again does."""
    start = Barrier(number)

    def one(place):
        start.wait()
        while True:
            try:
                return act(place).state
            except Problem as refused:
                return refused.code
            except TryAgain:
                continue

    with ThreadPoolExecutor(number) as pool:
        return list(pool.map(one, range(number)))


def test_one_of_many_who_hold_the_last_coffee_has_it(crowd):
    rig, number = crowd
    said = together(
        number, lambda n: redeeming.hold(Asking(f"H{n}", rig.member, "coffee"), rig.shop)
    )
    assert sorted(said) == ["held", *["insufficient_points"] * (number - 1)]


def test_a_hold_that_many_end_at_once_ends_once(crowd):
    rig, number = crowd
    redeeming.hold(Asking("H", rig.member, "coffee"), rig.shop)
    ends = (
        lambda: redeeming.capture(Capturing("H"), rig.shop),
        lambda: redeeming.void("H", "", rig.shop),
    )
    said = together(number, lambda n: ends[n % 2]())
    captured = "captured" in said
    assert set(said) <= (
        {"captured", "already_captured"} if captured else {"voided", "hold_voided"}
    )
    assert rig.points(rig.member) == (5 if captured else 25)
