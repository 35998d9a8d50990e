"""A person's word on a receipt that waits: approved, it is booked; refused, it earns nothing."""

from __future__ import annotations

from functools import partial
from typing import NamedTuple

import msgspec

from loyalty import bookkeeping, timekeeping
from loyalty.campaigns import offering
from loyalty.campaigns.budgeting import Purse
from loyalty.delivery import RACES, Outcome, Shop
from loyalty.domain.account import ReceiptFact
from loyalty.domain.entry import Entry, Receipt
from loyalty.domain.ledger import Passbook
from loyalty.domain.reviews import Verdict, from_the_start
from loyalty.domain.transaction import Sale
from loyalty.errors import Problem, TryAgain
from loyalty.guests import homes
from loyalty.guests.homes import Home
from loyalty.ports import Unit
from loyalty.records import EntryRecord, Review, entries, reviews
from loyalty.steps.points_calculation import facts_of_days

_replace = msgspec.structs.replace


class _Word(NamedTuple):
    """Who decided what about which receipt."""

    receipt: str
    verdict: Verdict
    by: str

    def act(self, revision: int) -> str:
        """Name the act: a later revision may have to be looked at again."""
        return f"review:{self.receipt}:{revision}:{self.verdict}"


class _Day(NamedTuple):
    """The receipt's business day, as it was at an account's `seq`."""

    seq: int
    facts: tuple[ReceiptFact, ...]


class _Waiting(NamedTuple):
    """A receipt that waits, and what deciding on it rests on."""

    review: Review
    record: EntryRecord
    receipt: Receipt
    sale: Sale
    owner: Home

    @property
    def from_the_start(self) -> bool:
        first = self.record.entry
        return first is not None and from_the_start(first)


def decide(receipt: str, verdict: Verdict, by: str, shop: Shop) -> Entry:
    """Decide on a receipt by its id and keep who did; return the entry that books it.

    Raises Problem 404 if no such receipt waits, and 409 if it was decided on before.
    """
    word = _Word(receipt, verdict, by)
    for _ in range(RACES):
        work = partial(_decide, word, _day_of(receipt, shop), shop)
        if decided := shop.store.atomically("ledger", work):
            entry, outcome = decided
            timekeeping.keep(entry.id, outcome, shop)
            return entry
    raise TryAgain("the account keeps changing while the receipt is decided on")


def _day_of(name: str, shop: Shop) -> _Day:
    """Look up the receipt's day: people decide late, and the account may have forgotten it."""
    record = entries.get(shop.store, f"sale:{name}")
    receipt = record.receipt if record else None
    owner = homes.find(shop.store, receipt.member) if receipt else None
    if receipt is None or owner is None:
        raise _unknown()
    days = {day for day in (receipt.day, *receipt.away) if day < owner.account.facts_from}
    return _Day(owner.account.seq, facts_of_days(shop.store, homes.everybody(owner.account), days))


def _decide(word: _Word, day: _Day, shop: Shop, unit: Unit) -> tuple[Entry, Outcome] | None:
    """Book the difference that the verdict makes; None if the account moved on meanwhile."""
    found, now = _waiting(unit, word.receipt), shop.clock.now()
    if found.owner.account.seq != day.seq:
        return None
    book = bookkeeping.opened_from(found.owner, shop.programs.at(now), shop, day.facts)
    act = word.act(found.sale.revision)
    purse = Purse(unit)
    receipt = _booked(book, found, word, shop, purse)
    news = word.verdict == "approved" and not receipt.voided and found.from_the_start
    events = bookkeeping.posted(book, receipt.sale if news else None)
    outcome = bookkeeping.write(unit, book, act, events)
    document = bookkeeping.sale_record(receipt, found.record.entry, found.record.outcome)
    entries.put(unit, f"sale:{word.receipt}", document)
    reviews.put(unit, word.receipt, _replace(found.review, state=word.verdict, by=word.by))
    timekeeping.promise(unit, act, outcome, now)
    purse.write(unit)
    return next(entry for entry, _ in book.pages if entry.id == act), outcome


def _booked(book: Passbook, found: _Waiting, word: _Word, shop: Shop, purse: Purse) -> Receipt:
    act, approved = word.act(found.sale.revision), word.verdict == "approved"
    decided = _replace(
        found.receipt, state="posted" if approved else "refused",
        cleared=found.sale.total if approved else 0, reviewed=(*found.receipt.reviewed, act),
    )  # fmt: skip
    rules = shop.programs.named(decided.version)
    return book.book(offering.settled(decided, rules, purse), "review", act, rules, book.now)


def _waiting(unit: Unit, name: str) -> _Waiting:
    review, record = reviews.get(unit, name), entries.get(unit, f"sale:{name}")
    receipt = record.receipt if record else None
    if review is None or record is None or receipt is None or receipt.sale is None:
        raise _unknown()
    if review.state == "lifted":
        raise Problem(409, "already_decided", "A newer revision of the receipt need not wait.")
    if review.state != "open":
        told = f"The receipt was {review.state} by {review.by} already."
        raise Problem(409, "already_decided", told)
    owner = homes.find(unit, receipt.member)
    if owner is None:
        raise TryAgain("the account is not there yet")
    return _Waiting(review, record, receipt, receipt.sale, owner)


def _unknown() -> Problem:
    return Problem(404, "not_found", "No such receipt waits for a review.")
