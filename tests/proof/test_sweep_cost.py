"""A sweep's work follows what is due, and not how many guests there are."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from infra.simulator.store import MemoryStore
from tests.rig import NOON, Rig
from tests.steps.cafe import Newest
from tests.steps.test_cost import Counting

from loyalty.domain.account import Account, Lot
from loyalty.records import AccountRecord, Profile, Timer, accounts, profiles, timers

DUE = 50
TEXT = Path("tests/programs/journeys.yaml").read_text("utf-8")
READ: dict[str, object] = {}


def swept(members: int) -> tuple[int, int]:
    """Sweep a house of so many guests, of whom as many as ever are due; what was read, written."""
    rig = Rig(
        Path(), TEXT, store=MemoryStore(), shuffle=Newest(),
        wrap=lambda shop: shop._replace(store=Counting(shop.store)),
    )  # fmt: skip
    rig.shop.programs._parsed.update(READ)
    rig.shop.programs.current()
    READ.update(rig.shop.programs._parsed)
    for number in range(members):
        joins(rig, number)
    rig.clock.advance(timedelta(minutes=1))
    rig.shop.programs.current()
    counting = rig.shop.store
    counting.reads = counting.writes = 0
    rig.sweep()
    left = timers.find(rig.store, ("due_at", "<=", rig.clock.now()), order="due_at")
    assert left == []
    return counting.reads, counting.writes


def joins(rig: Rig, number: int) -> None:
    """Put a guest there whose birthday or lapse is due now, or not for long."""
    member, due = f"m_{number}", NOON + timedelta(days=0 if number < DUE else 100)
    lot = Lot(points=5, month="2026-01", expires_at=due)
    account = Account(id=member, lots=(lot,), armed_at=due)
    profile = Profile(member=member, joined_at=NOON - timedelta(days=400), birthday="11-24")
    kind = "yearly" if number % 2 else "account"
    timer = Timer(kind=kind, subject=member, due_at=due)
    store = rig.store
    put(store, accounts, member, AccountRecord(account=account))
    put(store, profiles, member, profile)
    put(store, timers, f"{kind}:{member}", timer)


def put(store, records, name, record):
    store.atomically(records.database, lambda unit: records.put(unit, name, record))


def test_ten_times_as_many_guests_cost_a_sweep_nothing_more(capsys):
    small, large = swept(1_000), swept(10_000)
    with capsys.disabled():
        print(f"\na sweep of {DUE} due: {small[0]} reads and {small[1]} writes", end="")
    assert small == large
    assert small[0] <= DUE * 8


@pytest.mark.slow  # a hundred thousand guests take a while to be put there
def test_a_hundred_thousand_guests_cost_no_more_either():
    assert swept(1_000) == swept(100_000)
