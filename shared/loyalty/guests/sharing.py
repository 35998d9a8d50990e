"""What one of several people may take of the account that they share, in a day."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import NamedTuple

from loyalty.delivery import Shop
from loyalty.domain import calendar
from loyalty.domain.entry import OF_REWARDS, Entry
from loyalty.errors import AlreadyExists, Problem
from loyalty.guests import homes
from loyalty.guests.homes import Home
from loyalty.records import entries

MOST = 500
"""So many of the newest acts on an account are looked at."""


class Allowance(NamedTuple):
    """The points that somebody can still take rewards for today, as of an account's `seq`.

    None: any number, since as of then nobody shared the account.
    """

    points: int | None
    seq: int


def allowance(member: str, shop: Shop) -> Allowance | None:
    """Tell what a member may still take today; None if nothing limits those who share."""
    program = shop.programs.current().program
    most = program.household.points_per_day
    home = homes.find(shop.store, member) if most else None
    if home is None or most is None:
        return None
    if not homes.shared(shop.store, home):
        return Allowance(None, home.account.seq)
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
    return Allowance(most - taken(acts, names), home.account.seq)


def taken(acts: Iterable[Entry], names: Collection[str]) -> int:
    """Add up what a person's rewards cost, less what came back of them."""
    told = [entry for entry in acts if entry.kind in OF_REWARDS]
    own = {entry.id for entry in told if entry.kind == "hold" and entry.members[-1] in names}
    return -sum(entry.points for entry in told if entry.id in own or entry.cause in own)


def check(allowed: Allowance | None, cost: int, home: Home) -> None:
    """Let a reward be taken. Raises Problem 409, and AlreadyExists if the account moved on.

    Who had an account alone has it alone as long as it keeps nobody else's points.
    """
    if allowed is None or not cost or (allowed.points is None and not home.account.others):
        return
    if home.account.seq != allowed.seq:
        raise AlreadyExists("the account moved on")
    if allowed.points is not None and cost > allowed.points:
        raise Problem(409, "over_daily_limit", "That is more than each may take of it in a day.")
