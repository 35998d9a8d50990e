"""What a sale, an edit, a refund or a void does to its guest's points, in one unit."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import NamedTuple

import msgspec

from loyalty import bookkeeping
from loyalty.campaigns import offering
from loyalty.campaigns.budgeting import Purse
from loyalty.counter import vouching
from loyalty.delivery import Outcome, Shop, first_then_look
from loyalty.domain import facts, holds, receipts, reviews
from loyalty.domain.account import ReceiptFact
from loyalty.domain.entry import EntryKind, Receipt
from loyalty.domain.ledger import Passbook
from loyalty.domain.program import Program
from loyalty.domain.transaction import Claim, Refund, Sale, Transaction, Void
from loyalty.errors import TryAgain
from loyalty.events import Event, TransactionRecorded
from loyalty.guests import homes
from loyalty.ports import Store, Unit
from loyalty.records import (
    EntryRecord,
    Identity,
    Review,
    entries,
    identities,
    merges,
)
from loyalty.records import reviews as waiting

HEARS = TransactionRecorded
WAITING = 50
"""So many of a stranger's newest receipts are credited when they join."""
_replace = msgspec.structs.replace


class Older(NamedTuple):
    """Business days that the account has forgotten, as they were at an account's `seq`."""

    days: frozenset[str]
    seq: int
    facts: tuple[ReceiptFact, ...]


class _NeedsOlder(Exception):  # noqa: N818 - a question, not a failure
    def __init__(self, people: tuple[str, ...], days: frozenset[str], seq: int) -> None:
        super().__init__()
        self.people, self.days, self.seq = people, days, seq


def handle(event: Event, shop: Shop) -> Outcome:
    """Book one fact about a receipt. Running it again returns the same outcome."""
    assert isinstance(event, TransactionRecorded)  # noqa: S101 - `deliver` saw to it
    fact, older = event.transaction, Older(frozenset(), -1, ())
    look = not isinstance(fact, Sale)
    for _ in range(8):
        try:
            return first_then_look(partial(_decide_in_unit, fact, older, shop), look=look)
        except _NeedsOlder as ask:
            found = facts_of_days(shop.store, ask.people, ask.days)
            older, look = Older(ask.days, ask.seq, found), True
    raise TryAgain("the account keeps changing while an old day is looked up")


def _decide_in_unit(fact: Transaction, older: Older, shop: Shop, look: bool) -> Outcome:  # noqa: FBT001
    work = partial(_decide, fact=fact, older=older, shop=shop, look=look)
    return shop.store.atomically("ledger", work)


def _decide(unit: Unit, fact: Transaction, older: Older, shop: Shop, *, look: bool) -> Outcome:
    record = entries.get(unit, f"sale:{fact.receipt_id}") if look else None
    if isinstance(fact, Claim) and record and _is_their_own(unit, fact, record):
        return record.outcome
    learned = receipts.learn(record.receipt if record else None, fact)
    if learned.what != "news":
        return _again(unit, fact, record)
    member = learned.receipt.member or _member_of(unit, learned.receipt)
    member = member or next((used.member for used in learned.receipt.rewards), None)
    if member is None or learned.receipt.sale is None:
        return _keep(unit, learned.receipt, record)
    return _book(unit, fact, _replace(learned.receipt, member=member), record, older, shop)


def _again(unit: Unit, fact: Transaction, record: EntryRecord | None) -> Outcome:
    """Return what this fact published before, from the entry that it caused."""
    if record is None or record.receipt is None or record.entry is None:
        return ()
    name = receipts.act_id(fact, record.receipt, record.entry.revision)
    found = record if name == record.entry.id else entries.get(unit, name)
    return found.outcome if found else ()


def _is_their_own(unit: Unit, fact: Claim, record: EntryRecord) -> bool:
    """Tell whether a receipt is the claimant's already, under whom they were found to be since."""
    owner, merged = record.receipt and record.receipt.member, merges.get(unit, fact.member)
    before = {fact.member}
    while owner not in before and merged and not merged.shared and merged.into not in before:
        before.add(merged.into)
        merged = merges.get(unit, merged.into)
    return owner != fact.member and owner in before


def _member_of(unit: Unit, receipt: Receipt) -> str | None:
    """Find whose receipt it is by the surest of its identities that is known."""
    for name in receipt.sale.guest if receipt.sale else ():
        found = identities.get(unit, name)
        if found and found.member:
            return found.member
    return None


def _keep(unit: Unit, receipt: Receipt, record: EntryRecord | None) -> Outcome:
    """Keep a receipt that nobody can be credited for yet, where a later joining finds it."""
    names = receipt.sale.guest if receipt.sale else ()
    found = {name: identities.get(unit, name) or Identity() for name in names}
    document = bookkeeping.sale_record(receipt)
    (entries.put if record else entries.create)(unit, f"sale:{receipt.id}", document)
    for name, identity in found.items():
        others = [other for other in identity.waiting if other != receipt.id]
        waiting = (*others, receipt.id)[-WAITING:]
        identities.put(unit, name, _replace(identity, waiting=waiting))
    return ()


