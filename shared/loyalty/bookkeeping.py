"""Writing a passbook down: its entries, the account they lead to, and what is to be published."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

import msgspec

from loyalty.delivery import Outcome, Shop, outgoing
from loyalty.domain import occasions
from loyalty.domain.account import Account, ReceiptFact
from loyalty.domain.entry import OF_REWARDS, Entry, Receipt
from loyalty.domain.ledger import Passbook
from loyalty.domain.program import Program, Version
from loyalty.domain.transaction import Sale
from loyalty.errors import TryAgain
from loyalty.events import Event, PointsPosted
from loyalty.guests import homes
from loyalty.guests.homes import Home
from loyalty.ports import Unit
from loyalty.records import EntryRecord, Timer, account_record, accounts, entries, timers

_MODULUS = 2**256
_INSTANT = timedelta(microseconds=1)
_replace = msgspec.structs.replace


def fingerprint(entry: Entry, outcome: Outcome) -> int:
    """Hash the frozen part of an entry's document."""
    frozen = msgspec.json.encode([entry, outcome], order="deterministic")
    return int.from_bytes(hashlib.sha256(frozen).digest(), "big")


def added(digest: str, parts: Sequence[int]) -> str:
    """Add fingerprints to an account's digest; the order does not matter."""
    return f"{(int(digest or '0', 16) + sum(parts)) % _MODULUS:064x}"


def opened(unit: Unit, member: str, version: Version, shop: Shop) -> Passbook:
    """Open a member's passbook in a unit, with everything that time did written first."""
    home = homes.find(unit, member)
    if home is None:
        raise TryAgain("the account is not there yet")
    return opened_from(home, version, shop)


def opened_from(
    home: Home, version: Version, shop: Shop, older: Sequence[ReceiptFact] = ()
) -> Passbook:
    """Open a passbook from an account that was read, with what time did written first."""
    now, of_day = shop.clock.now(), shop.programs.of_day
    book = Passbook(home.account, version.program, now, older, of_day)
    book.closed = home.record.closed
    book.settle()
    book.who, book.told = home.member, home.person
    return book


def posted(
    book: Passbook, sale: Sale | None = None, subjects: Mapping[str, str] = {}
) -> list[Event]:
    """Say of each entry in the book that it was posted, with the balances right after it.

    `subjects` maps an entry that caused others to what it was about: they are about that too.
    """
    had = (book.opened, *(after for _, after in book.pages))
    return [
        _posted(entry, after, enough_for(entry, before, after, book.program), book, sale, subjects)
        for before, (entry, after) in zip(had, book.pages, strict=False)
    ]


def enough_for(entry: Entry, had: Account, has: Account, program: Program) -> tuple[str, ...]:
    """Name the rewards that points have just become enough for: what time did, at its instant."""
    before, after = had.points(entry.instant - _INSTANT), has.points(entry.instant)
    known = program.rewards.items() if before < after else ()
    return tuple(n for n, each in known if each.points and before < each.points <= after)


def write(
    unit: Unit, book: Passbook, trigger: str, events: Sequence[Event], apart: str = ""
) -> Outcome:
    """Write everything in the book in this unit and return what to publish.

    The outcome is kept on the entry `trigger`, the act that this delivery is about. The entry
    `apart` is left to the caller, who writes it together with its receipt.
    """
    outcome = outgoing(events)
    prints = []
    for entry, _ in book.pages:
        own = outcome if entry.id == trigger else ()
        prints.append(fingerprint(entry, own))
        if entry.id != apart:
            entries.create(unit, entry.id, _record(entry, own))
    book.account = _noted(book)
    book.account = account = _armed(unit, book, _next_of(book.account, book.program))
    sealed = _replace(account, digest=added(account.digest, prints)) if prints else account
    accounts.put(unit, account.id, account_record(sealed, book.closed))
    return outcome


def sale_record(receipt: Receipt, entry: Entry | None = None, outcome: Outcome = ()) -> EntryRecord:
    """Make the document of a receipt, with the entry that booked it, if it is booked."""
    base = _record(entry, outcome) if entry else EntryRecord(kind="sale")
    return _replace(base, receipt=receipt, days=days_of(receipt), state=receipt.state)


def days_of(receipt: Receipt) -> tuple[str, ...]:
    """Name the business days by which a member's receipt is found: `member:day`."""
    days = (receipt.day, *receipt.away) if receipt.member and receipt.day else ()
    return tuple(f"{receipt.member}:{day}" for day in days)


def _record(entry: Entry, outcome: Outcome) -> EntryRecord:
    return EntryRecord(
        entry=entry, outcome=outcome, members=entry.members, kind=entry.kind, at=entry.at
    )


def due_at(book: Passbook) -> datetime | None:
    """Find when time brings something to an account next: by itself, or for an automation."""
    return _next_of(_noted(book), book.program)


def _next_of(account: Account, program: Program) -> datetime | None:
    found = (account.due_at(), occasions.due_at(account, program))
    return min((at for at in found if at), default=None)


def _noted(book: Passbook) -> Account:
    """Note what the book's entries bring for automations; doing it again notes nothing more."""
    when = [entry.instant for entry, _ in book.pages]
    return occasions.noted(book.account, book.program, when) if when else book.account


def armed(unit: Unit, book: Passbook) -> Account:
    """Set the account's timer, but only when its earliest due date moves forward."""
    return _armed(unit, book, due_at(book))


def _armed(unit: Unit, book: Passbook, due: datetime | None) -> Account:
    account = book.account
    set_for = account.armed_at if account.armed_at and account.armed_at > book.now else None
    if due is None or (set_for and set_for <= due):
        return account
    timers.put(unit, f"account:{account.id}", Timer(kind="account", subject=account.id, due_at=due))
    return _replace(account, armed_at=due)


def _posted(
    entry: Entry,
    after: Account,
    enough: tuple[str, ...],
    book: Passbook,
    sale: Sale | None,
    subjects: Mapping[str, str],
) -> PointsPosted:
    first = sale if entry.kind in ("sale", "review") else None
    return PointsPosted(
        id=f"posted:{entry.id}",
        at=entry.at,
        subject=entry.receipt or subjects.get(entry.cause, entry.cause) or entry.id,
        entry=entry.id,
        kind=entry.kind,
        account=after.id,
        member=book.told if book.who in entry.members else after.id,
        seq=entry.seq,
        points=entry.points or _released(entry),
        balance=after.points(book.now),
        pending=after.pending(book.now),
        before=entry.before,
        after=entry.after,
        reason=entry.reason,
        version=entry.version,
        receipt=entry.receipt,
        store=entry.store,
        tier_before=entry.tier_before,
        tier_after=entry.tier_after,
        reward=entry.rule if entry.kind in OF_REWARDS else "",
        others=after.others,
        enough_for=enough,
        total=first.total if first else 0,
        currency=first.currency if first else "",
    )


def _released(entry: Entry) -> int:
    """Count the points a release set free: it moves them, but the balance of lots is the same."""
    return (
        sum(move.points for move in entry.moves if move.points > 0)
        if entry.kind == "release"
        else 0
    )
