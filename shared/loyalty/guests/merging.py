"""Members found to be one person, and people who share an account; and how they part again.

The ledger goes first, in one unit. Where two members are one person, what leads to the one leads
to the other from then on, and the stricter consent of both holds.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import NamedTuple

import msgspec

from loyalty import bookkeeping, recount, timekeeping
from loyalty.campaigns import running
from loyalty.delivery import RACES, Outcome, Shop, first_then_look
from loyalty.domain import merging, offers
from loyalty.domain.account import Account
from loyalty.domain.entry import Entry
from loyalty.domain.ledger import Passbook
from loyalty.errors import Problem, TryAgain
from loyalty.events import MemberChanged
from loyalty.guests import homes, uniting
from loyalty.guests.homes import MERGED, Home
from loyalty.ports import Key, Unit
from loyalty.records import (
    AccountRecord,
    Identity,
    Merge,
    Timer,
    accounts,
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
        finish(wish.member, shop)


def unmerge(member: str, by: str, shop: Shop) -> None:
    """Move back what remains of a member's account. Repeated, it changes nothing.

    Raises Problem 404, or 409 if the account is not kept elsewhere.
    """
    for _ in range(RACES):
        acts, seq = _since(member, shop)
        work = partial(_part, member=member, by=by, acts=acts, seq=seq, shop=shop)
        if done := shop.store.atomically("ledger", work):
            timekeeping.keep(*done, shop)
            return
    raise TryAgain("the account keeps changing while it is parted")


def finish(member: str, shop: Shop) -> None:
    """See to the person whose member was merged, and strike the timer out."""
    home, promised = homes.find(shop.store, member), timers.get(shop.store, f"merge:{member}")
    if promised is None:
        return
    if home and home.person != member:
        uniting.unite(member, home.person, shop)
    shop.store.atomically("ledger", lambda unit: timers.delete(unit, f"merge:{member}"))


# -- merging ------------------------------------------------------------------------------


def _merge(unit: Unit, wish: Wish, leading: Sequence[Key], shop: Shop) -> Outcome:
    if done := entries.get(unit, f"merge:{wish.act}:out"):
        return _again(done.entry, merges.get(unit, wish.member), wish)
    leads = _leading(unit, leading, wish.member)
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
    return _written(unit, book, target, f"merge:{wish.act}")


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


def _written(unit: Unit, book: Passbook, target: Passbook, act: str) -> Outcome:
    changed = MemberChanged(
        id=f"{act}:changed", at=book.now, subject=book.who, member=book.who, what="updated"
    )
    outcome = bookkeeping.write(unit, book, f"{act}:out", bookkeeping.posted(book))
    events = [*bookkeeping.posted(target), changed]
    outcome += bookkeeping.write(unit, target, f"{act}:in", events)
    timekeeping.promise(unit, act, outcome, book.now)
    return outcome


# -- parting ------------------------------------------------------------------------------


def _since(member: str, shop: Shop) -> tuple[list[Entry], int]:
    """List what an account's people did where it is kept, and that one's `seq`."""
    home, merged = homes.find(shop.store, member), merges.get(shop.store, member)
    if home is None:
        raise Problem(404, "not_found", "There is no such member.")
    record = entries.get(shop.store, f"merge:{merged.act}:in") if merged else None
    came = record.entry if record else None
    found = (
        record.entry
        for name in (came.joined if came else ())
        for record in entries.each(shop.store, ("members", "contains", name))
    )
    further = merges.get(shop.store, came.members[0]) if came else None
    away = further.into if further else ""
    acts = [entry for entry in found if entry and came and _after(entry, came, away)]
    return acts, home.account.seq


def _after(entry: Entry, came: Entry, away: str) -> bool:
    """Tell whether an act on a receipt happened after a merge, where its points are kept since.

    `away` is where the account they came to was itself kept later: an act at the very instant of
    the merge came after it only there.
    """
    account = entry.members[0]
    if entry.kind not in recount.OF_RECEIPTS or account in came.joined:
        return False
    if account == came.members[0]:
        return entry.seq > came.seq
    return entry.at > came.at or (entry.at == came.at and account == away)


def _part(
    unit: Unit, member: str, by: str, acts: list[Entry], seq: int, shop: Shop
) -> tuple[str, Outcome] | None:
    """Part an account as it was at this `seq`; None if it moved on."""
    found = _known(unit, member)
    if found.merged.state == "undone":
        return "", ()
    if found.home.account.seq != seq:
        return None
    _none_held(unit, found, shop)
    leads = _led(unit, found.merged)
    version, joined = shop.programs.at(shop.clock.now()), found.first.joined
    book = bookkeeping.opened_from(found.home, version, shop)
    back = bookkeeping.opened_from(homes.own(found.record), version, shop)
    part = merging.remaining(book.account, found.first, acts, book)
    link = merging.Link(found.merged.act, book.account.id, joined, found.merged.shared)
    merging.unmerge(book, back, part, link)
    back.closed = ""
    for key in leads:
        unit.put(key, identities.document(Identity(member=member)))
    merges.put(unit, member, _replace(found.merged, state="undone", undone_by=by))
    timers.delete(unit, f"merge:{member}")
    act = f"unmerge:{found.merged.act}"
    return act, _written(unit, book, back, act)


def _none_held(unit: Unit, found: _Found, shop: Shop) -> None:
    """Raise Problem 409 while somebody who parts has a reward set aside."""
    for held in found.home.account.held(shop.clock.now()):
        record = entries.get(unit, f"hold:{held.id}")
        if record and record.entry and record.entry.members[-1] in found.first.joined:
            raise Problem(409, "reward_held", "A reward is set aside: capture or void it first.")


class _Found(NamedTuple):
    """A merge: its record, its entry on the account that was moved, that account, and its home."""

    merged: Merge
    first: Entry
    record: AccountRecord
    home: Home


def _known(unit: Unit, member: str) -> _Found:
    merged, record = merges.get(unit, member), accounts.get(unit, member)
    home = homes.find(unit, member)
    told = entries.get(unit, f"merge:{merged.act}:out") if merged else None
    if record is None or home is None or record.closed == "erased":
        raise Problem(404, "not_found", "There is no such member.")
    if merged is None or told is None or told.entry is None:
        raise Problem(409, "not_merged", "This member's account is not kept elsewhere.")
    if merged.state == "open" and record.account.into != home.account.id:
        raise Problem(409, "merged_further", "Part the account that it was merged into first.")
    return _Found(merged, told.entry, record, home)


def _led(unit: Unit, merged: Merge) -> list[Key]:
    """List what led to a member before, if it was not given to somebody else since."""
    keys = [Key(identities.collection, name) for name in merged.leading]
    return _leading(unit, keys, merged.into)


def _leading(unit: Unit, keys: Sequence[Key], member: str) -> list[Key]:
    """List which of these identities lead to a member now."""
    found = map(identities.read, unit.get(*keys) if keys else [])
    leads = zip(keys, found, strict=True)
    return [key for key, each in leads if each and each.member == member]
