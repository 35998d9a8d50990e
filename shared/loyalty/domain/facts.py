"""The compact facts an account keeps of recent receipts: visits, day caps, velocity."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import date, datetime, timedelta

from loyalty.domain import calendar, visits
from loyalty.domain.account import REMEMBERED_DAYS, ReceiptFact
from loyalty.domain.entry import Receipt
from loyalty.domain.program import Program
from loyalty.domain.transaction import Sale


def short(receipt_id: str) -> str:
    """Name a receipt in a fact: 16 hex digits of its id's hash."""
    return hashlib.sha256(receipt_id.encode()).hexdigest()[:16]


def minute(at: datetime) -> int:
    """Count minutes from the epoch."""
    return int(at.timestamp()) // 60


def day_of(program: Program, sale: Sale) -> str:
    """Name the business day a sale belongs to."""
    store = sale.store
    return calendar.business_day(sale.occurred_at, program.zone_of(store), program.turn_of(store))


def counts(rules: Program, sale: Sale, kept: int) -> bool:
    """Tell whether a receipt counts for visits with so much kept of it."""
    return sale.channel in rules.visits.channels and kept >= max(1, rules.visits.minimum)


def fact_of(receipt: Receipt) -> ReceiptFact:
    """Make the fact that stands for a receipt as it is booked."""
    if receipt.sale is None:
        raise ValueError("a receipt without its sale has no fact")
    return ReceiptFact(
        receipt=short(receipt.id),
        day=receipt.day,
        store=receipt.sale.store,
        minute=minute(receipt.sale.occurred_at),
        kept=receipt.kept,
        raw=receipt.raw,
        booked=receipt.booked,
        counts=receipt.counts,
    )


def facts_of(receipt: Receipt) -> tuple[ReceiptFact, ...]:
    """Make the fact of a receipt, and one for each day on which it left points behind."""
    main = fact_of(receipt)
    return (main, *(_left(main, day, points) for day, points in receipt.away.items() if points))


def _left(main: ReceiptFact, day: str, points: int) -> ReceiptFact:
    """Stand for what a receipt keeps booked on a day that it left: others there gave it room."""
    return ReceiptFact(
        receipt=main.receipt, day=day, store=main.store, minute=main.minute, booked=points
    )


def visits_of(facts: Iterable[ReceiptFact], day: str, store: str, sitting: int) -> int:
    """Count the visits of one business day at one store."""
    minutes = (f.minute for f in facts if f.counts and f.day == day and f.store == store)
    return visits.count(minutes, sitting)


def floor(facts: Iterable[ReceiptFact], so_far: str) -> str:
    """Name the first business day that is remembered; it never falls."""
    newest = max((fact.day for fact in facts), default="0001-12-31")
    oldest = date.fromisoformat(newest) - timedelta(days=REMEMBERED_DAYS)
    return max(so_far, oldest.isoformat())


def remembered(facts: Iterable[ReceiptFact], since: str) -> tuple[ReceiptFact, ...]:
    """Keep the facts from a business day on, in a fixed order."""
    kept = (fact for fact in facts if fact.day >= since)
    return tuple(sorted(kept, key=lambda fact: (fact.minute, fact.receipt, fact.day)))


def within_an_hour(facts: Iterable[ReceiptFact], at: datetime) -> int:
    """Count receipts in the 60 minutes up to an instant, by their own times."""
    now = minute(at)
    return len({fact.receipt for fact in facts if now - 60 < fact.minute <= now})
