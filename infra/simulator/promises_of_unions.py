"""What must hold where guests come together and part: nothing lost, nothing doubled, by hand."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from typing import Any, NamedTuple

import msgspec

from infra.simulator import programs as shops
from infra.simulator.schedule import Publish
from infra.simulator.till import member_of
from infra.simulator.together import Merge, Part
from infra.simulator.world import World
from loyalty.domain.account import Account, Lot, Totals
from loyalty.domain.entry import Entry, Receipt
from loyalty.events import MilestoneReached, decode
from loyalty.records import AccountRecord, EntryRecord, accounts, entries

_FORGOTTEN = 30
"""The newest months of progress are compared: older ones are dropped some day."""
Lots = Counter[tuple[str, datetime | None, datetime | None]]
"""Points by the month they are of, when they lapse and until when they wait."""


class _Moved(NamedTuple):
    """Two accounts before and after one was moved into the other, or out of it: the moved first."""

    entry: Entry
    before: tuple[Account, Account]
    after: tuple[Account, Account]


class _Film:
    """The ledger as commit after commit left it. `people` are whom an account keeps."""

    def __init__(self) -> None:
        self.accounts: dict[str, Account] = {}
        self.receipts: dict[str, Receipt] = {}
        self.people: defaultdict[str, tuple[str, ...]] = defaultdict(tuple)
        self.brought: dict[str, tuple[tuple[str, ...], Account, datetime]] = {}

    def kept(self, account: str) -> list[Receipt]:
        """List the receipts of an account's people."""
        names = (account, *self.people[account])
        return [each for each in self.receipts.values() if each.sale and each.member in names]

    def moves(self, moved: _Moved) -> None:
        """Follow who is where."""
        one, other = moved.entry.joined[0], moved.entry.into
        if moved.entry.kind == "merge":
            group = (one, *self.people.pop(one, ()))
            self.brought[one] = (group, moved.before[0], moved.entry.at)
            self.people[other] += group
        else:
            group = self.brought[one][0]
            self.people[other] = tuple(n for n in self.people[other] if n not in group)
            self.people[one] = group[1:]


def unites_and_parts(world: World, _: World) -> Iterator[str]:
    """Whatever is promised to those who come together, and part."""
    if not any(isinstance(event, Merge) for event in world.schedule.events):
        return
    film = _Film()
    for writes in _ledger(world):
        before, moved = dict(film.accounts), _learn(film, writes)
        yield from _empty(writes)
        if moved:
            one, other = moved.joined[0], moved.into
            pairs = [(book[one], book[other]) for book in (before, film.accounts)]
            act = _Moved(moved, pairs[0], pairs[1])
            yield from (
                f"{moved.id}: {wrong}" for promise in OF_MOVES for wrong in promise(film, act)
            )
            film.moves(act)
            yield from (
                f"{moved.id}: {wrong}" for name in (one, other) for wrong in _progress(film, name)
            )
    yield from _ends(world, film)
    yield from _answers(world)
    yield from _reaches_nothing(world)


def _ledger(world: World) -> Iterator[list[Any]]:
    """Read what each commit left of accounts and entries."""
    kinds = {accounts.collection: AccountRecord, entries.collection: EntryRecord}
    for commit in world.commits:
        known = [w for w in commit.writes if w.key.collection in kinds and w.body]
        if known:
            yield [msgspec.json.decode(w.body, type=kinds[w.key.collection]) for w in known]


def _learn(film: _Film, writes: Iterable[Any]) -> Entry | None:
    """Take over what a commit wrote; return the act by which an account was moved, if any."""
    moved = None
    for each in writes:
        if isinstance(each, AccountRecord):
            film.accounts[each.account.id] = each.account
        elif each.receipt:
            film.receipts[each.receipt.id] = each.receipt
        elif each.entry.kind in ("merge", "unmerge") and each.entry.id.endswith(":out"):
            moved = each.entry
    return moved


# -- one merge, one parting ---------------------------------------------------------------


def _conserves(_: _Film, moved: _Moved) -> Iterator[str]:
    """Both have together what they had before, in points as in every other sum."""
    now = moved.entry.at
    if any(book.debt and len(book.holds) > len(book.held(now)) for book in moved.before):
        return  # a hold that time ended pays the debt first, with points that may have lapsed since
    had, have = (sum(worth(book, now) for book in books) for books in (moved.before, moved.after))
    if had != have:
        yield f"{had} points, and {have} after it"
    one, other = moved.before
    if moved.entry.kind == "merge" and _carried(moved.after[1]) != _carried(other) | _carried(one):
        yield f"carried {_carried(one)}, {_carried(other)}, and {_carried(moved.after[1])} after it"
    if moved.entry.kind == "unmerge" and _carried(moved.after[0]) | _carried(
        moved.after[1]
    ) != _carried(other):
        yield f"carried {_carried(other)}, and not after it"


def worth(account: Account, now: datetime) -> int:
    """Add up what an account is worth: points, those that are set aside too, less debt."""
    let_go = [lot for held in account.holds if held.until <= now for lot in held.lots]
    there = sum(lot.points for lot in (*account.lots, *let_go) if not _lapsed(lot, now))
    return there + sum(held.points for held in account.held(now)) - account.debt


def _lapsed(lot: Lot, now: datetime) -> bool:
    return lot.expires_at is not None and lot.expires_at <= now


