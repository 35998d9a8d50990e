"""What lies ahead of a guest: the points that lapse next, and the next reward."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import NamedTuple

from loyalty.domain import calendar, rewards
from loyalty.domain.account import Account
from loyalty.domain.program import Program
from loyalty.domain.rewards import Offer

NONE = "-"
"""Stands where there is no such day, or no such reward."""
_MINUTE = timedelta(minutes=1)


class Ahead(NamedTuple):
    """What a message can say of it."""

    values: dict[str, str]
    words: dict[str, str]


def ahead(account: Account, program: Program, now: datetime) -> Ahead:
    """Say what lapses next, on which last day, and how much is missing for the next reward."""
    points, day = _next_lapse(account, program, now)
    values = {"expiring": str(points), "expires_on": day}
    if found := _next_reward(account, program, now):
        words = {"next_reward": f"reward:{found.name}"}
        return Ahead(values | {"missing": str(found.missing)}, words)
    return Ahead(values | {"next_reward": NONE, "missing": "0"}, {})


def _next_lapse(account: Account, program: Program, now: datetime) -> tuple[int, str]:
    """Add up the points that lapse first, all at one instant, and name their last day."""
    lapses = [lot.expires_at for lot in account.lots if lot.expires_at and not lot.lapsed(now)]
    if not lapses:
        return 0, NONE
    first = min(lapses)
    points = sum(lot.points for lot in account.lots if lot.expires_at == first)
    return points, calendar.local(first - _MINUTE, program.zone).date().isoformat()


def _next_reward(account: Account, program: Program, now: datetime) -> Offer | None:
    """Find the cheapest reward that points are not enough for; if all are, the dearest one."""
    offers = list(rewards.offers(program, account.points(now), account.tier))
    return next((offer for offer in offers if offer.missing), offers[-1] if offers else None)
