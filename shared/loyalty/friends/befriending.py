"""What is paid for a friend who came: once their purchase was kept, and back again if it was not.

A referral that looks made up waits for a person. Whatever becomes of it happens once, ever: the
payment is `referral:{friend}`, and what goes back is named after it.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial

import msgspec

from loyalty import bookkeeping, timekeeping
from loyalty.counter.staffing import works_at
from loyalty.delivery import Outcome, Shop, first_then_look
from loyalty.domain import calendar, friends
from loyalty.domain.program import Program
from loyalty.domain.program import Referral as Terms
from loyalty.domain.reviews import Verdict
from loyalty.errors import Problem
from loyalty.events import PointsPosted
from loyalty.friends.referral_records import Referral, Referred
from loyalty.guests import homes
from loyalty.guests.homes import Home
from loyalty.ports import Unit
from loyalty.records import (
    Review,
    Timer,
    accounts,
    contacts,
    entries,
    referrals,
    referred,
    reviews,
    staff,
    timers,
)

LOOKED_AT = 200
"""So many of a friend's newest acts are looked at for what they bought."""
_replace = msgspec.structs.replace


def payment(friend: str) -> str:
    """Name the payment for a friend: its entry, its timer, its review."""
    return f"referral:{friend}"


# -- what the friend keeps ----------------------------------------------------------------------


def follow(event: PointsPosted, program: Program, shop: Shop) -> Outcome:
    """Note that what a friend keeps reached the line, or fell; what was paid for it goes back.

    Most acts of most guests cost nothing here. Told again, it returns the same outcome.
    """
    terms, before, after = program.referral, event.before.spend, event.after.spend
    if terms is None or not (after < before or before < friends.line(terms) <= after):
        return ()
    work = partial(_follow, event=event, terms=terms, shop=shop)
    return first_then_look(lambda _: shop.store.atomically("ledger", work))


def _follow(unit: Unit, event: PointsPosted, terms: Terms, shop: Shop) -> Outcome:
    """Go by what is kept now: acts may be told of in any order."""
    found = referrals.get(unit, event.member) or _before(unit, event)
    home = homes.find(unit, event.member) if found else None
    if found is None or home is None:
        return ()
    kept = home.account.totals.spend
    if found.state == "attributed" and kept >= friends.line(terms):
        _qualify(unit, found, event.at, terms)
    elif found.state in ("qualified", "held") and kept < friends.line(terms):
        _unqualify(unit, found)
    elif found.state == "paid" and found.until and event.at < found.until and kept < found.line:
        return _withdraw(unit, found, home, event.entry, shop)
    elif found.state == "withdrawn" and found.undone_by == event.entry:
        return _told(unit, found)
    return ()


def _before(unit: Unit, event: PointsPosted) -> Referral | None:
    """Find the referral of whom this guest was before a merge."""
    home = homes.find(unit, event.member) if event.others else None
    names = homes.names(unit, home) if home else ()
    return next((each for name in names if (each := referrals.get(unit, name))), None)


def _qualify(unit: Unit, found: Referral, at: datetime, terms: Terms) -> None:
    due = at + timedelta(days=terms.after_days)
    timer = Timer(kind="referral", subject=found.friend, due_at=due)
    referrals.put(unit, found.friend, _replace(found, state="qualified", qualified_at=at))
    timers.put(unit, payment(found.friend), timer)


def _unqualify(unit: Unit, found: Referral) -> None:
    """Let a referral wait for its next first purchase, and no person for it."""
    name = payment(found.friend)
    review = reviews.get(unit, name) if found.state == "held" else None
    _again(unit, found)
    timers.delete(unit, name)
    if review:
        reviews.put(unit, name, _replace(review, state="lifted"))


def _again(unit: Unit, found: Referral) -> None:
    referrals.put(unit, found.friend, _replace(found, state="attributed", qualified_at=None))


# -- paying -------------------------------------------------------------------------------------


def pay(timer: Timer, shop: Shop) -> None:
    """Pay both, if what the friend bought was kept; a person is asked if it looks made up."""
    found, terms = referrals.get(shop.store, timer.subject), _terms(shop)
    why = friends.suspicions(_seen(found, shop), terms) if found and terms else ()
    work = partial(_due, timer=timer, why=why, shop=shop)
    outcome = first_then_look(lambda _: shop.store.atomically("ledger", work))
    timekeeping.keep(payment(timer.subject), outcome, shop)


