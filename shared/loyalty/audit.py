"""The recount of a whole ledger: what was lost, doubled or altered in it is found.

Accounts and receipts are sums over entries, so every one of them is worked out again and
compared with what is kept. Nothing is read or written here: records go in, findings come out.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date, timedelta
from typing import Any, NamedTuple

from loyalty import bookkeeping, recount
from loyalty.domain import facts
from loyalty.domain.account import Account, Lot, Totals
from loyalty.domain.entry import OF_MERGES, Entry, Receipt
from loyalty.guests import homes
from loyalty.records import AccountRecord, EntryRecord

_NIGHT = timedelta(days=1)
Pair = tuple[str, Any, Any]
"""What is compared, what it must be by the entries, and what is kept."""


class Finding(NamedTuple):
    """Something that does not add up. `account` is empty for the ledger as a whole."""

    account: str
    what: str
    expected: str
    found: str


class Audit(NamedTuple):
    """What a recount found, over how much. `points` is what all members have, less their debt."""

    findings: tuple[Finding, ...]
    entries: int
    accounts: int
    points: int


class _Shelf:
    """The entries of one account, and the receipts of its member."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self.prints: list[int] = []
        self.receipts: dict[str, Receipt] = {}


def audit(
    entries: Iterable[EntryRecord],
    accounts: Iterable[AccountRecord],
    sitting: Callable[[str], int | None] = lambda _day: None,
) -> Audit:
    """Recount everything, in whatever order it comes.

    `sitting` tells the minutes of a visit on a business day; where it knows none, the visits of
    that day are believed.
    """
    shelves: defaultdict[str, _Shelf] = defaultdict(_Shelf)
    found = [finding for record in entries for finding in _shelved(record, shelves)]
    known = {record.account.id: record.account for record in accounts}
    for member, account in known.items():
        people = [shelves[name] for name in homes.everybody(account)]
        receipts = [receipt for shelf in people for receipt in shelf.receipts.values()]
        found += _account(account, shelves[member], receipts)
        found += _visits(member, shelves[member], receipts, sitting)
    found += [Finding(member, "account", "there", "lost") for member in shelves.keys() - known]
    booked = [entry for shelf in shelves.values() for entry in shelf.entries]
    found += _receipts(shelves.values(), booked)
    everything = sum(posting.points for entry in booked for posting in entry.postings)
    on_the_way = sum(recount.on(entry, "transferred") for entry in booked)
    found += _differ("", [("sum of all books", 0, everything), ("on the way", 0, on_the_way)])
    points = sum(recount.on(entry, "member", "debt") for entry in booked)
    return Audit(tuple(found), len(booked), len(known), points)


# -- one document at a time -------------------------------------------------------------------


def _shelved(record: EntryRecord, shelves: Mapping[str, _Shelf]) -> Iterator[Finding]:
    """Put a document on its member's shelf and check what can be checked by itself."""
    entry, receipt = record.entry, record.receipt
    member = entry.members[0] if entry else receipt.member if receipt else ""
    if entry:
        shelves[member].entries.append(entry)
        shelves[member].prints.append(bookkeeping.fingerprint(entry, record.outcome))
        if receipt:
            shelves[receipt.member].receipts[receipt.id] = receipt
        yield from _differ(member, _within(entry), f"entry {entry.id}: ")
    elif receipt:
        booked = (receipt.points, receipt.kept, receipt.carried, receipt.posted, receipt.voided)
        pairs: list[Pair] = [("booked without an entry", (0, 0, {}, (), False), booked)]
        yield from _differ(member, pairs, f"receipt {receipt.id}: ")
    copies = (record.members, record.kind, record.at, record.days, record.state)
    name = entry.id if entry else receipt.id if receipt else "empty document"
    yield from _differ(member, [("fields to find it by", _copies(record), copies)], f"{name}: ")


def _within(entry: Entry) -> list[Pair]:
    progress = entry.after.points - entry.before.points if entry.kind not in OF_MERGES else 0
    return [
        ("sum of postings", 0, sum(posting.points for posting in entry.postings)),
        ("points", recount.on(entry, "member", "debt"), entry.points),
        ("moves of lots", recount.on(entry, "member"), sum(move.points for move in entry.moves)),
        ("points of purchases", recount.gained(entry), progress),
    ]


def _copies(record: EntryRecord) -> tuple[Any, ...]:
    entry, receipt = record.entry, record.receipt
    of_entry = (entry.members, entry.kind, entry.at) if entry else ((), "sale", None)
    days = bookkeeping.days_of(receipt) if receipt else ()
    return (*of_entry, days, receipt.state if receipt else "")


# -- one member at a time ---------------------------------------------------------------------


