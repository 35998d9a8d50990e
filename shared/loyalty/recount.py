"""An account as its entries alone tell it: as of now, or of any moment before."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

import msgspec

from loyalty.domain import earning, facts, lots, merging, receipts, tiers
from loyalty.domain.account import Account, ReceiptFact, Standing, Totals
from loyalty.domain.entry import OF_MERGES, Book, Entry, Receipt
from loyalty.domain.pages import held_after, taken_after

OF_RECEIPTS = frozenset({"sale", "edit", "refund", "void", "review", "move"})
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
    after = _replace(
        account, seq=entry.seq, count=account.count + 1, lots=kept, totals=entry.after,
        debt=account.debt - on(entry, "debt"), standing=_standing(account, entry),
        holds=held_after(account.holds, entry),
    )  # fmt: skip
    return merging.linked(taken_after(after, entry), entry)


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
    stamps: dict[str, int]
    facts: tuple[ReceiptFact, ...]


def tails(known: Iterable[Receipt], account: Account) -> Tails:
    """Add up receipts. Points are those without carry and those that the carried sums are worth."""
    told = [receipt for receipt in known if receipt.sale]
    carry = _sums(
        earning.named(receipt.carried, earning.carried_by(receipt.member, account.id))
        for receipt in told
    )
    in_sums = sum(amount // earning.rate(key) for key, amount in carry.items())
    return Tails(
        carry=carry,
        points=sum(r.booked + sum(r.away.values()) for r in told) + in_sums,
        spend=sum(receipt.kept for receipt in told),
        stamps=_sums(receipt.stamps for receipt in told),
        facts=facts.remembered((f for r in told for f in facts.facts_of(r)), account.facts_from),
    )


def _sums(parts: Iterable[Mapping[str, int]]) -> dict[str, int]:
    sums: Counter[str] = Counter()
    for part in parts:
        sums.update(part)
    return {key: amount for key, amount in sorted(sums.items()) if amount}


def months(entries: Iterable[Entry]) -> dict[str, Totals]:
    """Add up what purchases and merges brought by the month of the receipts."""
    found: dict[str, Totals] = {}
    for entry in entries:
        gained = entry.moved if entry.kind in OF_MERGES else days(entry)
        found = tiers.months_with(found, gained)
    return found


def visits(entries: Iterable[Entry]) -> Counter[str]:
    """Add up the visits that were counted on each business day."""
    found: Counter[str] = Counter()
    for entry in entries:
        found.update({day: gained.visits for day, gained in days(entry).items()})
    return found


def days(entry: Entry) -> Mapping[str, Totals]:
    """Tell what each business day gained by an act on a receipt."""
    if entry.kind not in OF_RECEIPTS:
        return {}
    return entry.moved or {entry.day: _progress(entry)}


def acts(receipt: Receipt) -> Iterator[str]:
    """Name the entries, edits apart, that a receipt must have to be as it is."""
    yield f"sale:{receipt.id}"
    refunds = (receipt.refunds[name] for name in receipt.posted if name in receipt.refunds)
    yield from (receipts.act_id(refund, receipt, None) for refund in refunds)
    if receipt.voided:
        yield f"void:{receipt.id}"
    yield from receipt.reviewed


def _progress(entry: Entry) -> Totals:
    return entry.after.minus(entry.before)
