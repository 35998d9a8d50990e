"""Till screens: a device set up once by a code, and the person who is signed in at it."""

from __future__ import annotations

import re
import secrets
from datetime import datetime, timedelta
from typing import NamedTuple

import msgspec

from loyalty.counter.staffing import works_at
from loyalty.counter.till_records import Screen, Shift, Staff, Tries
from loyalty.delivery import Shop
from loyalty.errors import Problem
from loyalty.identity import LETTERS, Pepper, digest
from loyalty.ports import Store, Unit
from loyalty.records import screens, shifts, staff, tries

CODE = 8
"""Letters of a code, of 5 bits each: no two of them look alike."""
TRIES = 10
"""So many wrong codes from one place, within as long as a code is good."""
SET_UP_WITHIN = timedelta(minutes=15)
LONGEST, IDLE = timedelta(hours=12), timedelta(minutes=15)
"""How long somebody stays signed in, and how long without doing anything."""
_NOTED = timedelta(minutes=1)
"""Whether somebody is still there is written down so often at most."""
_replace = msgspec.structs.replace


class Desk(NamedTuple):
    """A till screen, and who is signed in at it, if somebody is."""

    screen: Screen
    person: Staff | None = None

    @property
    def store(self) -> str:
        """The store it stands in."""
        return self.screen.store


def new_code(store: str, at: datetime) -> tuple[str, Screen]:
    """Make the code that one device of a store can be set up with, and what is kept of it."""
    code = "".join(secrets.choice(LETTERS) for _ in range(CODE))
    name = f"t_{secrets.token_hex(4)}"
    return code, Screen(id=name, store=store, made_at=at, until=at + SET_UP_WITHIN)


def key_of(code: str, pepper: Pepper) -> str:
    """Name where a code is kept, however a person wrote it: who reads it there cannot guess it."""
    return pepper.hash("screen", re.sub(r"[^A-Z0-9]", "", code.upper()[: 4 * CODE]))


def set_up(code: str, place: str, shop: Shop) -> str:
    """Trade a code, typed at a place of the network, for the cookie of a screen.

    A try is counted before the code is looked at. Raises Problem 401 if the code is worth nothing,
    429 after too many wrong ones.
    """
    cookie, now = secrets.token_urlsafe(32), shop.clock.now()
    name, counter = key_of(code, shop.pepper), f"place:{shop.pepper.hash('place', place)}"
    shop.store.atomically("ledger", lambda unit: _count(unit, counter, now))

    def work(unit: Unit) -> None:
        found = screens.get(unit, name)
        if found is None or found.until is None or found.until <= now:
            raise Problem(401, "code_refused", "The code was used, or it is too old.")
        screens.delete(unit, name)
        screens.create(unit, digest(cookie), _replace(found, until=None, made_at=now))
        tries.delete(unit, counter)

    shop.store.atomically("ledger", work)
    return cookie


def _count(unit: Unit, counter: str, now: datetime) -> None:
    found = tries.get(unit, counter) or Tries()
    lately = tuple(at for at in found.at if at > now - SET_UP_WITHIN)
    if len(lately) >= TRIES:
        raise Problem(429, "too_many_tries", "Too many wrong codes. Wait 15 minutes.")
    tries.put(unit, counter, Tries(at=(*lately, now)))


def screen(cookie: str, store: Store) -> Screen | None:
    """Find the screen that a cookie belongs to."""
    found = screens.get(store, digest(cookie)) if cookie else None
    return found if found and found.until is None else None


def sign_in(person: Staff, at: Screen, shop: Shop) -> str:
    """Let a person in; return the cookie of their shift."""
    cookie, now = secrets.token_urlsafe(32), shop.clock.now()
    made = Shift(staff=person.id, screen=at.id, since=now, seen=now)
    shop.store.atomically("ledger", lambda unit: shifts.create(unit, digest(cookie), made))
    return cookie


def sign_out(cookie: str, shop: Shop) -> None:
    """End a shift."""
    shop.store.atomically("ledger", lambda unit: shifts.delete(unit, digest(cookie)))


def desk(of: Screen, cookie: str, shop: Shop) -> Desk:
    """Tell who is at a screen; nobody, once they were away for long or work here no more."""
    found, now = shifts.get(shop.store, digest(cookie)) if cookie else None, shop.clock.now()
    if found is None or found.screen != of.id or _over(found, now):
        return Desk(of)
    person = staff.get(shop.store, found.staff)
    if person is None or not works_at(person, of.store):
        return Desk(of)
    if now - found.seen >= _NOTED:
        shop.store.atomically("ledger", lambda unit: _seen(unit, cookie, now))
    return Desk(of, person)


def _over(shift: Shift, now: datetime) -> bool:
    return now >= min(shift.since + LONGEST, shift.seen + IDLE)


def _seen(unit: Unit, cookie: str, now: datetime) -> None:
    """Note that somebody is still there, unless they signed out meanwhile."""
    if found := shifts.get(unit, digest(cookie)):
        shifts.put(unit, digest(cookie), _replace(found, seen=now))
