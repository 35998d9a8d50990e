"""How facts about one receipt come together, in whatever order they arrive."""

from __future__ import annotations

from typing import Any, Literal, NamedTuple

import msgspec

from loyalty.domain.entry import Receipt
from loyalty.domain.transaction import Claim, Refund, Sale, Transaction, Void
from loyalty.errors import Rejected

_replace = msgspec.structs.replace


class Learned(NamedTuple):
    """A receipt after a fact: `news`, `known` already, or `stale` (an older revision)."""

    receipt: Receipt
    what: Literal["news", "known", "stale"]


def learn(receipt: Receipt | None, fact: Transaction) -> Learned:
    """Add a fact to a receipt. Raises Rejected if the same fact came before with other money."""
    old = receipt or Receipt(id=fact.receipt_id, state="awaiting-sale")
    if isinstance(fact, Sale):
        return _sale(old, fact)
    if isinstance(fact, Refund):
        return _refund(old, fact)
    if isinstance(fact, Void):
        return _void(old, fact)
    return _claim(old, fact)


def act_id(fact: Transaction, receipt: Receipt, first_revision: int | None) -> str:
    """Name the act that a fact causes: source, account, receipt and kind, never the delivery.

    `first_revision` is the one by which the receipt was first booked, if it was.
    """
    if isinstance(fact, Refund):
        return f"refund:{receipt.id}:{fact.id}"
    if isinstance(fact, Void):
        return f"void:{receipt.id}"
    if isinstance(fact, Sale) and first_revision is not None and fact.revision > first_revision:
        return f"edit:{receipt.id}:{fact.revision}"  # an older one can only have told the guest
    return f"sale:{receipt.id}"


def waiting(receipt: Receipt) -> list[Refund]:
    """List the refunds that have no entry yet, in a fixed order."""
    return [receipt.refunds[name] for name in sorted(receipt.refunds) if name not in receipt.posted]


def _sale(old: Receipt, fact: Sale) -> Learned:
    guest = _guests(old.sale, fact)
    if old.sale is None or fact.revision > old.sale.revision:
        state = "unclaimed" if old.state == "awaiting-sale" else old.state
        return Learned(_replace(old, sale=_replace(fact, guest=guest), state=state), "news")
    if not old.member and guest != old.sale.guest:
        return Learned(_replace(old, sale=_replace(old.sale, guest=guest)), "news")
    if fact.revision < old.sale.revision:
        return Learned(old, "stale")
    if _money(fact) != _money(old.sale):
        raise Rejected("same-revision-other-money", "this revision came before with other amounts")
    return Learned(old, "known")


def _guests(old: Sale | None, fact: Sale) -> tuple[str, ...]:
    """Join what any revision told of the guest: a till may learn it late, or forget it."""
    told = (*(old.guest if old else ()), *fact.guest)
    if old and set(told) == set(old.guest):
        return old.guest
    return tuple(dict.fromkeys(told))


def _refund(old: Receipt, fact: Refund) -> Learned:
    before = old.refunds.get(fact.id)
    if before is None:
        return Learned(_replace(old, refunds={**old.refunds, fact.id: fact}), "news")
    if (before.amount, before.lines) != (fact.amount, fact.lines):
        raise Rejected("same-refund-other-money", "this refund came before with other amounts")
    return Learned(old, "known")


def _void(old: Receipt, fact: Void) -> Learned:
    if old.void:
        return Learned(old, "known")
    if fact.newest is not None and old.sale and old.sale.revision > fact.newest:
        return Learned(old, "stale")
    return Learned(_replace(old, void=fact), "news")


def _claim(old: Receipt, fact: Claim) -> Learned:
    if old.member and old.member != fact.member:
        raise Rejected("already-claimed", "the receipt belongs to somebody else")
    if old.member:
        return Learned(old, "known")
    return Learned(_replace(old, member=fact.member), "news")


def _money(sale: Sale) -> Any:
    parts = (sale.total, sale.tip, sale.tax, sale.discount, sale.reward_discount, sale.included_tax)
    lines = [
        (ln.id, ln.kind, ln.quantity, ln.amount, ln.discount, ln.included_tax) for ln in sale.lines
    ]
    return (sale.currency, parts, lines)
