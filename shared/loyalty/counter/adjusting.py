"""Points given or taken by a person's word; where much is at stake, by the word of two.

An adjustment is told by its key for ever: whoever asks twice adjusts once.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Literal, NamedTuple, TypeVar

import msgspec

from loyalty import bookkeeping, timekeeping
from loyalty.delivery import RACES, Outcome, Shop, first_then_look
from loyalty.errors import Problem, TryAgain
from loyalty.guests import homes
from loyalty.guests.homes import Home
from loyalty.ports import Unit
from loyalty.records import Adjustment, EntryRecord, accounts, adjustments, entries

T = TypeVar("T")
State = Literal["done", "waiting", "refused", "withdrawn"]
MOST = 1_000_000
"""So many points nobody adjusts at once: it is a slip of the finger."""
_DAY = timedelta(days=1)
_MEANS: dict[str, State] = {
    "open": "waiting", "approved": "done", "refused": "refused", "withdrawn": "withdrawn",
}  # fmt: skip
_replace = msgspec.structs.replace


class Adjusted(NamedTuple):
    """What became of an adjustment; `points` is what the balance gained, or is to gain."""

    state: State
    points: int


class _Done(NamedTuple):
    told: Adjusted
    act: str = ""
    outcome: Outcome = ()


def adjust(member: str, points: int, why: str, key: str, by: str, shop: Shop) -> Adjusted:
    """Give or take points; above the program's `approve_above` a second person is asked.

    What somebody adjusted for one guest in a day counts together. Raises Problem 404, 409 or 422.
    """
    wish = Adjustment(key=key, member=member, points=points, why=why, by=by, at=shop.clock.now())
    for _ in range(RACES):
        before, seq = _lately(wish, shop)
        work = partial(_adjust, wish=wish, before=before, seq=seq, shop=shop)
        if done := _decided(work, shop):
            return _kept(done, shop)
    raise TryAgain("the account keeps changing while its adjustments are added up")


def request(member: str, points: int, why: str, key: str, by: str, shop: Shop) -> Adjusted:
    """Ask for points to be given or taken, which a second person has to agree to."""
    wish = Adjustment(key=key, member=member, points=points, why=why, by=by, at=shop.clock.now())
    return _decided(lambda unit: _request(unit, wish), shop).told


def approve(key: str, by: str, shop: Shop) -> Adjusted:
    """Agree to an adjustment that waits. Raises Problem 403 for whoever asked for it, 404, 409."""

    def work(unit: Unit) -> _Done:
        wish = _waiting(unit, key)
        if wish.by == by:
            raise Problem(403, "second_person", "Somebody else has to agree to it.")
        owner = _owner(unit, wish.member)
        adjustments.put(unit, key, _replace(wish, state="approved", second=by))
        return _booked(unit, owner, _replace(wish, by=f"{wish.by}+{by}"), shop)

    return _kept(_decided(work, shop), shop)


def turn_down(key: str, by: str, shop: Shop) -> Adjusted:
    """Refuse an adjustment that waits; whoever asked for it withdraws it so."""

    def work(unit: Unit) -> Adjusted:
        wish = _waiting(unit, key)
        word: Literal["refused", "withdrawn"] = "withdrawn" if wish.by == by else "refused"
        adjustments.put(unit, key, _replace(wish, state=word, second=by))
        return Adjusted(word, wish.points)

    return shop.store.atomically("ledger", work)


def take_back(key: str, by: str, shop: Shop) -> Adjusted:
    """Undo an adjustment by its opposite. Raises Problem 404, 409 if it was not made."""

    def work(unit: Unit) -> _Done:
        record = entries.get(unit, f"adjust:{key}")
        if record is None or record.entry is None:
            raise Problem(404, "not_found", "There is no such adjustment.")
        first = record.entry
        if not first.points:  # it was forgiven: there is nothing to undo
            return _Done(Adjusted("done", 0))
        wish = Adjustment(
            key=f"{key}:back", member=first.members[-1], points=-first.points,
            why="an adjustment is taken back", by=by, at=shop.clock.now(),
        )  # fmt: skip
        known = _known(unit, wish)
        return known or _booked(unit, _owner(unit, wish.member), wish, shop)

    return _kept(_decided(work, shop), shop)


def waiting(shop: Shop) -> list[Adjustment]:
    """List the adjustments that wait for a second person, the longest waiting first."""
    return adjustments.find(shop.store, ("state", "==", "open"), order="at", limit=100)


# -- one unit ------------------------------------------------------------------------------


def _decided(work: Callable[[Unit], T], shop: Shop) -> T:
    """Decide in one unit; anew if somebody else was first with the same key."""
    return first_then_look(lambda _: shop.store.atomically("ledger", work))


def _adjust(unit: Unit, wish: Adjustment, before: int, seq: int, shop: Shop) -> _Done | None:
    """Decide on the sum of the day as it was at an account's `seq`; None if that moved on."""
    if known := _known(unit, wish):
        return known
    owner = _owner(unit, wish.member)
    most = shop.programs.current().program.redeeming.approve_above
    if most is not None and owner.account.seq != seq:
        return None
    if most is not None and before + abs(wish.points) > most:
        asked = _request(unit, wish)
        accounts.put(unit, owner.account.id, owner.record)  # what it rests on has not moved on
        return asked
    return _booked(unit, owner, wish, shop)


