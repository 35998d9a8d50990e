"""Timers: work that is due at an instant, found by one index and done in a unit of its own."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial

import msgspec

from loyalty.delivery import Outcome, Shop, publish
from loyalty.identity import digest
from loyalty.ports import Key, Unit
from loyalty.records import Quarantined, Timer, quarantine, timers

LATER = timedelta(minutes=2)
"""When the sweep sees to what was promised, if nobody said until then that it was done."""
BACKOFF = (60, 300, 1800, 7200, 21600)
"""Seconds until a failed timer is tried again."""
MOST_TRIES = 20
"""After so many, some four days, a timer waits in quarantine for a person."""
FAILED = "timer-failed"
UNREADABLE = timedelta(hours=1)
"""How long a timer waits that only other code can read, newer or older than this."""
_replace = msgspec.structs.replace


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


def put_off(timer: Timer, error: str, now: datetime, shop: Shop) -> None:
    """Try a failed timer again later; it delays no other. Failed too often, it is put aside."""
    shop.store.atomically("ledger", partial(_put_off, timer, error, now))


def _put_off(timer: Timer, error: str, now: datetime, unit: Unit) -> None:
    name = name_of(timer)
    found = timers.get(unit, name)
    if found is None or found.due_at != timer.due_at:
        return  # done after all, or set anew
    if found.tries + 1 >= MOST_TRIES:
        quarantine.put(unit, f"{FAILED}:{name}", _aside(found, error, now))
        timers.delete(unit, name)
    else:
        wait = timedelta(seconds=BACKOFF[min(found.tries, len(BACKOFF) - 1)])
        timers.put(unit, name, _replace(found, tries=found.tries + 1, due_at=now + wait))


def _aside(timer: Timer, error: str, now: datetime) -> Quarantined:
    return Quarantined(
        id=f"{FAILED}:{digest(name_of(timer))}", code=FAILED, at=now, topic="timers",
        why=f"{name_of(timer)} failed {MOST_TRIES} times, last with {error}",
        body=msgspec.json.encode(timer).decode(),
    )  # fmt: skip


def revive(unit: Unit, aside: Quarantined, now: datetime) -> None:
    """Set a timer from quarantine again, due now and as if it had never failed."""
    timer = msgspec.json.decode(aside.body, type=Timer)
    name = name_of(timer)
    if timers.get(unit, name) is None:  # else it was set anew meanwhile
        timers.put(unit, name, _replace(timer, tries=0, due_at=now))
    quarantine.delete(unit, f"{FAILED}:{name}")


def due(most: int, shop: Shop) -> tuple[list[Timer], bool]:
    """List what is due by now, and tell whether there may be more.

    What this code cannot read is put off: it delays no other, and is there once code can.
    """
    now = shop.clock.now()
    found = timers.readable(shop.store, ("due_at", "<=", now), order="due_at", limit=most)
    for address, timer in found:
        if timer is None:
            shop.log("ERROR", "timer cannot be read", timer=address)
            key = Key(timers.collection, address)
            shop.store.atomically("ledger", partial(_wait, key, now + UNREADABLE))
    return [timer for _, timer in found if timer], len(found) == most


def _wait(key: Key, until: datetime, unit: Unit) -> None:
    [document] = unit.get(key)
    if document:
        unit.put(key, {**document, "due_at": until})


def name_of(timer: Timer) -> str:
    """Name a timer by what it is and what it is about; a journey's id says it is one."""
    own = timer.subject.startswith(f"{timer.kind}:")
    return timer.subject if own else f"{timer.kind}:{timer.subject}"
