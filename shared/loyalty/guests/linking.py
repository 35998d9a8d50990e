"""Turns at a member's card with a partner, so that what is newer is never overwritten.

Whoever calls the partner takes a turn first and settles it after. Acts that come meanwhile only ask
for another round: it costs them no call, and two calls never race. Whose turn ended before they
were done puts what the partner shows in doubt, and it is told again.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial

import msgspec

from loyalty.delivery import Shop
from loyalty.errors import Problem, TryAgain
from loyalty.ports import Unit
from loyalty.records import PartnerLink, contacts, partner_links

LEASE = timedelta(seconds=60)
"""How long a turn lasts; a call to a partner ends long before."""
ROUNDS = 5
"""So many calls in a row for what came meanwhile, then the queue's own pace is better."""
GUEST = "guest:"
"""Whose turn begins so may never come again when it breaks off."""
_replace = msgspec.structs.replace
Change = Callable[[PartnerLink], PartnerLink | None]
"""What becomes of a link that is there; None: it goes."""


# -- decisions --------------------------------------------------------------------------------


def turn(link: PartnerLink | None, seq: int, by: str, now: datetime) -> PartnerLink | None:
    """Decide on an act that a card may not show yet; None: no card, or nothing left to show.

    The turn is the caller's only if the link then says so. Raises TryAgain while the turn is with
    somebody who may have broken off: a guest, or an earlier delivery of the same act.
    """
    if link is None or link.state == "closed" or link.seq >= seq:
        return None
    if link.until is None or link.until <= now:
        sent = link.sent if link.until is None else ""  # a turn that broke off may have told more
        return _replace(link, by=by, until=now + LEASE, rounds=link.rounds + 1, sent=sent)
    if link.by == by or link.by.startswith(GUEST):
        raise TryAgain("somebody else is bringing the card up to date")
    return _replace(link, rounds=link.rounds + 1)


def settled(
    link: PartnerLink, ours: PartnerLink, seq: int, sent: str, now: datetime
) -> PartnerLink:
    """Decide what a link says after a call: done, another round for us, or in doubt."""
    if not is_ours(link, ours):
        return _replace(link, seq=0, sent="", rounds=link.rounds + 1)
    if link.rounds != ours.rounds:
        return _replace(link, sent="", until=now + LEASE)
    return _replace(link, seq=seq, sent=sent, by="", until=None)


def is_ours(link: PartnerLink, ours: PartnerLink) -> bool:
    """Tell whether a turn is still with whoever took it."""
    return (link.by, link.until) == (ours.by, ours.until)


# -- units ------------------------------------------------------------------------------------


def join(partner: str, member: str, by: str, shop: Shop) -> PartnerLink:
    """Take a turn for a guest who asks for a card, before there is one. Raises Problem 404.

    It writes the contact too: nobody gets a card while, or after, they are erased.
    """
    now = shop.clock.now()

    def work(unit: Unit) -> PartnerLink:
        contact, old = contacts.get(unit, member), partner_links.get(unit, _name(partner, member))
        if contact is None:
            raise Problem(404, "not_found", "There is no such member.")
        ours = PartnerLink(
            partner=partner, member=member, at=now, by=by, until=now + LEASE,
            rounds=old.rounds + 1 if old else 0,
        )  # fmt: skip
        contacts.put(unit, member, _replace(contact, seq=contact.seq + 1))
        partner_links.put(unit, _name(partner, member), ours)
        return ours

    return shop.store.atomically("people", work)


def take(partner: str, member: str, seq: int, by: str, shop: Shop) -> PartnerLink | None:
    """Take a turn for an act, if its card does not show it yet and nobody else will see to it."""

    def work(unit: Unit) -> PartnerLink | None:
        link = partner_links.get(unit, _name(partner, member))
        taken = turn(link, seq, by, shop.clock.now())
        if taken:
            partner_links.put(unit, _name(partner, member), taken)
        return taken

    taken = shop.store.atomically("people", work)
    return taken if taken and taken.by == by else None


def take_last(link: PartnerLink, by: str, shop: Shop) -> PartnerLink | None:
    """Take the last turn of a member who is erased; closed links have one too."""
    now = shop.clock.now()

    def last(found: PartnerLink) -> PartnerLink:
        if found.until and found.until > now:
            raise TryAgain("somebody is still bringing the card up to date")
        return _replace(found, by=by, until=now + LEASE)

    return _change(link, last, shop)


def settle(ours: PartnerLink, seq: int, sent: str, shop: Shop) -> PartnerLink | None:
    """Write down what was sent. Returns the link if there is another round to do.

    Raises TryAgain if somebody else took over meanwhile.
    """
    after = _change(ours, lambda found: settled(found, ours, seq, sent, shop.clock.now()), shop)
    if after and after.by == ours.by:
        return after
    if after and after.rounds != ours.rounds:
        raise TryAgain("another turn began before this one was settled")
    return None


def release(ours: PartnerLink, shop: Shop) -> None:
    """Give a turn back undone; whoever comes next may have it at once."""
    _end(ours, partial(_replace, by="", until=None, sent=""), shop)


def close(ours: PartnerLink, word: str, shop: Shop) -> None:
    """Send nothing more until the guest asks for a card again."""
    _end(ours, partial(_replace, state="closed", word=word, by="", until=None), shop)


def forget(ours: PartnerLink, shop: Shop) -> None:
    """Take away the link of a member who is erased: nobody can take another turn at it."""
    _change(ours, lambda _: None, shop)


def _end(ours: PartnerLink, change: Change, shop: Shop) -> None:
    _change(ours, lambda found: change(found) if is_ours(found, ours) else found, shop)


def _change(link: PartnerLink, change: Change, shop: Shop) -> PartnerLink | None:
    name = _name(link.partner, link.member)

    def work(unit: Unit) -> PartnerLink | None:
        found = partner_links.get(unit, name)
        after = change(found) if found else None
        if after:
            partner_links.put(unit, name, after)
        elif found:
            partner_links.delete(unit, name)
        return after

    return shop.store.atomically("people", work)


def _name(partner: str, member: str) -> str:
    return f"{partner}:{member}"
