"""Which receipts wait for a person before they earn anything."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

import msgspec

from loyalty.domain import facts
from loyalty.domain.account import ReceiptFact
from loyalty.domain.entry import Entry, Receipt
from loyalty.domain.money import show
from loyalty.domain.program import Program
from loyalty.domain.transaction import Sale

Verdict = Literal["approved", "refused"]
"""What a person decides."""
HELD = "held for review"
"""How the reason of an entry begins that booked nothing because its receipt waits."""
_TOO_LARGE = "above the ceiling"
_replace = msgspec.structs.replace


def at_first(rules: Program, receipt: Receipt, known: Iterable[ReceiptFact]) -> Receipt:
    """Hold a receipt that is too large, or one of too many, when it is first judged."""
    sale = receipt.sale
    why = (_ceiling(rules, sale, 0) or _velocity(rules, sale, known)) if sale else ""
    return _replace(receipt, review=why, state="review" if why else "posted")


def at_revision(rules: Program, receipt: Receipt) -> Receipt:
    """Hold what a revision made too large, beyond what a person approved; let go what it mended.

    So what the ceiling does to a receipt nobody looked at does not depend on the revisions' order.
    """
    if receipt.state == "refused" or receipt.voided or receipt.sale is None:
        return receipt
    why, waits = _ceiling(rules, receipt.sale, receipt.cleared), receipt.state == "review"
    if why and not waits:
        return _replace(receipt, review=why, state="review")
    if waits and not why and receipt.review.startswith(_TOO_LARGE):
        return _replace(receipt, review="", state="posted")
    return receipt


def from_the_start(entry: Entry) -> bool:
    """Tell whether a receipt was held when it was first booked."""
    return entry.reason.startswith(HELD)


def _ceiling(rules: Program, sale: Sale, cleared: int) -> str:
    ceiling = rules.earning.limits.receipt_ceiling
    if ceiling is None or sale.total <= max(ceiling, cleared):
        return ""
    return f"{_TOO_LARGE} of {show(ceiling, sale.currency)}"


def _velocity(rules: Program, sale: Sale, known: Iterable[ReceiptFact]) -> str:
    most = rules.earning.limits.receipts_per_hour
    if most is None:
        return ""
    name = facts.short(sale.receipt_id)
    others = [fact for fact in known if fact.receipt != name]
    if facts.within_an_hour(others, sale.occurred_at) < most:
        return ""
    return f"more than {most} receipts in an hour"
