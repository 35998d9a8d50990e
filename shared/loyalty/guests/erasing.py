"""Forgetting a member: the ledger first, then the people, then the timer that saw to it.

Entries stay, under an id that leads to nobody, and one more tells when they were erased. Whoever
is cut off in between is finished by the sweep. Partners hear `erased`: `partner_sync` empties the
member's cards and only then forgets that there were any, for a card that nobody knows of could not
be emptied any more.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from loyalty import bookkeeping, timekeeping
from loyalty.delivery import Shop, outgoing, publish
from loyalty.domain import segments
from loyalty.domain.account import Account
from loyalty.domain.ledger import Passbook
from loyalty.events import MemberChanged
from loyalty.friends import befriending
from loyalty.guests import homes
from loyalty.guests.homes import Home
from loyalty.journeys import celebrating, leading
from loyalty.ports import Key, Unit
from loyalty.records import (
    Contact,
    Merge,
    Timer,
    account_record,
    accounts,
    consents,
    contacts,
    identities,
    links,
    merges,
    profiles,
    sessions,
    sign_ins,
    timers,
)
from loyalty.stored import Records

OWN: tuple[Records[Any], ...] = (sessions, links, consents, sign_ins)
"""Collections of `people` whose documents name their member."""


def erase(member: str, shop: Shop) -> None:
    """Forget a member for good, also as whom they were before a merge; again: nothing more."""
    people = [member, *_before(member, shop)]
    for each in people:
        mark(each, shop)
    for each in people:
        finish(each, shop)


def _before(member: str, shop: Shop) -> list[str]:
    """List the members who were found to be this one."""
    home = homes.find(shop.store, member)
    return [name for name in homes.names(shop.store, home) if name != member] if home else []


def mark(member: str, shop: Shop) -> None:
    """Close the account, let nothing lead to it, and have the sweep see to the rest."""
    leading = identities.keys(shop.store, "member", member)
    told = [each.member for each in merges.each(shop.store, ("into", "==", member))]
    due = shop.clock.now() + timekeeping.LATER

    def close(unit: Unit) -> None:
        record = accounts.get(unit, member)
        if record and record.closed != homes.ERASED:
            home = homes.find(unit, member)  # a unit reads everything before it writes
            bare = _untold(unit, member, told)
            stay = _who_stay(unit, home) if home else []
            befriending.end(unit, member)
            for each in bare:
                merges.put(unit, each.member, each)
            if home and home.account.id != member:
                _forgotten_there(unit, home, stay)
                stay = []  # nobody else is in their own
            _closed(unit, record.account, stay, shop)
        for key in leading:
            unit.delete(key)
        timer = Timer(kind="erase", subject=member, due_at=due)
        timers.put(unit, f"erase:{member}", timer)

    shop.store.atomically("ledger", close)


def _untold(unit: Unit, member: str, into: Sequence[str]) -> list[Merge]:
    """Leave of what was said of merges with them that they were: neither why, nor who led there."""
    found = merges.several(unit, [member, *into])
    return [msgspec.structs.replace(each, why="", leading=()) for each in found if each]


def _closed(unit: Unit, account: Account, stay: Sequence[str], shop: Shop) -> None:
    """Write that a member was erased: by this act `/v1/changes` tells of it."""
    now = shop.clock.now()
    book = Passbook(segments.forgotten(account, stay), shop.programs.at(now).program, now)
    book.closed = homes.ERASED
    act = f"erase:{account.id}"
    book.write("erase", act, now, reason="erased")
    bookkeeping.write(unit, book, act, ())


def _who_stay(unit: Unit, home: Home) -> list[str]:
    """Name who else has their points there: other people, not who this one was before a merge."""
    alone = not home.account.others
    return [] if alone else [p for p in homes.people(unit, home.account) if p != home.person]


def _forgotten_there(unit: Unit, home: Home, stay: Sequence[str]) -> None:
    """Leave nothing of who is erased on the account that keeps their points."""
    account = segments.forgotten(home.account, stay)
    accounts.put(unit, account.id, account_record(account, home.record.closed))


def finish(member: str, shop: Shop) -> None:
    """Take a member out of `people`, tell of it, and strike the timer out."""
    contact = contacts.get(shop.store, member)
    theirs = [key for kind in OWN for key in kind.keys(shop.store, "member", member)]
    theirs += list(_asked(contact, shop)) if contact else []

    def forget(unit: Unit) -> None:
        for key in dict.fromkeys(theirs):
            unit.delete(key)
        profiles.delete(unit, member)
        contacts.delete(unit, member)

    shop.store.atomically("people", forget)
    event = MemberChanged(
        id=f"erased:{member}", at=shop.clock.now(), subject=member, member=member, what="erased"
    )
    publish(shop.bus, outgoing([event]))
    leading.empty(member, shop)
    late = identities.keys(shop.store, "member", member)

    def done(unit: Unit) -> None:
        for key in late:
            unit.delete(key)
        timers.delete(unit, celebrating.named(member))
        timers.delete(unit, f"erase:{member}")

    shop.store.atomically("ledger", done)


def _asked(contact: Contact, shop: Shop) -> Iterator[Key]:
    """Find what browsers told of these addresses while they asked for codes."""
    for kind, value in (("phone", contact.phone), ("email", contact.email)):
        if value:
            yield from sign_ins.keys(shop.store, "address", shop.pepper.hash(kind, value))
