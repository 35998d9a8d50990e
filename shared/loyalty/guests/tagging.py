"""Tags that a person or an automation puts on a guest: each giving and taking is an act."""

from __future__ import annotations

import re

from loyalty import bookkeeping, timekeeping
from loyalty.delivery import Outcome, Shop
from loyalty.domain import tags
from loyalty.errors import Problem
from loyalty.guests import homes
from loyalty.ports import Unit

_TAG = re.compile(r"[a-z][a-z0-9_]{0,39}", re.ASCII)


def give(member: str, tag: str, by: str, shop: Shop) -> tuple[str, ...]:
    """Put a tag on a guest; one that is there stays. Return their tags.

    Raises Problem 404, 409 (too many) or 422 (not written like a tag).
    """
    return _change(member, tag, "given", by, shop)


def take(member: str, tag: str, by: str, shop: Shop) -> tuple[str, ...]:
    """Take a tag off a guest; one that is not there is no error. Return their tags."""
    return _change(member, tag, "taken", by, shop)


def _change(member: str, tag: str, way: tags.Way, by: str, shop: Shop) -> tuple[str, ...]:
    if not _TAG.fullmatch(tag):
        told = "A tag is small letters, digits and _, a letter first, at most 40."
        raise Problem(422, "invalid_tag", told)

    def work(unit: Unit) -> tuple[tuple[str, ...], str, Outcome]:
        home = homes.find(unit, member)
        if home is None or home.closed:
            raise Problem(404, "not_found", "There is no such member.")
        if not tags.changes(home.account, tag, way):
            return home.account.tags, "", ()
        if way == "given" and tags.full(home.account):
            raise Problem(409, "too_many_tags", f"A member has {tags.MOST} tags at most.")
        book = bookkeeping.opened_from(home, shop.programs.current(), shop)
        act = f"tag:{home.account.id}:{book.account.seq + 1}"
        tags.write(book, act, tag, way, by=by)
        outcome = bookkeeping.write(unit, book, act, bookkeeping.posted(book))
        timekeeping.promise(unit, act, outcome, book.now)
        return book.account.tags, act, outcome

    now, act, outcome = shop.store.atomically("ledger", work)
    timekeeping.keep(act, outcome, shop)
    return now
