"""What only a guest's history tells an automation: how often they come, and a month's sums."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from loyalty.delivery import Shop
from loyalty.domain import absences, calendar, occasions
from loyalty.domain.account import Account
from loyalty.domain.automations import Dormant
from loyalty.domain.entry import OF_REWARDS, Entry
from loyalty.domain.ledger import Passbook
from loyalty.domain.occasions import Measured
from loyalty.domain.program import Program
from loyalty.ports import Store
from loyalty.records import entries

NEWEST = 200
"""So many of a guest's newest acts tell how often they come."""

MOST = 1000
"""More acts than any guest's month has."""


def measure(account: Account, program: Program, shop: Shop) -> Measured:
    """Look up what the occasions that are due rest on; most ask for nothing."""
    now = shop.clock.now()
    months = occasions.asks_for_months(account, program, now)
    absent = [n for n, a in program.automations.items() if isinstance(a, Dormant)]
    return Measured(
        seq=account.seq,
        since={name: shop.programs.since(name) for name in absent},
        rhythms=rhythms(account, program, shop.store, now),
        statements={month: statement(account, month, program, shop) for month in months},
    )


def misses(known: Measured, account: Account, program: Program, now: datetime) -> bool:
    """Tell whether something is due by now that was not when it was measured."""
    months = occasions.asks_for_months(account, program, now)
    asking = occasions.asks_for_rhythm(account, program, now)
    return not (set(months) <= known.statements.keys() and set(asking) <= known.rhythms.keys())


def rhythms(
    account: Account, program: Program, store: Store, now: datetime
) -> dict[str, timedelta | None]:
    """Tell how often a guest comes, for automations that need to know it now."""
    asking = occasions.asks_for_rhythm(account, program, now)
    return dict.fromkeys(asking, _rhythm(account, store) if asking else None)


def _rhythm(account: Account, store: Store) -> timedelta | None:
    """Tell the usual time between two days on which somebody of an account came."""
    found = entries.find(
        store, ("members", "contains", account.id), order="at", descending=True, limit=NEWEST
    )
    first: dict[str, datetime] = {}
    for record in found:
        receipt = record.receipt
        if receipt and receipt.counts and receipt.sale:
            at = receipt.sale.occurred_at
            first[receipt.day] = min(first.get(receipt.day, at), at)
    return absences.rhythm(first.values())


def statement(account: Account, month: str, program: Program, shop: Shop) -> dict[str, str]:
    """Add a month up from the ledger: opening + earned - used - expired = closing.

    What time did and nobody wrote yet is of the month in which it happened.
    """
    book = Passbook(account, program, shop.clock.now())
    book.settle()
    first = occasions.month_end(calendar.months_back(month, 1), program.zone)
    last = occasions.month_end(month, program.zone)
    found = entries.find(
        shop.store, ("members", "contains", account.id), ("at", ">=", first), order="at",
        descending=True, limit=MOST,
    )  # fmt: skip
    acts = [record.entry for record in found if record.entry and _of(record.entry, account)]
    acts += [entry for entry, _ in book.pages]
    since = [entry for entry in acts if entry.instant >= last]
    within = [entry for entry in acts if first <= entry.instant < last]
    used = -_sum(entry for entry in within if entry.kind in OF_REWARDS)
    expired = -_sum(entry for entry in within if entry.kind == "expire")
    closing = sum(lot.points for lot in book.account.lots) - account.debt - _sum(since)
    sums = {"opening": closing - _sum(within), "earned": _sum(within) + used + expired,
            "used": used, "expired": expired, "closing": closing}  # fmt: skip
    return {name: str(points) for name, points in sums.items()}


def _of(entry: Entry, account: Account) -> bool:
    return entry.members[0] == account.id


def _sum(acts: Iterable[Entry]) -> int:
    return sum(entry.points for entry in acts)
