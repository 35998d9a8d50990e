"""A campaign's budget, in sixteen parts, so that many guests can be given something at once.

A guest's gifts are spent from the part of their own, then from the others, in the unit that gives
them. A part has only what it wrote: whoever spends from it at the same moment looks again.
"""

from __future__ import annotations

import hashlib

from loyalty.campaign_records import CampaignRecord, Spent
from loyalty.domain.campaigns import Budget, Cost
from loyalty.ports import Store, Unit
from loyalty.records import budgets

PARTS = 16


def spend(unit: Unit, record: CampaignRecord, cost: Cost, person: str) -> bool:
    """Spend what a guest is to be given, all or nothing; False: it is not there any more.

    Reads before it writes, so it stands before whatever else the unit writes.
    """
    budget = record.campaign.budget
    asked = Cost(
        cost.points if budget.points is not None else 0,
        cost.money if budget.money is not None else 0,
    )
    if asked == Cost():
        return True
    own = _part_of(person)
    taken = _take(unit, record, [own], asked) or _take(unit, record, _from(own), asked)
    for name, spent in taken.items():
        budgets.put(unit, name, spent)
    return bool(taken)


def spent(store: Store, name: str) -> Cost:
    """Add up what a campaign has spent of its budget."""
    found = budgets.several(store, [_name(name, part) for part in range(PARTS)])
    return Cost(sum(e.points for e in found if e), sum(e.money for e in found if e))


def _take(unit: Unit, record: CampaignRecord, parts: list[int], asked: Cost) -> dict[str, Spent]:
    """Say what is left in the parts that are spent from; nothing if they have too little."""
    names, taken = [_name(record.id, part) for part in parts], {}
    for part, name, found in zip(parts, names, budgets.several(unit, names), strict=True):
        was, share = found or Spent(), _share(record.campaign.budget, part)
        points = min(asked.points, share.points - was.points)
        money = min(asked.money, share.money - was.money)
        if points or money:
            taken[name] = Spent(points=was.points + points, money=was.money + money)
        asked = Cost(asked.points - points, asked.money - money)
    return taken if asked == Cost() else {}


def _share(budget: Budget, part: int) -> Cost:
    """Tell what a part may spend: together they have the whole budget."""
    return Cost(*(amount // PARTS + (part < amount % PARTS)
                  for amount in (budget.points or 0, budget.money or 0)))  # fmt: skip


def _part_of(person: str) -> int:
    return hashlib.sha256(person.encode()).digest()[0] % PARTS


def _from(own: int) -> list[int]:
    return [(own + step) % PARTS for step in range(PARTS)]


def _name(name: str, part: int) -> str:
    return f"budget:{name}:{part}"
