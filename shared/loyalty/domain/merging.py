"""Moving what one account has into another, and what remains of it back out.

What moves keeps its dates: lots, debt, progress by month, carried sums. Progress that is moved
reaches no milestone: it was there before.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from functools import reduce
from typing import Any, NamedTuple

import msgspec

from loyalty.domain import calendar, facts, lots, occasions, offers, segments, tags, tiers
from loyalty.domain.account import Account, Lot, ReceiptFact, Standing, Totals
from loyalty.domain.entry import OF_MERGES, Entry, EntryKind
from loyalty.domain.pages import Pages, postings
from loyalty.domain.program import Program

ONE_PERSON, HOUSEHOLD = "one_person", "household"
"""The rule by which an account moved: two members are one person, or two people share it."""
_WHY: Mapping[tuple[str, str], str] = {
    ("merge", ONE_PERSON): "two accounts of one person became one",
    ("merge", HOUSEHOLD): "points are kept together with another member's",
    ("unmerge", ONE_PERSON): "two accounts that had become one are two again",
    ("unmerge", HOUSEHOLD): "points are kept apart from another member's again",
}
_NIGHT = timedelta(days=1)
_replace = msgspec.structs.replace


class Part(NamedTuple):
    """What moves. `carry` names whose each sum is: `m_1|rule:1/100`."""

    lots: tuple[Lot, ...]
    debt: int
    totals: Totals
    months: Mapping[str, Totals]
    carry: Mapping[str, int]
    facts: tuple[ReceiptFact, ...] = ()
    standing: Standing | None = None

    @property
    def points(self) -> int:
        """What it is worth: points less debt."""
        return sum(lot.points for lot in self.lots) - self.debt


class Link(NamedTuple):
    """An act's id, the account that keeps what moved, and who is in it: the moved one first.

    `shared`: they are people who keep their points together, not one person.
    """

    act: str
    into: str
    joined: tuple[str, ...]
    shared: bool = False


class Came(NamedTuple):
    """The newest receipts, in minutes, of those who part and of those who stay; 0 without any."""

    those_who_part: int
    those_who_stay: int


def merge(book: Pages, into: Pages, act: str, *, shared: bool = False) -> Link:
    """Move all that an account has into another one. Entries: `merge:<act>:out` and `:in`."""
    one, other = book.account, into.account
    link = Link(act, other.id, (one.id, *one.others), shared)
    part = Part(one.lots, one.debt, one.totals, one.months, _whose(one), one.facts, one.standing)
    since = max(one.facts_from, other.facts_from)
    known = facts.remembered((*one.facts, *other.facts), since)
    _give(book, part, "merge", link, _replace(
        segments.emptied(one), into=link.into, others=(), facts=()))  # fmt: skip
    _take(into, part, "merge", link, _replace(
        tags.united(other, one), others=(*other.others, *link.joined), facts=known,
        facts_from=since, came=max(one.came, other.came),
        taken=_newest(one.taken, other.taken),
        offers=offers.joined(other.offers, one.offers),
        occasions=occasions.united(other, one, into.program)))  # fmt: skip
    return link


def unmerge(book: Pages, back: Pages, part: Part, link: Link, came: Came) -> None:
    """Move what remains of a merged account back to it. Entries: `unmerge:<act>:out` and `:in`.

    Neither remembers a receipt: whoever needs one looks it up. Of what they were told while they
    were one, neither is told again.
    """
    others = tuple(name for name in book.account.others if name not in link.joined)
    left, own = tags.parted(book.account, back.account)
    since = _forgetting(book)  # one day for both: what is known of a day is known here, of either
    taken = tuple(each for each in left.offers if each.member in link.joined)
    rest = tuple(each for each in left.offers if each not in taken)
    left = _replace(left, others=others, offers=rest)
    _give(book, part, "unmerge", link, _forgetful(left, since, came.those_who_stay))
    told = occasions.united(own, book.account, back.program)
    own = _replace(own, into="", others=link.joined[1:], occasions=told,
                   offers=offers.joined(taken, own.offers))  # fmt: skip
    _take(back, part, "unmerge", link, _forgetful(own, since, came.those_who_part))


def remaining(account: Account, merged: Entry, since: Iterable[Entry], book: Pages) -> Part:
    """Tell what is left in an account of what was merged into it.

    `merged` is the entry on the account that was moved, `since` are the acts of its people on
    their receipts after it: their progress goes along, points earned since do not.
    """
    totals, months = merged.before, {name: _less(part) for name, part in merged.moved.items()}
    for entry in since:
        gained = entry.after.minus(entry.before)
        totals = totals.plus(gained)
        for day, part in (entry.moved or {entry.day: gained}).items():
            months[day[:7]] = months.get(day[:7], Totals()).plus(part)
    owed = sum(posting.points for posting in merged.postings if posting.book == "debt")
    carry = {key: n for key, n in account.carry.items() if key.split("|")[0] in merged.joined}
    left = tuple(_left(account, merged.moves, book))
    return Part(left, min(owed, account.debt), totals, months, carry)


def linked(account: Account, entry: Entry) -> Account:
    """Tell of an account after an entry where it is kept, and whom it keeps."""
    if entry.kind not in OF_MERGES:
        return account
    merged, own = entry.kind == "merge", entry.joined[1:]
    if account.id == entry.joined[0]:
        into, others = (entry.into, ()) if merged else ("", own)
        return _replace(account, into=into, others=others)
    rest = tuple(name for name in account.others if name not in entry.joined)
    return _replace(account, others=(*rest, *entry.joined) if merged else rest)


def _left(account: Account, moves: Iterable[Lot], book: Pages) -> Iterable[Lot]:
    """Find how much of each lot that was moved is still there."""
    there = {lot.key: lot.points for lot in account.lots}
    for move in moves:
        lot = lots.as_of(move, book.now)
        if points := min(-move.points, there.get(lot.key, 0)):
            there[lot.key] -= points  # lots that waited apart are one by now
            yield _replace(lot, points=points)


def _give(book: Pages, part: Part, kind: EntryKind, link: Link, made: Account) -> None:
    """Write on the account it leaves that a part goes."""
    have = sum(lot.points for lot in part.lots)
    moves = tuple(_replace(lot, points=-lot.points) for lot in part.lots)
    months = {name: _less(gained) for name, gained in part.months.items()}
    carry = {key: n for key, n in _whose(made).items() if key not in part.carry}
    gone = _replace(
        made, lots=reduce(lots.add, moves, made.lots), debt=made.debt - part.debt,
        totals=made.totals.minus(part.totals), months=tiers.months_with(made.months, months),
        carry=_own(carry, made.id), standing=None if kind == "merge" else made.standing,
    )  # fmt: skip
    told = {"member": -have, "debt": part.debt, "transferred": part.points}
    _lead(book, gone, kind, link, "out", moves=moves, moved=months, points=-part.points,
          postings=postings(told))  # fmt: skip


def _take(book: Pages, part: Part, kind: EntryKind, link: Link, made: Account) -> None:
    """Write on the account it goes to that a part comes: its points pay off what is owed."""
    owed, every = made.debt + part.debt, reduce(lots.add, part.lots, made.lots)
    paid = lots.take_back(every, owed, None, book.now)
    come = _replace(
        made, lots=paid.lots, debt=paid.missing, totals=made.totals.plus(part.totals),
        months=tiers.months_with(made.months, part.months),
        carry=_own({**_whose(made), **part.carry}, made.id),
        standing=_better(book.program, made.standing, part.standing),
    )  # fmt: skip
    kept = sum(lot.points for lot in part.lots) - (owed - paid.missing)
    told = {"member": kept, "debt": made.debt - paid.missing, "transferred": -part.points}
    _lead(book, come, kind, link, "in", moves=(*part.lots, *paid.moves), moved=dict(part.months),
          points=part.points, postings=postings(told))  # fmt: skip


def _lead(book: Pages, made: Account, kind: EntryKind, link: Link, way: str, **about: Any) -> None:
    rule = HOUSEHOLD if link.shared else ONE_PERSON
    book.lead(
        kind, f"{kind}:{link.act}:{way}", book.now, made, into=link.into, joined=link.joined,
        cause=link.act, rule=rule, reason=_WHY[kind, rule], **about,
    )  # fmt: skip


def _whose(account: Account) -> dict[str, int]:
    """Name all carried sums of an account by whose they are, its own too."""
    return {key if "|" in key else f"{account.id}|{key}": n for key, n in account.carry.items()}


def _newest(one: Mapping[str, datetime], other: Mapping[str, datetime]) -> dict[str, datetime]:
    names = sorted({*one, *other})
    return {name: max(each[name] for each in (one, other) if name in each) for name in names}


def _own(carry: Mapping[str, int], account: str) -> dict[str, int]:
    """Name carried sums as the account does: its own by the rule alone."""
    return {key.removeprefix(f"{account}|"): n for key, n in sorted(carry.items()) if n}


def _better(program: Program, one: Standing | None, other: Standing | None) -> Standing | None:
    names = list(program.tiers.levels) if program.tiers else []
    known = [each for each in (one, other) if each and each.tier in names]
    return max(known, key=lambda each: names.index(each.tier), default=one or other)


def _forgetting(book: Pages) -> str:
    """Name the first business day of which an account knows nothing yet."""
    today = calendar.local(book.now, book.program.zone).date()
    days = [today, *(date.fromisoformat(fact.day) for fact in book.account.facts)]
    return (max(days) + _NIGHT).isoformat()


def _forgetful(account: Account, since: str, came: int) -> Account:
    return _replace(account, facts=(), facts_from=max(account.facts_from, since), came=came)


def _less(totals: Totals) -> Totals:
    return Totals().minus(totals)
