"""Codes by text or mail that prove an address is the guest's: asked for within limits, then typed.

Nobody learns from it whether an address is known: that is looked at only once it is proved. A
code is derived from the record in `people` that asked for it, and kept nowhere.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import NamedTuple

import msgspec

from loyalty import identity
from loyalty.delivery import Shop, outgoing, publish
from loyalty.errors import Problem
from loyalty.events import NotificationRequested
from loyalty.identity import Pepper
from loyalty.ports import Unit
from loyalty.records import Askings, SignIn, askings, sign_ins

GOOD_FOR = timedelta(minutes=10)
GUESSES = 5
_DAY = timedelta(days=1)
_BLOCK = 3
"""So many last digits make a block of numbers: whoever pumps texts calls such blocks."""
_replace = msgspec.structs.replace


class Limit(NamedTuple):
    """So many codes in ten minutes and in a day."""

    soon: int
    daily: int


LIMITS = {"number": Limit(3, 10), "block": Limit(10, 100), "from": Limit(20, 200)}
"""For one address, for a block of numbers, and for whoever asks, by the place they call from."""


def named(token: str) -> str:
    """Name the record of a browser, whose token is kept nowhere."""
    return identity.digest(f"sign-in:{token}")[:40]


def wanted(wish: SignIn, shop: Shop) -> SignIn:
    """Put the hash of the address into a wish."""
    kind, value = ("phone", wish.phone) if wish.phone else ("email", wish.email)
    return _replace(wish, address=shop.pepper.hash(kind, value))


def ask(token: str, wish: SignIn, place: str, shop: Shop) -> None:
    """Send a code to an address. Raises Problem 429 when too many were asked for.

    The same form asks once: its second click publishes the same request again.
    """
    name, now = named(token), shop.clock.now()
    counted = list(_counted(wish, place, shop.pepper))
    asked = shop.store.atomically("people", lambda unit: _ask(unit, name, wish, counted, now))
    publish(shop.bus, outgoing([request(name, asked, shop)]))


def _counted(wish: SignIn, place: str, pepper: Pepper) -> Iterator[tuple[str, Limit]]:
    yield f"number:{wish.address}", LIMITS["number"]
    yield f"from:{pepper.hash('place', place)}", LIMITS["from"]
    if wish.phone:
        yield f"block:{pepper.hash('block', wish.phone[:-_BLOCK])}", LIMITS["block"]


def _ask(
    unit: Unit, name: str, wish: SignIn, counted: list[tuple[str, Limit]], now: datetime
) -> SignIn:
    before = sign_ins.get(unit, name)
    if before and wish.form and before.form == wish.form:
        return before
    found = {key: askings.get(unit, key) or Askings() for key, _ in counted}
    for key, limit in counted:
        _check(found[key], limit, now)
    for key, old in found.items():
        lately = tuple(at for at in old.at if at > now - _DAY)
        askings.put(unit, key, Askings(at=(*lately, now)))
    sign_ins.put(unit, name, wish)
    return wish


def _check(asked: Askings, limit: Limit, now: datetime) -> None:
    soon = sum(at > now - GOOD_FOR for at in asked.at)
    daily = sum(at > now - _DAY for at in asked.at)
    if soon >= limit.soon or daily >= limit.daily:
        raise Problem(429, "too_many_codes", "Too many codes were asked for; wait a while.")


def request(name: str, asked: SignIn, shop: Shop) -> NotificationRequested:
    """Ask for the message to an address: always the same request for the same wish."""
    return NotificationRequested(
        id=f"{asked.says}:{name}:{asked.asked_at.isoformat()}", at=asked.asked_at,
        subject=f"sign-in:{name}", says=(), version=shop.programs.current().hash,
        audience="visitor", sign_in=name,
        useful_until=asked.asked_at + (GOOD_FOR if asked.says == "code" else _DAY),
    )  # fmt: skip


def digits(name: str, asked: SignIn, pepper: Pepper) -> str:
    """Derive the code of a wish."""
    return pepper.digits(f"{name}:{asked.address}:{asked.asked_at.isoformat()}")


def prove(token: str, typed: str, shop: Shop) -> SignIn:
    """Check a code that was typed; every guess counts. What it returns may be `done` already.

    Raises Problem 403 for a wrong one, and 410 when the guesses are used up or it is too old.
    """
    name, now = named(token), shop.clock.now()
    found = shop.store.atomically("people", lambda unit: _guess(unit, name, now))
    if found is None:
        raise Problem(410, "code_over", "This code is used up or too old; ask for another.")
    plain = "".join(letter for letter in typed if letter.isascii() and letter.isdigit())
    if not identity.same(plain, digits(name, found, shop.pepper)):
        raise Problem(403, "wrong_code", "That is not the code.")
    return found


def _guess(unit: Unit, name: str, now: datetime) -> SignIn | None:
    found = sign_ins.get(unit, name)
    if found is None or found.says != "code" or found.tries >= GUESSES:
        return None
    if now >= found.asked_at + GOOD_FOR:
        return None
    sign_ins.put(unit, name, _replace(found, tries=found.tries + 1))
    return found


def used(unit: Unit, name: str) -> None:
    """End a wish that was fulfilled: its code is used, and nothing it told is kept here."""
    found = sign_ins.get(unit, name)
    if found:
        over = SignIn(
            asked_at=found.asked_at, address=found.address, form=found.form, tries=found.tries,
            member=found.member, done=True,
        )  # fmt: skip
        sign_ins.put(unit, name, over)
