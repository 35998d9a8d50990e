"""Guests who bring friends: a code to hand on, and who is whose friend.

What is paid for a friend, and when, is in `befriending`.
"""

from __future__ import annotations

from typing import NamedTuple

from loyalty import identity
from loyalty.delivery import Shop
from loyalty.domain import friends
from loyalty.errors import AlreadyExists, Problem
from loyalty.friends.referral_records import Referral
from loyalty.guests import homes
from loyalty.guests.homes import Home
from loyalty.ports import Store
from loyalty.records import Identity, accounts, contacts, identities, referrals

DEEPEST = 10
"""So far back a ring of friends is looked for."""
_WAITING = ("attributed", "qualified", "held")


class Brought(NamedTuple):
    """How many friends a guest brought; of them, whom they were paid for, and who may still be.

    A friend who was erased before anything was paid counts in none; what was paid stays counted.
    """

    came: int
    paid: int
    waiting: int


def code(member: str, shop: Shop) -> str:
    """Make the code that a member hands on to friends; it is always the same."""
    record = accounts.get(shop.store, member)
    if record is None or record.closed:
        raise Problem(404, "not_found", "There is no such member.")
    if known := known_code(member, shop):
        return known
    made, mine = _code(member, shop), Identity(member=member)
    name = shop.pepper.hash("referral", made)
    shop.store.atomically("ledger", lambda unit: identities.put(unit, name, mine))
    return made


def known_code(member: str, shop: Shop) -> str:
    """Look up the code of a member; "" if it was not made yet."""
    made = _code(member, shop)
    return made if identities.get(shop.store, shop.pepper.hash("referral", made)) else ""


def _code(member: str, shop: Shop) -> str:
    return shop.pepper.code(f"referral:{member}")


def brought(member: str, shop: Shop) -> Brought:
    """Count the friends that a guest brought."""
    told = referrals.each(shop.store, ("referrer", "==", member))
    found = [each for each in told if each.state != "ended"]
    paid = sum(each.state == "paid" and each.paid for each in found)
    return Brought(len(found), paid, sum(each.state in _WAITING for each in found))


def attribute(friend: str, written: str, shop: Shop) -> bool:
    """Remember who told a new member of us; false if somebody is remembered already.

    Raises Problem 422 for a code that is nobody's, one's own or one of a ring, and for whoever has
    bought something before.
    """
    teller, home = owner(written, shop), homes.find(shop.store, friend)
    if home is None or _in_ring(friend, teller, shop.store) or _same(home, teller, shop.store):
        raise _not_allowed()
    if home.account.totals.spend:
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
    own = homes.known_as(store, friend)
    for _ in range(DEEPEST):
        if referrer in own:
            return True
        known = (referrals.get(store, name) for name in homes.known_as(store, referrer))
        above = next(filter(None, known), None)
        if above is None:
            return False
        referrer = above.referrer
    return False


def _same(friend: Home, referrer: str, store: Store) -> bool:
    """Tell whether both share an account or a mailbox: the same phone is one member anyway."""
    one, other = contacts.get(store, friend.member), contacts.get(store, referrer)
    mailbox = one and other and friends.same_mailbox(one.email, other.email)
    return referrer in homes.everybody(friend.account) or bool(mailbox)
