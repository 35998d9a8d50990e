"""A receipt gets the offers that its guest has, as far as the campaigns' budgets go."""

from __future__ import annotations

import msgspec

from loyalty.campaigns.budgeting import Purse
from loyalty.domain import facts, granting, offers
from loyalty.domain.campaigns import Cost, price
from loyalty.domain.earning import judge
from loyalty.domain.entry import Receipt
from loyalty.domain.ledger import Passbook
from loyalty.domain.offers import Applied, Offered
from loyalty.domain.program import Program

_replace = msgspec.structs.replace


def begun(book: Passbook, receipt: Receipt, rules: Program, purse: Purse) -> Receipt:
    """Give a receipt, judged for the first time, the offers of its guest; they never change.

    What is for a first purchase is used up by the first one that it gives something for.
    """
    if receipt.sale is None or not book.account.offers:
        return receipt
    found = offers.held(book.account.offers, book.told, receipt.sale.occurred_at)
    meant = [each for each in found if _is_meant(each, book, receipt, rules)]
    levels = [offers.applied(each, purse.level(each)) for each in meant]
    own = tuple(each for each in levels if each)
    receipt = settled(_replace(receipt, offers=own), rules, purse)
    kept = tuple(each for each in receipt.offers if each.offer.each != "first" or each.granted)
    marked = offers.marked(book.account.offers, kept)
    book.account = _replace(book.account, offers=marked)
    return _replace(receipt, offers=kept)


def _is_meant(offered: Offered, book: Passbook, receipt: Receipt, rules: Program) -> bool:
    """Tell whether an offer for visits finds one: a receipt that counts, in no sitting so far."""
    if offered.offer.points is None or offered.offer.each == "first" or receipt.sale is None:
        return True
    back = [receipt.refunds[name] for name in receipt.posted]
    kept = judge(rules, receipt.sale, back, receipt.tier, receipt.segments).kept
    return facts.counts(rules, receipt.sale, kept) and book.begins_visit(receipt, rules)


def settled(receipt: Receipt, rules: Program, purse: Purse) -> Receipt:
    """Take from the budgets what a receipt's offers are worth now, or give back what they lost."""
    known: list[Applied] = []
    for each in receipt.offers:
        points = granting.wanted(receipt, rules, known, each)
        known.append(_granted(each, points, purse))
    return _replace(receipt, offers=tuple(known))


def _granted(each: Applied, points: int, purse: Purse) -> Applied:
    more = Cost(
        points - each.granted, price(points, each.budget) - price(each.granted, each.budget)
    )
    if not purse.take(each.campaign, each.budget, more, each.member, offer=True):
        return _replace(each, short=True)
    return _replace(each, granted=points, short=False)
