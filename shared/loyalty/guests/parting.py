"""How members part again whose points were kept together: with what remains of their own.

What they earned meanwhile stays where it is; progress on their own receipts goes along.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import NamedTuple

import msgspec

from loyalty import bookkeeping, recount, timekeeping
from loyalty.campaigns import running
from loyalty.delivery import RACES, Outcome, Shop
from loyalty.domain import merging as moved
from loyalty.domain import offers
from loyalty.domain.account import Account
from loyalty.domain.entry import Entry
from loyalty.domain.facts import minute
from loyalty.errors import Problem, TryAgain
from loyalty.guests import homes, merging
from loyalty.guests.homes import Home
from loyalty.ports import Key, Unit
from loyalty.records import (
    AccountRecord,
    Identity,
    Merge,
    accounts,
    entries,
    identities,
    merges,
    timers,
)

NEWEST = 200
"""So many of their newest acts tell when somebody came last."""
_replace = msgspec.structs.replace


def unmerge(member: str, by: str, shop: Shop) -> None:
    """Move back what remains of a member's account. Repeated, it changes nothing.

    Raises Problem 404, or 409 if the account is not kept elsewhere.
    """
    for _ in range(RACES):
        seen = _looked_up(member, shop)
        work = partial(_part, member=member, by=by, seen=seen, shop=shop)
        if done := shop.store.atomically("ledger", work):
            timekeeping.keep(*done, shop)
            return
    raise TryAgain("the account keeps changing while it is parted")


class _Seen(NamedTuple):
    """What the history tells as of `seq`: acts on their receipts since the merge, who came when."""

    acts: list[Entry]
    came: moved.Came
    seq: int


def _looked_up(member: str, shop: Shop) -> _Seen:
    """Look up what an account's people did where it is kept, and when all of them came last."""
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
    part = came.joined if came else ()
    stay = [name for name in homes.everybody(home.account) if name not in part]
    last = moved.Came(_newest(part, shop), _newest(stay, shop))
    if merged and not merged.shared:  # whose receipt it was cannot be told of one person
        last = moved.Came(max(last), max(last))
    return _Seen(acts, last, home.account.seq)


def _newest(names: Sequence[str], shop: Shop) -> int:
    """Find the newest receipt, in minutes, that any of these told of; 0 without any."""
    found = (
        record
        for name in names
        for record in entries.find(
            shop.store, ("members", "contains", name), order="at", descending=True, limit=NEWEST
        )
        if record.entry and record.entry.members[-1] in names
    )
    sales = (record.receipt.sale for record in found if record.receipt)
    return max((minute(sale.occurred_at) for sale in sales if sale), default=0)


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


def _part(unit: Unit, member: str, by: str, seen: _Seen, shop: Shop) -> tuple[str, Outcome] | None:
    """Part an account as it was at this `seq`; None if it moved on."""
    found = _known(unit, member)
    if found.merged.state == "undone":
        return "", ()
    if found.home.account.seq != seen.seq:
        return None
    _none_held(unit, found, shop)
    leads = _led(unit, found.merged)
    version, joined = shop.programs.at(shop.clock.now()), found.first.joined
    book = bookkeeping.opened_from(found.home, version, shop)
    back = bookkeeping.opened_from(homes.own(found.record), version, shop)
    book.account = _given_back(unit, book.account, joined)
    part = moved.remaining(book.account, found.first, seen.acts, book)
    link = moved.Link(found.merged.act, book.account.id, joined, found.merged.shared)
    moved.unmerge(book, back, part, link, seen.came)
    back.closed = ""
    for key in leads:
        unit.put(key, identities.document(Identity(member=member)))
    merges.put(unit, member, _replace(found.merged, state="undone", undone_by=by))
    timers.delete(unit, f"merge:{member}")
    act = f"unmerge:{found.merged.act}"
    return act, merging.written(unit, book, back, act)


def _given_back(unit: Unit, account: Account, joined: Sequence[str]) -> Account:
    """Leave to those who part the offers of their own, by whichever of their names each came."""
    found = [home for name in joined if (home := homes.find(unit, name))]
    names = [home.member for home in found if home.person == found[0].person]
    asked = dict.fromkeys(each.campaign for each in account.offers if each.member in names)
    led = {campaign: _first_led(unit, campaign, names) for campaign in asked}
    own = offers.given_back(account.offers, joined, joined[0], led)
    return _replace(account, offers=own)


def _first_led(unit: Unit, campaign: str, names: Sequence[str]) -> str:
    return next((name for name in names if running.led(unit, campaign, [name])), "")


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
    return merging.leading_to(unit, keys, merged.into)