def _book(
    unit: Unit, fact: Transaction, receipt: Receipt, record: EntryRecord | None, older: Older,
    shop: Shop,
) -> Outcome:  # fmt: skip
    sale = _sale(receipt)
    version = shop.programs.judging(sale.occurred_at, sale.store)
    rules = shop.programs.named(receipt.version) if receipt.version else version.program
    first = record.entry if record else None
    trigger = receipts.act_id(fact, receipt, first.revision if first else None)
    days = {facts.day_of(rules, sale), receipt.day, *receipt.away} - {""}
    book, purse = _opened(unit, receipt.member, days, older, shop), Purse(unit)
    if first is None:
        receipt = _first(book, receipt, rules, version.hash, purse)
        trigger = f"sale:{receipt.id}"
    elif isinstance(fact, Sale):
        receipt = offering.settled(reviews.at_revision(rules, receipt), rules, purse)
        receipt = book.book(receipt, "edit", trigger, rules, sale.occurred_at)
    elif isinstance(fact, Refund):
        receipt = _replace(receipt, posted=(*receipt.posted, fact.id))
        receipt = _take_back(book, offering.settled(receipt, rules, purse), fact, rules)
    elif isinstance(fact, Void):
        receipt = offering.settled(_replace(receipt, voided=True), rules, purse)
        receipt = _take_back(book, receipt, fact, rules)
    outcome = _write(unit, book, receipt, record, trigger)
    purse.write(unit)
    return outcome


def _opened(unit: Unit, member: str, days: Iterable[str], older: Older, shop: Shop) -> Passbook:
    """Open the passbook, with the facts of all these days."""
    home = homes.find(unit, member)
    if home is None:
        raise TryAgain("the account is not there yet")
    account = home.account
    forgotten = frozenset(day for day in days if day < account.facts_from)
    if forgotten and (older.days, older.seq) != (forgotten, account.seq):
        raise _NeedsOlder(homes.everybody(account), forgotten, account.seq)
    return bookkeeping.opened_from(home, shop.programs.at(shop.clock.now()), shop, older.facts)


def _first(book: Passbook, receipt: Receipt, rules: Program, version: str, purse: Purse) -> Receipt:
    """Judge a receipt for the first time: its version, tier, segments and offers are kept.

    What came before its sale (refunds, a void) counts at once, so that the guest hears of one
    net act; each still gets its entry, of no points.
    """
    sale, early = _sale(receipt), receipts.waiting(receipt)
    receipt = _replace(
        reviews.at_first(rules, receipt, book.account.facts), version=version,
        tier=book.account.tier, segments=book.account.segments, voided=receipt.void is not None,
        posted=tuple(refund.id for refund in early),
    )  # fmt: skip
    receipt = offering.begun(book, receipt, rules, purse)
    receipt = book.book(receipt, "sale", f"sale:{receipt.id}", rules, sale.occurred_at)
    told: list[Refund | Void] = [*early, *([receipt.void] if receipt.void else [])]
    for fact in told:
        receipt = _take_back(book, receipt, fact, rules)
    return receipt


def _take_back(book: Passbook, receipt: Receipt, fact: Refund | Void, rules: Program) -> Receipt:
    """Book what a refund or a void leaves to be taken, as an entry of its own."""
    kind: EntryKind = "refund" if isinstance(fact, Refund) else "void"
    name = receipts.act_id(fact, receipt, None)
    return book.book(receipt, kind, name, rules, fact.occurred_at)


def _write(
    unit: Unit, book: Passbook, receipt: Receipt, record: EntryRecord | None, trigger: str
) -> Outcome:
    name, old = f"sale:{receipt.id}", receipt
    receipt = holds.returns(book, receipt)
    vouching.reopen(unit, vouching.read(unit, _returned(old, receipt)), book)
    events = bookkeeping.posted(book, None if receipt.review else receipt.sale)
    outcome = bookkeeping.write(unit, book, trigger, events, apart=name)
    entry = next((entry for entry, _ in book.pages if entry.id == name), None)
    if entry is None and record:
        entry, kept = record.entry, record.outcome
    else:
        kept = outcome
    was = record.receipt.state if record and record.receipt else ""
    if "review" in (was, receipt.state) and was != receipt.state:
        _review(unit, receipt, book)
    document = bookkeeping.sale_record(receipt, entry, kept)
    (entries.put if record else entries.create)(unit, name, document)
    return outcome


def _returned(old: Receipt, new: Receipt) -> list[str]:
    """Name the vouchers that a receipt gave back just now."""
    pairs = zip(old.rewards, new.rewards, strict=True)
    return [now.voucher for was, now in pairs if now.voucher and now.returned and not was.returned]


def _review(unit: Unit, receipt: Receipt, book: Passbook) -> None:
    """Ask a person about a receipt that waits now, or no more about one that a revision mended."""
    review = Review(
        receipt=receipt.id, member=receipt.member, why=receipt.review, at=book.now,
        state="open" if receipt.state == "review" else "lifted",
    )  # fmt: skip
    waiting.put(unit, receipt.id, review)


def facts_of_days(
    store: Store, people: Iterable[str], days: Iterable[str]
) -> tuple[ReceiptFact, ...]:
    """Look up business days that the account has forgotten (one bounded query for each)."""
    found = {
        receipt.id: receipt
        for member in people
        for day in days
        for record in entries.find(store, ("days", "contains", f"{member}:{day}"), limit=500)
        if record.entry and (receipt := record.receipt)
    }
    known = (fact for receipt in found.values() for fact in facts.facts_of(receipt))
    return tuple(fact for fact in known if fact.day in days)


def _sale(receipt: Receipt) -> Sale:
    if receipt.sale is None:
        raise TryAgain("the sale is not here yet")
    return receipt.sale
