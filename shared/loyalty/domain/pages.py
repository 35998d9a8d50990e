"""The pages of a passbook: how an act becomes an entry, and how points come and go by it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import reduce
from typing import Any

import msgspec

from loyalty.domain import lots, tiers
from loyalty.domain.account import Account, Held, Lot, Totals
from loyalty.domain.entry import Book, Entry, EntryKind, Posting
from loyalty.domain.program import Program

_NOTHING_GAINED: Mapping[str, Totals] = {}
_replace = msgspec.structs.replace


class Pages:
    """An account being written, act by act. Pure: it only collects entries and the new account.

    `program` is the one in force now.
    """

    def __init__(self, account: Account, program: Program, now: datetime) -> None:
        self.account = self.opened = account
        self.program = program
        self.now = now
        self.closed = ""
        """Why nobody is behind the account any more; what happens to it still happens."""
        self.who = account.id
        """Whose act it is that is being written: of those whose points are kept here."""
        self.told = account.id
        """Who hears of it."""
        self.pages: list[tuple[Entry, Account]] = []
        """Each entry, with the account as it stood right after it."""

    def move(
        self, gain: int, lot: Lot | None, kind: EntryKind, entry_id: str, occurred_at: datetime, *,
        against: Book = "issued", **about: Any,
    ) -> Entry:  # fmt: skip
        """Give points (they pay off a debt first) or take them, with `against` on the other side.

        They are given into `lot` and taken from it first; what is not there follows the program's
        policy on debt.
        """
        if gain >= 0:
            paid = min(self.account.debt, gain)
            moves = (_replace(lot, points=gain - paid),) if lot and gain > paid else ()
            parts = {"member": gain - paid, "debt": paid, against: -gain}
            return self.write(kind, entry_id, occurred_at, moves=moves, debt=-paid, points=gain,
                              postings=postings(parts), **about)  # fmt: skip
        taken = lots.take_back(self.account.lots, -gain, lot, self.now)
        owed = self._owed(taken.missing)
        parts = {"member": gain + taken.missing, "debt": -owed, against: -gain,
                 "written-off": owed - taken.missing}  # fmt: skip
        return self.write(
            kind, entry_id, occurred_at, moves=taken.moves, debt=owed,
            points=gain + taken.missing - owed, postings=postings(parts), **about,
        )  # fmt: skip

    def _owed(self, missing: int) -> int:
        earning = self.program.earning
        if earning.debt == "forgive":
            return 0
        if earning.debt_cap is None:
            return missing
        return min(missing, max(0, earning.debt_cap - self.account.debt))

    def write(
        self, kind: EntryKind, entry_id: str, occurred_at: datetime, *,
        moves: tuple[Lot, ...] = (), debt: int = 0, days: Mapping[str, Totals] = _NOTHING_GAINED,
        **about: Any,
    ) -> Entry:  # fmt: skip
        """Put one entry into the book and bring the account to where it leads."""
        old = self.account
        made = _replace(
            old, debt=old.debt + debt, months=tiers.months_with(old.months, days),
            lots=reduce(lots.add, moves, old.lots),
            totals=reduce(Totals.plus, days.values(), old.totals),
        )  # fmt: skip
        moved = dict(days) if len(days) > 1 else {}
        return self.lead(kind, entry_id, occurred_at, made, moves=moves, moved=moved, **about)

    def lead(
        self, kind: EntryKind, entry_id: str, occurred_at: datetime, made: Account, **about: Any
    ) -> Entry:
        """Put an entry into the book that makes this of the account."""
        old = self.account
        new = _replace(made, seq=old.seq + 1, count=old.count + 1)
        new = _replace(new, standing=tiers.reviewed(new, self.program, self.now, entry_id))
        entry = Entry(
            id=entry_id, kind=kind, members=tuple(dict.fromkeys((old.id, self.who))), at=self.now,
            occurred_at=occurred_at, seq=new.seq, before=old.totals, after=new.totals,
            tier_before=old.tier, tier_after=new.tier, **{"points": 0, **about},
        )  # fmt: skip
        self.account = taken_after(_replace(new, holds=held_after(old.holds, entry)), entry)
        self.pages.append((entry, self.account))
        return entry


def held_after(holds: Iterable[Held], entry: Entry) -> tuple[Held, ...]:
    """Tell what is set aside after an entry: a hold adds one, and what it caused ends it."""
    rest = tuple(held for held in holds if f"hold:{held.id}" != entry.cause)
    return (*rest, entry.hold) if entry.hold else rest


def taken_after(account: Account, entry: Entry) -> Account:
    """Note that a reward was paid for with points."""
    if entry.voucher or entry.kind not in ("capture", "recapture"):
        return account
    return _replace(account, taken=dict(sorted({**account.taken, entry.rule: entry.at}.items())))


def postings(parts: Mapping[Any, int]) -> tuple[Posting, ...]:
    """Write points onto books; what is 0 is left out."""
    return tuple(Posting(book=book, points=points) for book, points in parts.items() if points)
