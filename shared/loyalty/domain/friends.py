"""Friends who were brought: whose addresses are one, and what makes bringing one look made up."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import NamedTuple

from loyalty.domain.entry import Receipt
from loyalty.domain.program import Referral
from loyalty.domain.transaction import BY_HAND

DAY = timedelta(days=1)
_DOTS_ARE_NOTHING = frozenset({"gmail.com", "googlemail.com"})
"""Providers who say so themselves; elsewhere a dot may tell two people apart."""


class Seen(NamedTuple):
    """What is known of a friend and of who brought them, as of the day of paying.

    `receipts` are the friend's, `works_at` the stores where the referrer works, `mine` when this
    friend qualified and `others` when the referrer's other friends did, `shares` whether the
    friend's account is kept for others too.
    """

    receipts: tuple[Receipt, ...] = ()
    works_at: frozenset[str] = frozenset()
    mine: datetime | None = None
    others: tuple[datetime, ...] = ()
    shares: bool = False
    friend_email: str = ""
    referrer_email: str = ""


def line(terms: Referral) -> int:
    """Return what a friend must keep for both to be paid, in minor units; never nothing."""
    return max(1, terms.minimum)


def mailbox(email: str) -> str:
    """Name the mailbox that a normalized address leads to: without its tag, and dots at Gmail."""
    name, _, domain = email.rpartition("@")
    plain = name.partition("+")[0] or name
    if domain in _DOTS_ARE_NOTHING:
        return f"{plain.replace('.', '')}@gmail.com"
    return f"{plain}@{domain}"


def same_mailbox(one: str, other: str) -> bool:
    """Tell whether two addresses surely lead to one mailbox."""
    return bool(one and other) and mailbox(one) == mailbox(other)


def alike(one: str, other: str) -> bool:
    """Tell whether two addresses differ by nothing but dots and tags: perhaps one person's."""
    return bool(one and other) and _bare(one) == _bare(other)


def _bare(email: str) -> str:
    name, _, domain = mailbox(email).rpartition("@")
    return f"{name.replace('.', '')}@{domain}"


def suspicions(seen: Seen, terms: Referral) -> tuple[str, ...]:
    """Say what makes a referral look made up; empty if nothing does. Never quotes an address."""
    return tuple(_suspicions(seen, terms))


def _suspicions(seen: Seen, terms: Referral) -> Iterator[str]:
    kept = (receipt.sale for receipt in seen.receipts if receipt.sale and receipt.kept > 0)
    sales = sorted(kept, key=lambda sale: (sale.occurred_at, sale.receipt_id))
    if sales and seen.works_at.issuperset(sale.store for sale in sales):
        yield "the friend bought only where the referrer works"
    if most_within_a_day(seen.mine, seen.others) > terms.per_day:
        yield f"more than {terms.per_day} friends qualified within a day"
    if seen.shares and sum(receipt.kept for receipt in seen.receipts) < line(terms):
        yield "the friend kept too little without what others on the account bought"
    if sales and sales[0].revision == BY_HAND:
        yield "the friend's first purchase was keyed in by hand"
    if alike(seen.friend_email, seen.referrer_email):
        yield "both have the same e-mail address but for dots or a tag"


def most_within_a_day(mine: datetime | None, others: Iterable[datetime]) -> int:
    """Count the most friends who qualified within any 24 hours that this one falls into."""
    if mine is None:
        return 0
    near = [at for at in (mine, *others) if abs(at - mine) < DAY]
    return max(sum(start <= at < start + DAY for at in near) for start in near if start <= mine)
