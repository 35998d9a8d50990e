"""A campaign's budget, in sixteen parts, so that many guests can be given something at once.

A guest's gifts are spent from the part of their own, then from the others, in the unit that gives
them. A part has only what it wrote: whoever spends from it at the same moment looks again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import msgspec

from loyalty.campaigns.campaign_records import CampaignRecord, Spent
from loyalty.domain.campaigns import Budget, Cost
from loyalty.domain.offers import Offered
from loyalty.ports import Store, Unit
from loyalty.records import budgets

PARTS = 16
_replace = msgspec.structs.replace


class Purse:
    """What a unit takes from budgets of campaigns, read part by part, and written at its end."""

    def __init__(self, source: Unit | Store) -> None:
        self._source = source
        self._known: dict[str, Spent] = {}
        self._changed: dict[str, Spent] = {}

    def level(self, offered: Offered) -> int:
        """Tell at which percent an offer is; one without a budget is never lowered."""
        if offered.budget.points is None and offered.budget.money is None:
            return 100
        [own] = self._read([_name(offered.campaign, _part_of(offered.member))])
        return own.level

    def take(
        self, campaign: str, budget: Budget, cost: Cost, person: str, *, offer: bool = False
    ) -> bool:
        """Take it all or nothing, as far as there is a budget; what is below 0 is given back."""
        asked = Cost(
            cost.points if budget.points is not None else 0,
            cost.money if budget.money is not None else 0,
        )
        if asked == Cost():
            return True
        own, back = _part_of(person), asked.points <= 0 and asked.money <= 0
        taken = self._given([_name(campaign, own)], asked) if back else (
            self._taken(campaign, budget, [own], asked)
            or self._taken(campaign, budget, _from(own), asked)
        )  # fmt: skip
        if taken and offer:
            name = _name(campaign, own)
            mine = taken.get(name) or self._read([name])[0]
            taken[name] = _replace(mine, offers=mine.offers + cost.points)
        self._known.update(taken)
        self._changed.update(taken)
        return bool(taken)

    def write(self, unit: Unit) -> None:
        """Write what was taken. Nothing is read any more after this."""
        for name, spent in self._changed.items():
            budgets.put(unit, name, spent)

    def _read(self, names: Sequence[str]) -> list[Spent]:
        missing = [name for name in names if name not in self._known]
        for name, found in zip(missing, budgets.several(self._source, missing), strict=True):
            self._known[name] = found or Spent()
        return [self._known[name] for name in names]

    def _given(self, names: list[str], asked: Cost) -> dict[str, Spent]:
        """Give back to a part, perhaps more than was spent from it: others spent less then."""
        [name], [was] = names, self._read(names)
        points, money = was.points + asked.points, was.money + asked.money
        return {name: _replace(was, points=points, money=money)}

    def _taken(
        self, campaign: str, budget: Budget, parts: list[int], asked: Cost
    ) -> dict[str, Spent]:
        """Say what is left in the parts that are spent from; nothing if they have too little."""
        names, taken = [_name(campaign, part) for part in parts], {}
        for part, name, was in zip(parts, names, self._read(names), strict=True):
            share = _share(budget, part)
            points = max(0, min(asked.points, share.points - was.points))
            money = max(0, min(asked.money, share.money - was.money))
            if points or money:
                taken[name] = _replace(was, points=was.points + points, money=was.money + money)
            asked = Cost(asked.points - points, asked.money - money)
        return taken if asked == Cost() else {}


def spend(unit: Unit, record: CampaignRecord, cost: Cost, person: str) -> bool:
    """Spend what a guest is to be given, all or nothing; False: it is not there any more.

    Reads before it writes, so it stands before whatever else the unit writes.
    """
    purse = Purse(unit)
    had = purse.take(record.id, record.campaign.budget, cost, person)
    purse.write(unit)
    return had


def lower(unit: Unit, name: str, level: int) -> None:
    """Have a campaign's offer give so many percent from now on, whoever it is for."""
    names = [_name(name, part) for part in range(PARTS)]
    for part, found in zip(names, budgets.several(unit, names), strict=True):
        budgets.put(unit, part, _replace(found or Spent(), level=level))


def of_offer(source: Unit | Store, name: str) -> int:
    """Count the points that a campaign's offer has given, of those that a budget counts."""
    found = budgets.several(source, [_name(name, part) for part in range(PARTS)])
    return sum(each.offers for each in found if each)


def spent(store: Store, name: str) -> Cost:
    """Add up what a campaign has spent of its budget."""
    found = budgets.several(store, [_name(name, part) for part in range(PARTS)])
    return Cost(sum(e.points for e in found if e), sum(e.money for e in found if e))


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
