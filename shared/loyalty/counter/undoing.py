"""The last thing a person did at a till, which they can undo for half an hour."""

from __future__ import annotations

from datetime import timedelta

from loyalty.counter import adjusting, keying, redeeming
from loyalty.counter.till_records import Undoable
from loyalty.delivery import Shop
from loyalty.errors import Problem
from loyalty.records import adjustments, entries, undoable

OFFERED = timedelta(minutes=30)


def remember(person: str, last: Undoable, shop: Shop) -> None:
    """Keep what a person did last."""
    shop.store.atomically("ledger", lambda unit: undoable.put(unit, person, last))


def forget(person: str, shop: Shop) -> None:
    """Offer nothing to undo: what was done last cannot be."""
    shop.store.atomically("ledger", lambda unit: undoable.delete(unit, person))


def last(person: str, store: str, shop: Shop) -> Undoable | None:
    """Tell what a person can undo at a store now."""
    found = undoable.get(shop.store, person)
    here = found is not None and found.store == store
    return found if found and here and shop.clock.now() - found.at < OFFERED else None


def undo(person: str, name: str, store: str, shop: Shop) -> Undoable:
    """Undo a person's last act, if it still is the one they were offered. Raises Problem 404, 409.

    Undoing it twice undoes it once.
    """
    found = last(person, store, shop)
    if found is None or found.id != name:
        raise Problem(404, "not_found", "There is nothing to undo any more.")
    by = f"staff:{person}"
    if found.act == "hold":
        redeeming.void(found.id, by, shop)
    elif found.act == "capture":
        redeeming.take_back(found.id, by, shop)
    elif found.act == "sale":
        keying.take_back(found.id, store, shop)
    else:
        _take_back(found.id, by, shop)
    forget(person, shop)
    return found


def _take_back(key: str, by: str, shop: Shop) -> None:
    """Undo an adjustment: one that waits is withdrawn, one that was booked gets its opposite."""
    asked = adjustments.get(shop.store, key)
    if asked and asked.state == "open" and not entries.get(shop.store, f"adjust:{key}"):
        adjusting.turn_down(key, by, shop)
    else:
        adjusting.take_back(key, by, shop)
