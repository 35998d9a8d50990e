"""Timers: work that is due at an instant, found by one index and done in a unit of its own."""

from __future__ import annotations

from datetime import datetime, timedelta

import msgspec

from loyalty.delivery import Outcome, Shop, publish
from loyalty.ports import Unit
from loyalty.records import Timer, timers

LATER = timedelta(minutes=2)
"""When the sweep sees to what was promised, if nobody said until then that it was done."""
BACKOFF = (60, 300, 1800, 7200, 21600)
"""Seconds until a failed timer is tried again."""


def publish_at(unit: Unit, name: str, outcome: Outcome, at: datetime, rank: int = 0) -> None:
    """Have events published at an instant; the name makes it one timer however often it is set."""
    timer = Timer(kind="publish", subject=name, due_at=at, outcome=outcome, rank=rank)
    timers.put(unit, f"publish:{name}", timer)


def promise(unit: Unit, name: str, outcome: Outcome, now: datetime) -> None:
    """Promise in a unit to publish its outcome, for callers who may never come again."""
    if outcome:
        publish_at(unit, name, outcome, now + LATER)


def keep(name: str, outcome: Outcome, shop: Shop) -> None:
    """Publish what was promised; only then the promise is struck out."""
    if outcome:
        publish(shop.bus, outcome)
        shop.store.atomically("ledger", lambda unit: timers.delete(unit, f"publish:{name}"))


def strike_out(timer: Timer, shop: Shop) -> None:
    """Remove a timer that is done, unless it was set anew meanwhile."""
    name = name_of(timer)

    def work(unit: Unit) -> None:
        found = timers.get(unit, name)
        if found and found.due_at == timer.due_at:
            timers.delete(unit, name)

    shop.store.atomically("ledger", work)


def put_off(timer: Timer, now: datetime, shop: Shop) -> None:
    """Try a failed timer again later, unless it was set anew meanwhile; it delays no other."""
    wait, name = BACKOFF[min(timer.tries, len(BACKOFF) - 1)], name_of(timer)
    later = msgspec.structs.replace(
        timer, tries=timer.tries + 1, due_at=now + timedelta(seconds=wait)
    )

    def work(unit: Unit) -> None:
        found = timers.get(unit, name)
        if found and found.due_at == timer.due_at:
            timers.put(unit, name, later)

    shop.store.atomically("ledger", work)


def name_of(timer: Timer) -> str:
    """Name a timer by what it is and what it is about; a journey's id says it is one."""
    own = timer.subject.startswith(f"{timer.kind}:")
    return timer.subject if own else f"{timer.kind}:{timer.subject}"
