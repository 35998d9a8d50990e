"""The holds that a till screen may see: its store's, those that guests made, no other store's."""

from __future__ import annotations

from loyalty.counter import redeeming
from loyalty.counter.taking import Taking
from loyalty.domain.account import Account
from loyalty.errors import Problem
from loyalty.records import entries
from loyalty.web.till.visit import Visit


def here(visit: Visit, name: str) -> Taking:
    """Look at a hold. Raises Problem 404, also for one that is another store's."""
    if not _seen(visit, name):
        raise Problem(404, "not_found", "There is no such hold.")
    return redeeming.look(name, visit.shop)


def open_here(visit: Visit, account: Account) -> list[Taking]:
    """List what a guest has set aside and can be given here."""
    names = [held.id for held in account.held(visit.shop.clock.now())]
    return [redeeming.look(name, visit.shop) for name in names if _seen(visit, name)]


def _seen(visit: Visit, name: str) -> bool:
    record = entries.get(visit.shop.store, f"hold:{name}")
    entry = record.entry if record else None
    if entry is None or entry.hold is None or entry.store not in ("", visit.store):
        return False
    reward = visit.program.rewards.get(entry.hold.reward)
    return reward is None or not reward.stores or visit.store in reward.stores