def _carried(account: Account) -> dict[str, int]:
    named = {k if "|" in k else f"{account.id}|{k}": n for k, n in account.carry.items()}
    return {key: amount for key, amount in named.items() if amount}


def _gives_back(film: _Film, moved: _Moved) -> Iterator[str]:
    """Who parts takes of each lot what they brought and is still there, and what they still owe."""
    if moved.entry.kind == "merge":
        return
    one, now = moved.after[0], moved.entry.at
    _, came, at = film.brought[one.id]
    loose = any(len(a.holds) > len(a.held(t)) for a, t in ((came, at), (moved.before[1], now)))
    brought, there = _lots(came, now), _lots(moved.before[1], now)
    due, back = brought & there, _lots(one, now)
    owed = min(came.debt, moved.before[1].debt)
    if (back != due or one.debt != owed) and not loose:
        yield f"{dict(back)} went back, not {dict(due)}; {one.debt} is owed, not {owed}"


def _lots(account: Account, now: datetime) -> Lots:
    found: Lots = Counter()
    for lot in account.lots:
        waits = lot.available_at if lot.available_at and lot.available_at > now else None
        if not _lapsed(lot, now):
            found[lot.month, lot.expires_at, waits] += lot.points
    return found


def _keeps_the_higher_tier(_: _Film, moved: _Moved) -> Iterator[str]:
    """Who had a tier has one after a merge, if it had not ended."""
    stands = [s for book in moved.before if (s := book.standing)]
    lasting = [s for s in stands if s.until is None or s.until > moved.entry.at]
    if moved.entry.kind == "merge" and lasting and not moved.after[1].standing:
        yield f"the tier {lasting[0].tier} is gone"


OF_MOVES: tuple[Callable[[_Film, _Moved], Iterator[str]], ...] = (
    _conserves, _gives_back, _keeps_the_higher_tier,
)  # fmt: skip


# -- always, and in the end ---------------------------------------------------------------


def _empty(writes: Iterable[Any]) -> Iterator[str]:
    """An account that is kept elsewhere keeps nothing itself."""
    for each in writes:
        if isinstance(each, AccountRecord) and each.account.into:
            book = each.account
            months = [part for part in book.months.values() if part != Totals()]
            rest = (book.lots, book.debt, months, book.carry, book.facts, book.holds, book.others)
            if any(rest) or book.totals != Totals():
                yield f"{book.id} is kept elsewhere, and keeps {rest}, {book.totals}"


def _progress(film: _Film, name: str) -> Iterator[str]:
    """An account's progress is that of its people's receipts, whoever booked them where."""
    book, kept = film.accounts[name], [] if film.accounts[name].into else film.kept(name)
    spend, stamps, months = 0, Counter[str](), Counter[str]()
    for receipt in kept:
        spend += receipt.kept
        stamps.update(receipt.stamps)
        months[receipt.day[:7]] += receipt.kept
    if (spend, +stamps) != (book.totals.spend, Counter(book.totals.stamps)):
        yield f"{name} kept {spend}, {dict(stamps)}, not {book.totals}"
    newest = sorted(book.months)[-_FORGOTTEN:]
    wrong = [month for month in newest if months[month] != book.months[month].spend]
    if wrong:
        yield f"{name} kept {dict(months)}, not {book.months}"


def _ends(world: World, film: _Film) -> Iterator[str]:
    """In the end progress and points are those of the receipts, each counted for one account."""
    numbers = [e.program for e in world.schedule.events if isinstance(e, Publish)]
    programs = [shops.parsed(number) for number in (world.schedule.program, *numbers)]
    capped = any(program.earning.caps.per_day for program in programs)
    for name, book in film.accounts.items():
        yield from _progress(film, name)
        points = 0 if book.into else _points(film.kept(name))
        if not capped and book.totals.points != points:
            yield f"the receipts of {name} are worth {points} points, not {book.totals.points}"


def _points(receipts: list[Receipt]) -> int:
    """Work out what receipts are worth: remainders of two people never make a point together."""
    carried: Counter[tuple[str, str]] = Counter()
    for receipt in receipts:
        carried.update({(receipt.member, key): n for key, n in receipt.carried.items()})
    whole = sum(n // (10_000 * int(key.rpartition("/")[2])) for (_, key), n in carried.items())
    return whole + sum(receipt.raw for receipt in receipts)


def _answers(world: World) -> Iterator[str]:
    """What staff were told to be done is in the ledger, once on each of the two accounts."""
    for act in world.desk.answers:
        if isinstance(act, Merge):
            both = [entries.get(world.store, f"merge:{act.act}:{way}") for way in ("out", "in")]
            names = [each.entry.members[0] for each in both if each and each.entry]
            if names != [member_of(world, act.guest), member_of(world, act.into)]:
                yield f"staff were told that {act.act} is done, and it is on {names}"


def _reaches_nothing(world: World) -> Iterator[str]:
    """Progress that only moved reaches no milestone."""
    moved = ("merge:", "unmerge:")
    for topic, body in world.bus.published:
        if topic == "milestone-reached":
            event = decode(body)
            if isinstance(event, MilestoneReached) and event.entry.startswith(moved):
                yield f"{event.id} was reached by {event.entry}"


def touched(world: World) -> set[str]:
    """Name whoever came together with somebody, or was to."""
    acts = [event for event in world.schedule.events if isinstance(event, Merge | Part)]
    guests = {act.guest for act in acts} | {act.into for act in acts if isinstance(act, Merge)}
    return {member_of(world, guest) for guest in guests}