def _account(account: Account, shelf: _Shelf, receipts: list[Receipt]) -> Iterator[Finding]:
    """Compare an account with what its entries, and the receipts of its people, lead to."""
    yield from _chain(account.id, shelf.entries)
    mine = recount.rebuilt(account.id, shelf.entries)
    tails = recount.tails(receipts, account)
    balance = sum(recount.on(entry, "member", "debt") for entry in shelf.entries)
    held = sum(recount.on(entry, "held") for entry in shelf.entries)
    digest = bookkeeping.added("", shelf.prints) if shelf.entries else ""
    pairs: list[Pair] = [
        ("number of entries", mine.count, account.count),
        ("number of the last entry", mine.seq, account.seq),
        ("digest", digest, account.digest),
        ("lots", mine.lots, account.lots),
        ("debt", mine.debt, account.debt),
        ("holds", mine.holds, account.holds),
        ("kept in", mine.into, account.into),
        ("keeps", mine.others, account.others),
        ("points held", held, sum(each.points for each in account.holds)),
        ("points", balance, sum(lot.points for lot in account.lots) - account.debt),
        ("totals", mine.totals, account.totals),
        ("tier", mine.tier, account.tier),
        ("carried sums", tails.carry, account.carry),
        ("points of all receipts", mine.totals.points, tails.points),
        ("spend of all receipts", mine.totals.spend, tails.spend),
        ("stamps of all receipts", mine.totals.stamps, tails.stamps),
        ("recent receipts", tails.facts, account.facts),
        ("months", recount.months(shelf.entries), account.months),
    ]
    yield from _differ(account.id, pairs)


def _chain(member: str, entries: Iterable[Entry]) -> Iterator[Finding]:
    """Follow a member's entries: each begins where the one before it ended."""
    account = Account(id=member)
    for entry in sorted(entries, key=lambda entry: entry.seq):
        after = recount.turned(account, entry)
        below = tuple(lot for lot in after.lots if lot.points < 0)
        pairs: list[Pair] = [
            ("number", account.seq + 1, entry.seq),
            ("totals before", account.totals, entry.before),
            ("tier before", account.tier, entry.tier_before),
            ("lots below 0 after it", (), below),
            ("debt below 0 after it", 0, min(0, after.debt)),
            ("points beside a debt after it", (), after.lots if after.debt else ()),
        ]
        yield from _differ(member, pairs, f"entry {entry.id}: ")
        account = after


def _receipts(shelves: Iterable[_Shelf], booked: Iterable[Entry]) -> Iterator[Finding]:
    """Compare each receipt's tail with the acts on it, whichever account they are on."""
    receipts = {name: each for shelf in shelves for name, each in shelf.receipts.items()}
    every: dict[str, list[Entry]] = {name: [] for name in receipts}
    for entry in booked:
        if entry.kind in recount.OF_RECEIPTS:
            every.setdefault(entry.receipt, []).append(entry)
    for name, acts in every.items():
        receipt = receipts.get(name)
        if receipt is None:
            yield Finding(acts[0].members[-1], f"receipt {name}", "there", "lost")
            continue
        gained = sum(recount.gained(entry) for entry in acts)
        told = sorted(entry.id for entry in acts if entry.kind != "edit")
        pairs: list[Pair] = [
            ("points", gained, receipt.points),
            ("acts", told, sorted(recount.acts(receipt))),
            ("business day", _newest_day(acts, receipt), receipt.day),
        ]
        yield from _differ(receipt.member, pairs, f"receipt {name}: ")


def _newest_day(acts: list[Entry], receipt: Receipt) -> str:
    """Tell the business day of the newest act; of two accounts at one instant either may be it."""
    last = {entry.members[0]: entry for entry in sorted(acts, key=lambda e: (e.at, e.seq))}
    newest = max(entry.at for entry in acts)
    days = sorted(entry.day for entry in last.values() if entry.at == newest)
    return receipt.day if receipt.day in days else days[-1]


def _visits(
    member: str, shelf: _Shelf, receipts: list[Receipt], sitting: Callable[[str], int | None]
) -> Iterator[Finding]:
    """Count the visits of each day anew, but for days on which others' visits were apart."""
    known = [facts.fact_of(receipt) for receipt in receipts if receipt.sale]
    stores = {fact.store for fact in known}
    merges = (entry.at.date() for entry in shelf.entries if entry.kind in OF_MERGES)
    apart = max((day + _NIGHT for day in merges), default=date.min).isoformat()
    for day, number in recount.visits(shelf.entries).items():
        if day > apart and (minutes := sitting(day)):
            expected = sum(facts.visits_of(known, day, store, minutes) for store in stores)
            yield from _differ(member, [(f"visits on {day}", expected, number)])


# -- in words ---------------------------------------------------------------------------------


def _differ(account: str, pairs: Iterable[Pair], of: str = "") -> Iterator[Finding]:
    for what, expected, found in pairs:
        if expected != found:
            yield Finding(account, f"{of}{what}", _said(expected), _said(found))


def _said(value: Any) -> str:
    if isinstance(value, Totals):
        return f"spend {value.spend}, visits {value.visits}, points {value.points}"
    if isinstance(value, Lot):
        ends = f" until {value.expires_at:%Y-%m-%d}" if value.expires_at else ""
        return f"{value.points} of {value.month}{ends}"
    if isinstance(value, dict):
        return ", ".join(f"{key} {_said(one)}" for key, one in value.items()) or "none"
    if isinstance(value, list | tuple):
        return ", ".join(_said(one) for one in value) or "none"
    return "none" if value is None else str(value)
