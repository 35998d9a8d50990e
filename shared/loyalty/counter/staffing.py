"""People who work at the counter: each has a PIN of their own, and five tries to get it right."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from datetime import datetime, timedelta

import msgspec

from loyalty.counter.till_records import Role, Staff, Tries
from loyalty.delivery import Shop
from loyalty.errors import Problem
from loyalty.identity import Pepper
from loyalty.ports import Store, Unit
from loyalty.records import staff, tries

TRIES, WINDOW = 5, timedelta(minutes=15)
"""So many wrong PINs in so long a time, of one person and at one screen."""
DIGITS = 6
_NOBODY = Staff(id="nobody", name="", pin=f"{'0' * 32}.{'0' * 64}")
_replace = msgspec.structs.replace


def hired(name: str, store: str, role: Role, pepper: Pepper) -> tuple[Staff, str]:
    """Make the record of somebody who works here, and their PIN; the record has its hash."""
    person = Staff(id=f"s_{secrets.token_hex(6)}", name=name, pin="", store=store, role=role)
    return with_new_pin(person, pepper)


def with_new_pin(person: Staff, pepper: Pepper) -> tuple[Staff, str]:
    """Give somebody another PIN; return their record, and the PIN to tell them."""
    pin = "".join(secrets.choice("0123456789") for _ in range(DIGITS))
    salt = secrets.token_hex(16)
    return _replace(person, pin=f"{salt}.{_hash(person.id, pin, salt, pepper)}"), pin


def works_at(person: Staff, store: str) -> bool:
    """Tell whether a person works at a store."""
    return person.store in ("", store)


def of_store(store: Store, name: str) -> list[Staff]:
    """List who works at a store, by name."""
    return sorted((p for p in staff.each(store) if works_at(p, name)), key=lambda p: p.name)


def identified(name: str, pin: str, screen: str, store: str, shop: Shop) -> Staff:
    """Return who this is, by their PIN.

    A try is counted before the PIN is looked at: who tries many at once tries no more than others.
    Raises Problem 401, or 429 after too many wrong ones.
    """
    now = shop.clock.now()
    counters = (f"staff:{name}", f"screen:{screen}")
    shop.store.atomically("ledger", lambda unit: _count(unit, counters, now))
    person = staff.get(shop.store, name) or _NOBODY
    right = _is(person, pin, shop.pepper)
    if not right or not works_at(person, store) or person is _NOBODY:
        raise Problem(401, "wrong_pin", "That is not the PIN.")
    shop.store.atomically("ledger", lambda unit: _forget(unit, counters, now))
    return person


def _is(person: Staff, pin: str, pepper: Pepper) -> bool:
    salt, _, kept = person.pin.partition(".")
    return hmac.compare_digest(_hash(person.id, pin, salt, pepper), kept)


def _hash(name: str, pin: str, salt: str, pepper: Pepper) -> str:
    keyed = pepper.hash("pin", f"{name}:{pin}").encode()
    return hashlib.scrypt(keyed, salt=salt.encode(), n=2**14, r=8, p=1, dklen=32).hex()


def _count(unit: Unit, counters: tuple[str, ...], now: datetime) -> None:
    for name, at in {name: _lately(unit, name, now) for name in counters}.items():
        if len(at) >= TRIES:
            raise Problem(429, "too_many_tries", "Too many wrong PINs. Wait 15 minutes.")
        tries.put(unit, name, Tries(at=(*at, now)))


def _forget(unit: Unit, counters: tuple[str, ...], tried: datetime) -> None:
    """Take a try back that was right after all; others at the same time stay counted."""
    for name, at in {name: list(_lately(unit, name, tried)) for name in counters}.items():
        if tried in at:
            at.remove(tried)
        tries.put(unit, name, Tries(at=tuple(at)))


def _lately(unit: Unit, name: str, now: datetime) -> tuple[datetime, ...]:
    found = tries.get(unit, name) or Tries()
    return tuple(at for at in found.at if at > now - WINDOW)
