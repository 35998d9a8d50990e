"""A member's other phone or e-mail: proved by a code, and the old address is told."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

import msgspec

from loyalty import identity, timekeeping
from loyalty.delivery import Outcome, Shop, outgoing, publish
from loyalty.errors import Problem
from loyalty.events import MemberChanged
from loyalty.guests import codes, homes, members
from loyalty.ports import Unit
from loyalty.records import (
    Contact,
    Identity,
    SignIn,
    Timer,
    accounts,
    contacts,
    identities,
    sign_ins,
    suppressions,
    timers,
)

_replace = msgspec.structs.replace


def move(token: str, proved: SignIn, shop: Shop) -> None:
    """Give a member the address that they proved; who repeats it changes nothing more.

    Raises Problem 409 if it is another member's.
    """
    contact, home = contacts.get(shop.store, proved.member), homes.find(shop.store, proved.member)
    if proved.done or contact is None:
        return
    if home is None or home.person != proved.member:
        raise Problem(410, "code_over", "This member is another one now; sign in again.")
    wish, now = codes.named(token), shop.clock.now()
    old = _old(contact, proved, shop)
    name = f"moved:{proved.member}:{proved.asked_at.isoformat()}"
    outcome = shop.store.atomically("ledger", lambda u: _lead(u, name, wish, proved, old, now))
    timekeeping.keep(name, outcome, shop)
    finish(wish, shop)


def finish(wish: str, shop: Shop) -> None:
    """Write the address that a wish proved, tell the one before it, and strike the timer out."""
    proved, now = sign_ins.get(shop.store, wish), shop.clock.now()
    contact = contacts.get(shop.store, proved.member) if proved else None
    if proved and contact and not proved.done:
        old = _old(contact, proved, shop)
        place = _place(wish, proved)
        notice = shop.store.atomically("people", lambda u: _write(u, wish, proved, old, now))
        if notice:
            publish(shop.bus, outgoing([codes.request(place, notice, shop)]))
    shop.store.atomically("ledger", lambda unit: timers.delete(unit, f"move:{wish}"))


def _old(contact: Contact, proved: SignIn, shop: Shop) -> SignIn | None:
    """Make what is told to the address before this one, if there is one and it is another."""
    kind: Literal["phone", "email"] = "phone" if proved.phone else "email"
    before = getattr(contact, kind)
    if not before or before == getattr(proved, kind):
        return None
    told = SignIn(
        asked_at=proved.asked_at,
        language=contact.language,
        says="moved",
        member=proved.member,
        **{kind: before},
    )
    return codes.wanted(told, shop)


def _lead(
    unit: Unit, name: str, wish: str, proved: SignIn, old: SignIn | None, now: datetime
) -> Outcome:
    """Let the new address lead to the member, and the old one to nobody."""
    found = identities.get(unit, proved.address) or Identity()
    if found.member == proved.member:  # it was promised before what waited for it
        return ()
    if found.member:
        raise Problem(409, "address_taken", "This address belongs to another member.")
    owner = accounts.get(unit, proved.member)
    before = identities.get(unit, old.address) if old else None
    if owner is None or owner.closed:
        raise Problem(409, "address_taken", "There is no such member any more.")
    claims = members.claims(unit, proved.member, sorted(found.waiting), now)
    changed = MemberChanged(
        id=name, at=now, subject=proved.member, member=proved.member, what="updated"
    )
    outcome = outgoing([*claims, changed])
    identities.put(unit, proved.address, Identity(member=proved.member))
    accounts.put(unit, proved.member, owner)  # an erasure at this moment comes before or after
    if old and before and before.member == proved.member:
        identities.delete(unit, old.address)
    timekeeping.promise(unit, name, outcome, now)
    timers.put(
        unit, f"move:{wish}", Timer(kind="move", subject=wish, due_at=now + timekeeping.LATER)
    )
    return outcome


def _write(
    unit: Unit, wish: str, proved: SignIn, old: SignIn | None, now: datetime
) -> SignIn | None:
    """Write the new address, blocked if it said STOP before; return what the old one is told."""
    contact = contacts.get(unit, proved.member)
    channel = "sms" if proved.phone else "email"
    stopped = suppressions.get(unit, f"{proved.address}:{channel}")
    codes.used(unit, wish)
    if contact is None:
        return None
    blocked = {c: why for c, why in contact.suppressed.items() if c != channel}
    contacts.put(unit, proved.member, _replace(
        contact, phone=proved.phone or contact.phone, email=proved.email or contact.email,
        suppressed={**blocked, channel: stopped.why} if stopped else blocked, seq=contact.seq + 1,
        changed_at=now,
    ))  # fmt: skip
    if old:
        sign_ins.put(unit, _place(wish, proved), old)
    return old


def _place(wish: str, proved: SignIn) -> str:
    """Name the record of what the old address is told."""
    return identity.digest(f"moved:{wish}:{proved.asked_at.isoformat()}")[:40]
