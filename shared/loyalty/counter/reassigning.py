"""A receipt that was booked for the wrong guest, moved to the right one.

Both accounts change in one unit: all that the receipt brought the one goes, and it is judged for
the other as if it had been theirs. Rewards used on it stay with who used them.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import NamedTuple

import msgspec

from loyalty import bookkeeping, recount, timekeeping
from loyalty.campaigns import offering
from loyalty.campaigns.budgeting import Purse
from loyalty.delivery import RACES, Outcome, Shop
from loyalty.domain.entry import Receipt
from loyalty.domain.ledger import Passbook
from loyalty.domain.program import Program
from loyalty.errors import Problem, TryAgain
from loyalty.guests import homes
from loyalty.guests.homes import Home
from loyalty.ports import Unit
from loyalty.records import EntryRecord, entries
from loyalty.steps.points_calculation import Older, facts_of_days

_replace = msgspec.structs.replace


class _Move(NamedTuple):
    """A receipt, from whom to whom."""

    record: EntryRecord
    receipt: Receipt
    giver: Home
    taker: Home
    rules: Program

    @property
    def act(self) -> str:
        """Name the act: a receipt that is moved there and back is moved anew."""
        return f"move:{self.receipt.id}:{len(self.receipt.reviewed)}"

    def forgotten(self, home: Home) -> frozenset[str]:
        """Name the receipt's days that an account has forgotten."""
        days = {self.receipt.day, *self.receipt.away} - {""}
        return frozenset(day for day in days if day < home.account.facts_from)


def move(name: str, to: str, by: str, shop: Shop) -> None:
    """Move a receipt to a guest, told by its id; one that is theirs already stays.

    Raises Problem 404, or 409 for a receipt that is nobody's or waits for a review.
    """
    for _ in range(RACES):
        found = shop.store.atomically("ledger", partial(_found, name=name, to=to, shop=shop))
        if found is None:
            return
        older = [_older(found, home, shop) for home in (found.giver, found.taker)]
        work = partial(_move, name=name, to=to, by=by, older=older, shop=shop)
        if done := shop.store.atomically("ledger", work):
            timekeeping.keep(*done, shop)
            return
    raise TryAgain("the accounts keep changing while a receipt is moved")


def _found(unit: Unit, name: str, to: str, shop: Shop) -> _Move | None:
    """Read what moves; None if it is there already."""
    record, taker = entries.get(unit, f"sale:{name}"), homes.living(unit, to)
    receipt = record.receipt if record else None
    if record is None or receipt is None or receipt.sale is None or taker is None:
        raise Problem(404, "not_found", "There is no such receipt, or no such guest.")
    if receipt.member == to:
        return None
    giver = homes.find(unit, receipt.member) if receipt.state == "posted" else None
    if giver is None or record.entry is None:
        raise Problem(409, "receipt_waits", "The receipt is nobody's yet, or waits for a review.")
    if giver.account.id == taker.account.id:
        raise Problem(409, "same_account", "Both guests share one account.")
    return _Move(record, receipt, giver, taker, shop.programs.named(receipt.version))


def _older(found: _Move, home: Home, shop: Shop) -> Older:
    days = found.forgotten(home)
    facts = facts_of_days(shop.store, homes.everybody(home.account), days)
    return Older(days, home.account.seq, facts)


def _move(
    unit: Unit, name: str, to: str, by: str, older: Iterable[Older], shop: Shop
) -> tuple[str, Outcome] | None:
    """Book it on both accounts; None if one of them moved on."""
    found = _found(unit, name, to, shop)
    if found is None:
        return "", ()
    pairs = list(zip((found.giver, found.taker), older, strict=True))
    if any(home.account.seq != known.seq for home, known in pairs):
        return None
    version = shop.programs.at(shop.clock.now())
    giver, taker = (bookkeeping.opened_from(h, version, shop, k.facts) for h, k in pairs)
    purse = Purse(unit)
    receipt = _booked(found, giver, taker, to, by, purse)
    outcome = bookkeeping.write(unit, giver, f"{found.act}:out", bookkeeping.posted(giver))
    outcome += bookkeeping.write(unit, taker, f"{found.act}:in", bookkeeping.posted(taker))
    document = bookkeeping.sale_record(receipt, found.record.entry, found.record.outcome)
    entries.put(unit, f"sale:{name}", document)
    timekeeping.promise(unit, found.act, outcome, giver.now)
    purse.write(unit)
    return found.act, outcome


def _booked(
    found: _Move, giver: Passbook, taker: Passbook, to: str, by: str, purse: Purse
) -> Receipt:
    """Judge the receipt for whose it is now, in their own tier and segments, with their offers."""
    out, come = f"{found.act}:out", f"{found.act}:in"
    blank = giver.leave(found.receipt, found.rules, out, by)
    offering.settled(_replace(found.receipt, voided=True), found.rules, purse)
    (gone,) = (entry for entry, _ in giver.pages if entry.id == out)
    theirs = _replace(
        blank, member=to, tier=taker.account.tier, segments=taker.account.segments,
        reviewed=(*blank.reviewed, out, come), offers=(),
    )  # fmt: skip
    theirs = offering.begun(taker, theirs, found.rules, purse)
    booked = taker.book(theirs, "move", come, found.rules, taker.now)
    return _replace(booked, points=booked.points + found.receipt.points + recount.gained(gone))
