"""A person's word on a receipt that waits: approved, it is booked; refused, it earns nothing."""

from __future__ import annotations

from functools import partial
from typing import Literal, NamedTuple

import msgspec

from loyalty import bookkeeping, timekeeping
from loyalty.delivery import RACES, Outcome, Shop
from loyalty.domain.account import ReceiptFact
from loyalty.domain.entry import Entry, Receipt
from loyalty.domain.ledger import Passbook
from loyalty.errors import Problem, TryAgain
from loyalty.ports import Unit
from loyalty.records import AccountRecord, EntryRecord, Review, accounts, entries, reviews
from loyalty.steps.points_calculation import facts_of_days

Verdict = Literal["approved", "refused"]
_replace = msgspec.structs.replace


class _Word(NamedTuple):
    """Who decided what about which receipt."""

    receipt: str
    verdict: Verdict
    by: str

    @property
    def act(self) -> str:
        return f"review:{self.receipt}:{self.verdict}"


class _Day(NamedTuple):
    """The receipt's business day, as it was at an account's `seq`."""

    seq: int
    facts: tuple[ReceiptFact, ...]


class _Waiting(NamedTuple):
    """A receipt that waits, and what deciding on it rests on."""

    review: Review
    record: EntryRecord
    receipt: Receipt
    owner: AccountRecord


def decide(receipt: str, verdict: Verdict, by: str, shop: Shop) -> Entry:
    """Decide on a receipt by its id and keep who did; return the entry that books it.

    Raises Problem 404 if no such receipt waits, and 409 if it was decided on before.
    """
    word = _Word(receipt, verdict, by)
    for _ in range(RACES):
        work = partial(_decide, word, _day_of(receipt, shop), shop)
        if decided := shop.store.atomically("ledger", work):
            entry, outcome = decided
            timekeeping.keep(word.act, outcome, shop)
            return entry
    raise TryAgain("the account keeps changing while the receipt is decided on")


def _day_of(name: str, shop: Shop) -> _Day:
    """Look up the receipt's day: people decide late, and the account may have forgotten it."""
    record = entries.get(shop.store, f"sale:{name}")
    receipt = record.receipt if record else None
    owner = accounts.get(shop.store, receipt.member) if receipt else None
    if receipt is None or owner is None:
        raise _unknown()
    known = {fact.receipt for fact in owner.account.facts}
    day = facts_of_days(shop.store, receipt.member, {receipt.day, *receipt.away})
    return _Day(owner.account.seq, tuple(fact for fact in day if fact.receipt not in known))


def _decide(word: _Word, day: _Day, shop: Shop, unit: Unit) -> tuple[Entry, Outcome] | None:
    """Book the difference that the verdict makes; None if the account moved on meanwhile."""
    found, now = _waiting(unit, word.receipt), shop.clock.now()
    if found.owner.account.seq != day.seq:
        return None
    book = bookkeeping.opened_from(found.owner, shop.programs.at(now), shop, day.facts)
    receipt = _booked(book, found.receipt, word, shop)
    sold = receipt.sale if word.verdict == "approved" else None
    outcome = bookkeeping.write(unit, book, word.act, bookkeeping.posted(book, sold))
    document = bookkeeping.sale_record(receipt, found.record.entry, found.record.outcome)
    entries.put(unit, f"sale:{word.receipt}", document)
    reviews.put(unit, word.receipt, _replace(found.review, state=word.verdict, by=word.by))
    timekeeping.promise(unit, word.act, outcome, now)
    return next(entry for entry, _ in book.pages if entry.id == word.act), outcome


def _booked(book: Passbook, receipt: Receipt, word: _Word, shop: Shop) -> Receipt:
    decided = _replace(receipt, state="posted" if word.verdict == "approved" else "refused")
    return book.book(decided, "review", word.act, shop.programs.named(receipt.version), book.now)


def _waiting(unit: Unit, name: str) -> _Waiting:
    review, record = reviews.get(unit, name), entries.get(unit, f"sale:{name}")
    receipt = record.receipt if record else None
    if review is None or record is None or receipt is None:
        raise _unknown()
    if review.state != "open":
        told = f"The receipt was {review.state} by {review.by} already."
        raise Problem(409, "already_decided", told)
    owner = accounts.get(unit, receipt.member)
    if owner is None:
        raise TryAgain("the account is not there yet")
    return _Waiting(review, record, receipt, owner)


def _unknown() -> Problem:
    return Problem(404, "not_found", "No such receipt waits for a review.")
