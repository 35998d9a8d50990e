"""Guests who bring friends: a code to hand on, and points for both once a purchase was kept."""

from __future__ import annotations

from datetime import datetime, timedelta

import msgspec

from loyalty import bookkeeping, identity, timekeeping
from loyalty.delivery import Outcome, Shop
from loyalty.domain import calendar
from loyalty.domain.account import Account
from loyalty.domain.ledger import Passbook
from loyalty.domain.program import Program
from loyalty.domain.program import Referral as Terms
from loyalty.errors import AlreadyExists, Problem
from loyalty.events import PointsPosted
from loyalty.ports import Store, Unit
from loyalty.records import (
    Identity,
    Referral,
    Referred,
    Timer,
    accounts,
    identities,
    referrals,
    referred,
    timers,
)

DEEPEST = 10
"""So far back a ring of friends is looked for."""
_replace = msgspec.structs.replace


def code(member: str, shop: Shop) -> str:
    """Make the code that a member hands on to friends; it is always the same."""
    record = accounts.get(shop.store, member)
    if record is None or record.closed:
        raise Problem(404, "not_found", "There is no such member.")
    made = shop.pepper.code(f"referral:{member}")
    name = shop.pepper.hash("referral", made)
    if identities.get(shop.store, name) is None:
        mine = Identity(member=member)
        shop.store.atomically("ledger", lambda unit: identities.put(unit, name, mine))
    return made


def attribute(friend: str, written: str, shop: Shop) -> bool:
    """Remember who told a new member of us; false if somebody is remembered already.

    Raises Problem 422 for a code that is nobody's, one's own or one of a ring, and for whoever has
    bought something before.
    """
    teller, record = owner(written, shop), accounts.get(shop.store, friend)
    if record is None or _in_ring(friend, teller, shop.store):
        raise _not_allowed()
    if record.account.totals.spend:
        raise Problem(422, "referral_too_late", "Only who has not bought yet can be brought.")
    mine = Referral(friend=friend, referrer=teller, at=shop.clock.now())
    try:
        shop.store.atomically("ledger", lambda unit: referrals.create(unit, friend, mine))
    except AlreadyExists:
        return False
    return True


def owner(typed: str, shop: Shop) -> str:
    """Tell whose code this is, as a person types it. Raises Problem 422 if it is nobody's."""
    name = shop.pepper.hash("referral", identity.written(typed))
    found = identities.get(shop.store, name)
    if found is None:
        raise _not_allowed()
    return found.member


def _not_allowed() -> Problem:
    return Problem(422, "referral_not_allowed", "This code cannot be used here.")


def _in_ring(friend: str, referrer: str, store: Store) -> bool:
    """Tell whether whoever is to be paid was brought by this friend, over however many others."""
    for _ in range(DEEPEST):
        if referrer == friend:
            return True
        above = referrals.get(store, referrer)
        if above is None:
            return False
        referrer = above.referrer
    return False


def first_purchase(event: PointsPosted, program: Program, shop: Shop) -> None:
    """Note that what a friend kept reached the line, or fell below it; both are paid days after."""
    terms = program.referral
    if terms is None:
        return
    line, due = max(1, terms.minimum), event.at + timedelta(days=terms.after_days)
    if event.before.spend < line <= event.after.spend:
        shop.store.atomically("ledger", lambda unit: _qualify(unit, event.account, due))
    elif event.after.spend < line <= event.before.spend:
        shop.store.atomically("ledger", lambda unit: _unqualify(unit, event.account))


def _unqualify(unit: Unit, friend: str) -> None:
    found = referrals.get(unit, friend)
    if found and found.state == "qualified":
        referrals.put(unit, friend, _replace(found, state="attributed"))
        timers.delete(unit, f"referral:{friend}")


def _qualify(unit: Unit, friend: str, due: datetime) -> None:
    found = referrals.get(unit, friend)
    if found and found.state == "attributed":
        referrals.put(unit, friend, _replace(found, state="qualified"))
        timers.put(unit, f"referral:{friend}", Timer(kind="referral", subject=friend, due_at=due))


def pay(timer: Timer, shop: Shop) -> None:
    """Pay both, if what the friend bought was kept; else wait for their next first purchase."""
    name = f"referral:{timer.subject}"
    outcome = shop.store.atomically("ledger", lambda unit: _pay(unit, timer, name, shop))
    timekeeping.keep(name, outcome, shop)


def _pay(unit: Unit, timer: Timer, name: str, shop: Shop) -> Outcome:
    found, current = referrals.get(unit, timer.subject), timers.get(unit, name)
    if found is None or found.state != "qualified" or current is None:
        timers.delete(unit, name)
        return ()
    version, now = shop.programs.at(shop.clock.now()), shop.clock.now()
    terms = version.program.referral
    book = bookkeeping.opened(unit, found.friend, version, shop)
    month = f"{found.referrer}:{calendar.local(now, version.program.zone):%Y-%m}"
    before = referred.get(unit, month) or Referred()
    theirs = bookkeeping.opened(unit, found.referrer, version, shop)
    timers.delete(unit, name)
    if terms is None or not _kept(book.account, terms):
        referrals.put(unit, found.friend, _replace(found, state="attributed"))
        return ()
    paid = before.count < terms.per_month
    referrals.put(unit, found.friend, _replace(found, state="paid", paid=paid))
    outcome = _booked(unit, book, f"{name}:friend", terms.friend, "brought by a friend", name)
    if paid:
        referred.put(unit, month, _replace(before, count=before.count + 1))
        outcome += _booked(unit, theirs, name, terms.referrer, "brought a friend", name)
    timekeeping.promise(unit, name, outcome, now)
    return outcome


def _kept(friend: Account, terms: Terms) -> bool:
    return friend.totals.spend >= max(1, terms.minimum)


def _booked(unit: Unit, book: Passbook, name: str, points: int, why: str, cause: str) -> Outcome:
    if points == 0 and not book.pages:
        return ()
    book.award(name, points, why, "referral", cause, kind="referral")
    return bookkeeping.write(unit, book, name, bookkeeping.posted(book))
