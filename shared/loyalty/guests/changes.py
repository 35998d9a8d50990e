"""Who changed since when: by what happened to their points, and by what they told us."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import NamedTuple

from loyalty.delivery import Shop
from loyalty.guests import homes
from loyalty.records import contacts, entries

LAG = timedelta(minutes=1)
"""An act is written with the time at which it was decided on: so much later all are there."""
Change = tuple[datetime, str]


class Changed(NamedTuple):
    """Members in the order of their changes, and the instant up to which all are listed."""

    members: list[str]
    until: datetime


def since(at: datetime, limit: int, shop: Shop) -> Changed:
    """List who changed after an instant: `limit` changes, and all at the instant of the last."""
    end = max(at, shop.clock.now() - LAG)
    acts = (
        (record.at, name)
        for record in entries.each(shop.store, ("at", ">", at), order="at")
        for name in record.members
        if record.at
    )
    told = (
        (contact.changed_at, contact.member)
        for contact in contacts.each(shop.store, ("changed_at", ">", at), order="changed_at")
        if contact.changed_at
    )
    kinds = [_first(each, limit, end) for each in (acts, told)]
    until = min(till for _, till in kinds)
    listed = sorted(change for found, _ in kinds for change in found if change[0] <= until)
    named = dict.fromkeys(name for _, name in listed)
    return Changed(list(dict.fromkeys(n for name in named for n in _with(name, shop))), until)


def _with(name: str, shop: Shop) -> Iterator[str]:
    """List a member and all whose points are kept with theirs: these changed too."""
    yield name
    if home := homes.find(shop.store, name):
        yield from homes.here(shop.store, home.account)


def _first(changes: Iterable[Change], limit: int, end: datetime) -> tuple[list[Change], datetime]:
    """Take so many changes, and whatever is as old as the last of them; tell how far that is."""
    found: list[Change] = []
    for change in changes:
        if change[0] > end:
            break
        if len(found) >= limit and change[0] > found[-1][0]:
            return found, found[-1][0]
        found.append(change)
    return found, end
