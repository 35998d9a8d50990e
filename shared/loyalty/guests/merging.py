"""Members found to be one person, and people who share an account.

The ledger goes first, in one unit. Where two members are one person, what leads to the one leads
to the other from then on, and the stricter consent of both holds.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import msgspec

from loyalty import bookkeeping, timekeeping
from loyalty.campaigns import running
from loyalty.delivery import Outcome, Shop, first_then_look
from loyalty.domain import merging, offers
from loyalty.domain.account import Account
from loyalty.domain.entry import Entry
from loyalty.domain.ledger import Passbook
from loyalty.errors import Problem
from loyalty.events import MemberChanged
from loyalty.guests import homes, uniting
from loyalty.guests.homes import MERGED, Home
from loyalty.ports import Key, Unit
from loyalty.records import (
    Identity,
    Merge,
    Timer,
    entries,
    identities,
    merges,
    timers,
)

_replace = msgspec.structs.replace


class Wish(NamedTuple):
    """Whose account is to be kept in whose, told by the act. `shared`: they stay two people."""

    act: str
    member: str
    into: str
    by: str
    why: str = ""
    shared: bool = False


def merge(wish: Wish, shop: Shop) -> None:
    """Move a member's account into another one. Repeated, it changes nothing.

    Raises Problem 404, 409 (kept elsewhere already, a reward set aside, too many people, the act's
    id stands for another merge) or 422 (the two are one).
    """
    leading = [] if wish.shared else identities.keys(shop.store, "member", wish.member)
    outcome = first_then_look(
        lambda _: shop.store.atomically("ledger", lambda unit: _merge(unit, wish, leading, shop))
    )
    timekeeping.keep(f"merge:{wish.act}", outcome, shop)
    if not wish.shared:
        uniting.finish(wish.member, shop)


def _merge(unit: Unit, wish: Wish, leading: Sequence[Key], shop: Shop) -> Outcome:
    if done := entries.get(unit, f"merge:{wish.act}:out"):
        return _again(done.entry, merges.get(unit, wish.member), wish)
    leads = leading_to(unit, leading, wish.member)
    one, other = _own(unit, wish.member), _own(unit, wish.into)
    if one.member == other.member:
        raise Problem(422, "same_member", "An account cannot be kept in itself.")
    version = shop.programs.at(shop.clock.now())
    book = bookkeeping.opened_from(one, version, shop)
    target = bookkeeping.opened_from(other, version, shop)
    _check(unit, book, target, wish)
    book.closed, target.who, target.told = "" if wish.shared else MERGED, one.member, other.person
    merging.merge(book, target, wish.act, shared=wish.shared)
    if not wish.shared:
        target.account = _taking_over(unit, target.account, wish.member, other)
    for key in leads:
        unit.put(key, identities.document(Identity(member=other.person)))
    if not wish.shared:
        due = book.now + timekeeping.LATER
        timer = Timer(kind="merge", subject=wish.member, due_at=due)
        timers.put(unit, f"merge:{wish.member}", timer)
    merges.put(unit, wish.member, Merge(
        act=wish.act, member=wish.member, into=other.person, by=wish.by, why=wish.why, at=book.now,
        shared=wish.shared, leading=tuple(key.id for key in leads),
    ))  # fmt: skip
    return written(unit, book, target, f"merge:{wish.act}")


def _taking_over(unit: Unit, account: Account, merged: str, person: Home) -> Account:
    """Leave a member's offers to the person they were found to be, but for campaigns of their own.

    Who was in one keeps its offer, and who was held out of it is so still.
    """
    asked = list(dict.fromkeys(each.campaign for each in account.offers if each.member == merged))
    led = [name for name in asked if running.led(unit, name, homes.names(unit, person))]
    return _replace(account, offers=offers.taken_over(account.offers, merged, person.person, led))


def _again(entry: Entry | None, merged: Merge | None, wish: Wish) -> Outcome:
    """Take a repeated wish. Raises Problem 409 if its id stands for another one."""
    told = (entry.members[0], entry.into) if entry else ()
    other = merged and merged.act == wish.act and merged.shared != wish.shared
    if told != (wish.member, wish.into) or other:
        raise Problem(409, "id_reused", "This id was used for another merge.")
    return ()


def _own(unit: Unit, member: str) -> Home:
    """Find a member with an account of their own. Raises Problem 404 or 409."""
    home = homes.living(unit, member)
    if home is None:
        raise Problem(404, "not_found", "There is no such member.")
    if home.account.id != member:
        raise Problem(409, "kept_elsewhere", "This member's account is kept in another one.")
    return home


def _check(unit: Unit, book: Passbook, target: Passbook, wish: Wish) -> None:
    here, there = (homes.people(unit, each.account) for each in (book, target))
    if book.account.holds:
        raise Problem(409, "reward_held", "A reward is set aside there: capture or void it first.")
    people = len(here) + len(there)
    if wish.shared and people > book.program.household.people:
        raise Problem(409, "household_full", "So many people cannot share an account.")


def written(unit: Unit, book: Passbook, target: Passbook, act: str) -> Outcome:
    """Write what moved between two accounts, and promise to publish it."""
    changed = MemberChanged(
        id=f"{act}:changed", at=book.now, subject=book.who, member=book.who, what="updated"
    )
    outcome = bookkeeping.write(unit, book, f"{act}:out", bookkeeping.posted(book))
    events = [*bookkeeping.posted(target), changed]
    outcome += bookkeeping.write(unit, target, f"{act}:in", events)
    timekeeping.promise(unit, act, outcome, book.now)
    return outcome


def leading_to(unit: Unit, keys: Sequence[Key], member: str) -> list[Key]:
    """List which of these identities lead to a member now."""
    found = map(identities.read, unit.get(*keys) if keys else [])
    leads = zip(keys, found, strict=True)
    return [key for key, each in leads if each and each.member == member]
