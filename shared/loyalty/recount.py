"""An account as its entries alone tell it: as of now, or of any moment before."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

import msgspec

from loyalty.domain import earning, facts, lots, receipts, tiers
from loyalty.domain.account import Account, ReceiptFact, Standing, Totals
from loyalty.domain.entry import Book, Entry, Receipt

OF_RECEIPTS = frozenset({"sale", "edit", "refund", "void", "review"})
"""The kinds of entries that are acts on a receipt."""
_replace = msgspec.structs.replace


def rebuilt(member: str, entries: Iterable[Entry]) -> Account:
    """Rebuild an account as it stood after these entries."""
    account = Account(id=member)
    for entry in sorted(entries, key=lambda entry: entry.seq):
        account = turned(account, entry)
    return account


def turned(account: Account, entry: Entry) -> Account:
    """Lead an account over one entry, by what the entry itself says."""
    kept = account.lots
    for move in entry.moves:
        kept = lots.add(kept, move)
    return _replace(
        account, seq=entry.seq, count=account.count + 1, lots=kept, totals=entry.after,
        debt=account.debt - on(entry, "debt"), standing=_standing(account, entry),
    )  # fmt: skip


def on(entry: Entry, *books: Book) -> int:
    """Add up what an entry posts on some books."""
    return sum(posting.points for posting in entry.postings if posting.book in books)


def gained(entry: Entry) -> int:
    """Tell the points an act on a receipt was worth, whatever debt or forgiveness made of them."""
    return -on(entry, "issued") if entry.kind in OF_RECEIPTS else 0


def _standing(account: Account, entry: Entry) -> Standing | None:
    if entry.tier_after == account.tier:
        return account.standing
    tier = entry.tier_after
    return Standing(tier=tier, since=entry.at, cause=entry.id) if tier else None


class Tails(NamedTuple):
    """What receipts come to together."""

    carry: dict[str, int]
    points: int
    spend: int
    facts: tuple[ReceiptFact, ...]


def tails(known: Iterable[Receipt]) -> Tails:
    """Add up receipts. Points are those without carry and those that the carried sums are worth."""
    told = [receipt for receipt in known if receipt.sale]
    carry = _carry(told)
    in_sums = sum(amount // earning.rate(key) for key, amount in carry.items())
    return Tails(
        carry=carry,
        points=sum(receipt.booked for receipt in told) + in_sums,
        spend=sum(receipt.kept for receipt in told),
        facts=facts.remembered(facts.fact_of(receipt) for receipt in told),
    )


def _carry(told: Iterable[Receipt]) -> dict[str, int]:
    sums: Counter[str] = Counter()
    for receipt in told:
        sums.update(receipt.carried)
    return {key: amount for key, amount in sorted(sums.items()) if amount}


def months(entries: Iterable[Entry], known: Mapping[str, Receipt]) -> dict[str, Totals]:
    """Add up what purchases brought by the month of their receipts."""
    account = Account(id="")
    for entry in _about(entries, known):
        month = known[entry.receipt].day[:7]
        sums = tiers.months_with(account, month, _progress(entry))
        account = _replace(account, months=sums)
    return account.months


def visits(entries: Iterable[Entry], known: Mapping[str, Receipt]) -> Counter[str]:
    """Add up the visits that were counted on each business day."""
    found: Counter[str] = Counter()
    for entry in _about(entries, known):
        found[known[entry.receipt].day] += _progress(entry).visits
    return found


def acts(receipt: Receipt) -> Iterator[str]:
    """Name the entries, edits apart, that a receipt must have to be as it is."""
    yield f"sale:{receipt.id}"
    refunds = (receipt.refunds[name] for name in receipt.posted if name in receipt.refunds)
    yield from (receipts.act_id(refund, receipt, None) for refund in refunds)
    if receipt.voided:
        yield f"void:{receipt.id}"
    if receipt.review and receipt.state != "review":
        yield f"review:{receipt.id}:{'refused' if receipt.state == 'refused' else 'approved'}"


def _about(entries: Iterable[Entry], known: Mapping[str, Receipt]) -> Iterator[Entry]:
    return (e for e in entries if e.kind in OF_RECEIPTS and e.receipt in known)


def _progress(entry: Entry) -> Totals:
    before, after = entry.before, entry.after
    return Totals(
        spend=after.spend - before.spend,
        visits=after.visits - before.visits,
        points=after.points - before.points,
    )
