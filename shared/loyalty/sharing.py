"""What one of several people may take of the account that they share, in a day."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import NamedTuple

from loyalty import homes
from loyalty.delivery import Shop
from loyalty.domain import calendar
from loyalty.domain.entry import OF_REWARDS, Entry
from loyalty.errors import AlreadyExists, Problem
from loyalty.homes import Home
from loyalty.records import entries

MOST = 500
"""So many of the newest acts on an account are looked at."""


class Allowance(NamedTuple):
    """The points that somebody can still take rewards for today, as of an account's `seq`."""

    points: int
    seq: int


def allowance(member: str, shop: Shop) -> Allowance | None:
    """Tell what a member may still take today; None if nothing limits it."""
    program = shop.programs.current().program
    home = homes.find(shop.store, member) if program.household.points_per_day else None
    if home is None or not home.account.others or program.household.points_per_day is None:
        return None
    found = entries.find(
        shop.store, ("members", "contains", home.account.id), order="at", descending=True,
        limit=MOST,
    )  # fmt: skip
    today = calendar.local(shop.clock.now(), program.zone).date()
    acts = [
        record.entry for record in found
        if record.entry and calendar.local(record.entry.at, program.zone).date() == today
    ]  # fmt: skip
    names = homes.names(shop.store, home)
    left = program.household.points_per_day - taken(acts, names)
    return Allowance(left, home.account.seq)


def taken(acts: Iterable[Entry], names: Collection[str]) -> int:
    """Add up what a person's rewards cost, less what came back of them."""
    told = [entry for entry in acts if entry.kind in OF_REWARDS]
    own = {entry.id for entry in told if entry.kind == "hold" and entry.members[-1] in names}
    return -sum(entry.points for entry in told if entry.id in own or entry.cause in own)


def check(allowed: Allowance | None, cost: int, home: Home) -> None:
    """Let a reward be taken. Raises Problem 409, and AlreadyExists if the account moved on."""
    if allowed is None or not cost:
        return
    if home.account.seq != allowed.seq:
        raise AlreadyExists("the account moved on")
    if cost > allowed.points:
        raise Problem(409, "over_daily_limit", "That is more than each may take of it in a day.")