def _request(unit: Unit, wish: Adjustment) -> _Done:
    if known := _known(unit, wish):
        return known
    _owner(unit, wish.member)
    adjustments.create(unit, wish.key, wish)
    return _Done(Adjusted("waiting", wish.points))


def _known(unit: Unit, wish: Adjustment) -> _Done | None:
    """Find what became of this key before. Raises Problem 409 if it stood for something else."""
    _check(wish)
    record, asked = entries.get(unit, f"adjust:{wish.key}"), adjustments.get(unit, wish.key)
    if asked and (asked.member, asked.points) != (wish.member, wish.points):
        raise Problem(409, "id_reused", "This key was used for another adjustment.")
    if asked:
        return _Done(Adjusted(_MEANS[asked.state], asked.points))
    if record is None or record.entry is None:
        return None
    told = -sum(posting.points for posting in record.entry.postings if posting.book == "adjusted")
    if (record.entry.members[-1], told) != (wish.member, wish.points):
        raise Problem(409, "id_reused", "This key was used for another adjustment.")
    return _Done(Adjusted("done", record.entry.points))


def _check(wish: Adjustment) -> None:
    if not 0 < abs(wish.points) <= MOST:
        raise Problem(422, "wrong_points", "So many points cannot be adjusted.")


def _owner(unit: Unit, member: str) -> Home:
    found = homes.living(unit, member)
    if found is None:
        raise Problem(404, "not_found", "There is no such member.")
    return found


def _waiting(unit: Unit, key: str) -> Adjustment:
    found = adjustments.get(unit, key)
    if found is None:
        raise Problem(404, "not_found", "No such adjustment waits.")
    if found.state != "open":
        raise Problem(409, "already_decided", f"It was {found.state} already.")
    return found


def _booked(unit: Unit, owner: Home, wish: Adjustment, shop: Shop) -> _Done:
    version, name = shop.programs.current(), f"adjust:{wish.key}"
    book = bookkeeping.opened_from(owner, version, shop)
    entry = book.adjust(name, wish.points, wish.why, wish.by)
    outcome = bookkeeping.write(unit, book, name, bookkeeping.posted(book))
    timekeeping.promise(unit, name, outcome, book.now)
    return _Done(Adjusted("done", entry.points), name, outcome)


def _kept(done: _Done, shop: Shop) -> Adjusted:
    timekeeping.keep(done.act, done.outcome, shop)
    return done.told


def _lately(wish: Adjustment, shop: Shop) -> tuple[int, int]:
    """Add up what somebody adjusted on an account in the last day, as of its `seq`.

    What was adjusted for its people before they came together counts too.
    """
    if shop.programs.current().program.redeeming.approve_above is None:
        return 0, 0
    owner = homes.find(shop.store, wish.member)
    told = {
        record.entry.id: record.entry
        for name in (homes.everybody(owner.account) if owner else ())
        for record in _newest(name, shop)
        if record.entry
    }
    mine = [e for e in told.values() if (e.kind, e.by) == ("adjust", wish.by)]
    lately = sum(abs(entry.points) for entry in mine if entry.at > wish.at - _DAY)
    return lately, owner.account.seq if owner else 0


def _newest(member: str, shop: Shop) -> list[EntryRecord]:
    return entries.find(
        shop.store, ("members", "contains", member), order="at", descending=True, limit=200
    )