def _terms(shop: Shop) -> Terms | None:
    return shop.programs.at(shop.clock.now()).program.referral


def _seen(found: Referral, shop: Shop) -> friends.Seen:
    """Gather what is known of both: their purchases, where one works, their addresses."""
    program, store = shop.programs.at(shop.clock.now()).program, shop.store
    acts = homes.acts(store, found.friend, LOOKED_AT)
    home, tellers = homes.find(store, found.friend), homes.known_as(store, found.referrer)
    jobs = [person for person in staff.each(store) if person.guest in tellers]
    others = [o for name in tellers for o in referrals.each(store, ("referrer", "==", name))]
    one, other = contacts.get(store, found.friend), contacts.get(store, found.referrer)
    return friends.Seen(
        receipts=tuple(act.receipt for act in acts if act.receipt),
        works_at=frozenset(name for name in program.stores for job in jobs if works_at(job, name)),
        mine=found.qualified_at,
        others=tuple(o.qualified_at for o in others if o.qualified_at and o.friend != found.friend),
        shares=home is not None and homes.shared(store, home),
        friend_email=one.email if one else "", referrer_email=other.email if other else "",
    )  # fmt: skip


def _due(unit: Unit, timer: Timer, why: tuple[str, ...], shop: Shop) -> Outcome:
    name = payment(timer.subject)
    found, current = referrals.get(unit, timer.subject), timers.get(unit, name)
    if current is None or current.due_at != timer.due_at:
        return ()  # done by another sweep, or the friend's days began anew
    outcome: Outcome = ()
    if found and found.state == "qualified":
        outcome = _decided(unit, found, why, shop)
    timers.delete(unit, name)
    return outcome


def _one(unit: Unit, found: Referral) -> bool:
    """Tell whether friend and referrer turned out to be one, or share an account."""
    one, other = homes.find(unit, found.friend), homes.find(unit, found.referrer)
    return bool(one and other and one.account.id == other.account.id)


def _decided(unit: Unit, found: Referral, why: tuple[str, ...], shop: Shop) -> Outcome:
    home, terms = homes.find(unit, found.friend), _terms(shop)
    if _one(unit, found):
        _refuse(unit, found)  # the two turned out to be one, and are one member now
    elif home is None or terms is None or not _keeps(home, terms):
        _again(unit, found)
        _touch(unit, home)
    elif why:
        _hold(unit, found, "; ".join(why), shop)
    else:
        return _pay(unit, found, home, terms, shop)[1]
    return ()


def _keeps(home: Home, terms: Terms) -> bool:
    return home.account.totals.spend >= friends.line(terms)


def _touch(unit: Unit, home: Home | None) -> None:
    """Write an account as it is: what is decided by it must not change meanwhile."""
    if home:
        accounts.put(unit, home.account.id, home.record)


def _hold(unit: Unit, found: Referral, why: str, shop: Shop) -> None:
    name, now = payment(found.friend), shop.clock.now()
    review = Review(receipt=name, kind="referral", member=found.referrer, why=why, at=now)
    referrals.put(unit, found.friend, _replace(found, state="held"))
    reviews.put(unit, name, review)


def _pay(
    unit: Unit, found: Referral, home: Home, terms: Terms, shop: Shop
) -> tuple[Referral, Outcome]:
    """Book what both get, as one act; beyond the month's friends only the friend is paid."""
    now, name = shop.clock.now(), payment(found.friend)
    teller = homes.living(unit, found.referrer)
    person = teller.person if teller else found.referrer
    month = f"{person}:{calendar.local(now, shop.programs.at(now).program.zone):%Y-%m}"
    before = referred.get(unit, month) or Referred()
    theirs = teller if before.count < terms.per_month else None
    paid = _replace(
        found, state="paid", paid=theirs is not None, gave=terms.friend,
        earned=terms.referrer if theirs else 0, line=friends.line(terms),
        until=now + timedelta(days=terms.clawback_days),
    )  # fmt: skip
    referrals.put(unit, found.friend, paid)
    outcome = _award(unit, home, f"{name}:friend", paid.gave, "brought by a friend", shop)
    if theirs:
        referred.put(unit, month, _replace(before, count=before.count + 1))
        outcome += _award(unit, theirs, name, paid.earned, "brought a friend", shop)
    timekeeping.promise(unit, name, outcome, now)
    return paid, outcome


def _award(unit: Unit, home: Home, name: str, points: int, why: str, shop: Shop) -> Outcome:
    if not points:
        _touch(unit, home)
        return ()
    book = bookkeeping.opened_from(home, shop.programs.at(shop.clock.now()), shop)
    book.award(name, points, why, "referral", name.removesuffix(":friend"), kind="referral")
    return bookkeeping.write(unit, book, name, bookkeeping.posted(book))


# -- taking it back -----------------------------------------------------------------------------


def _withdraw(unit: Unit, found: Referral, home: Home, cause: str, shop: Shop) -> Outcome:
    """Take back what both got, once: a friend is paid for once, ever."""
    one = _one(unit, found)  # merged since
    theirs = homes.find(unit, found.referrer) if found.earned and not one else None
    referrals.put(unit, found.friend, _replace(found, state="withdrawn", undone_by=cause))
    own, referrers = _backs(found)
    points = found.gave + (found.earned if one else 0)
    outcome = _take(unit, home, own, points, "too little of your purchase was kept", shop)
    if theirs:
        why = "too little of a friend's purchase was kept"
        outcome += _take(unit, theirs, referrers, found.earned, why, shop)
    return outcome


def _backs(found: Referral) -> tuple[str, str]:
    """Name what takes back the friend's points, and the referrer's: after their payments."""
    return f"{payment(found.friend)}:friend:back", f"{payment(found.friend)}:back"


def _take(unit: Unit, home: Home, name: str, points: int, why: str, shop: Shop) -> Outcome:
    if not points:
        _touch(unit, home)
        return ()
    book = bookkeeping.opened_from(home, shop.programs.at(shop.clock.now()), shop)
    book.withdraw(name, points, why, "referral", name.removesuffix(":back"))
    return bookkeeping.write(unit, book, name, bookkeeping.posted(book))


def _told(unit: Unit, found: Referral) -> Outcome:
    """Find what the taking back published, for a delivery that comes again."""
    kept = [entries.get(unit, name) for name in _backs(found)]
    return tuple(each for record in kept if record for each in record.outcome)


def end(unit: Unit, friend: str) -> None:
    """Wait no more for a friend who is erased; whatever was paid for them stays so."""
    found, name = referrals.get(unit, friend), payment(friend)
    if found is None or found.state in ("paid", "withdrawn", "ended"):
        return
    review = reviews.get(unit, name) if found.state == "held" else None
    referrals.put(unit, friend, _replace(found, state="ended", qualified_at=None))
    timers.delete(unit, name)
    if review:
        reviews.put(unit, name, _replace(review, state="lifted"))


# -- a person's word ----------------------------------------------------------------------------


def decide(friend: str, verdict: Verdict, by: str, shop: Shop) -> int:
    """Decide on a payment that waits; return the points that both get together.

    Raises Problem 404 if no such payment waits, and 409 if it was decided on before or too little
    is kept by now.
    """
    work = partial(_decide, friend=friend, verdict=verdict, by=by, shop=shop)
    found, outcome = first_then_look(lambda _: shop.store.atomically("ledger", work))
    timekeeping.keep(payment(friend), outcome, shop)
    return found.gave + found.earned


def _decide(
    unit: Unit, friend: str, verdict: Verdict, by: str, shop: Shop
) -> tuple[Referral, Outcome]:
    review, found = reviews.get(unit, payment(friend)), referrals.get(unit, friend)
    if review is None or found is None:
        raise Problem(404, "not_found", "No such referral waits for a review.")
    if review.state != "open":
        raise Problem(409, "already_decided", _no_more(review))
    told = _approve(unit, found, shop) if verdict == "approved" else _refuse(unit, found)
    reviews.put(unit, payment(friend), _replace(review, state=verdict, by=by))
    return told


def _no_more(review: Review) -> str:
    if review.state == "lifted":
        return "Nothing waits any more: what the friend bought went back, or they were erased."
    return f"The referral was {review.state} by {review.by} already."


def _approve(unit: Unit, found: Referral, shop: Shop) -> tuple[Referral, Outcome]:
    home, terms = homes.find(unit, found.friend), _terms(shop)
    if _one(unit, found):
        raise Problem(409, "one_member", "The two are one member now: refuse it.")
    if home is None or terms is None or not _keeps(home, terms):
        raise Problem(409, "not_kept", "Too little of what the friend bought is kept.")
    return _pay(unit, found, home, terms, shop)


def _refuse(unit: Unit, found: Referral) -> tuple[Referral, Outcome]:
    referrals.put(unit, found.friend, _replace(found, state="refused"))
    return found, ()
