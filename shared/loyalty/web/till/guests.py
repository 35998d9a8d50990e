"""A guest at the counter: found by whatever they show, and what can be done for them."""

from __future__ import annotations

from typing import NamedTuple

from flask import Response

from loyalty.counter import keying, quoting
from loyalty.counter.quoting import Takeable
from loyalty.counter.taking import Taking
from loyalty.delivery import Shop
from loyalty.domain.account import Account
from loyalty.errors import Problem
from loyalty.guests import finding, homes
from loyalty.records import contacts
from loyalty.web.till import holds, showing
from loyalty.web.till.points import WHY
from loyalty.web.till.visit import Visit


class Card(NamedTuple):
    """What staff see of a guest: of their phone only the end, to tell two of one name apart."""

    member: str
    name: str
    phone: str
    points: int
    pending: int
    visits: int
    tier: str
    takeable: Takeable
    holds: list[Taking]


def find(visit: Visit) -> Response:
    """Find a guest; the address they are led to tells nothing of them."""
    found = finding.guest(visit.form.get("id", ""), visit.shop)
    place = f"/holds/{found.hold}" if found.hold else f"/guests/{found.member}"
    return showing.go(visit, place)


def show(visit: Visit, id: str) -> Response:  # noqa: A002 - the slot's name
    """Show a guest."""
    return showing.page(
        visit, "guest.html", guest=card(id, visit), reasons=WHY,
        currency=visit.program.currency_of(visit.store),
        till=keying.till_of(visit.program, visit.store),
    )  # fmt: skip


def card(member: str, visit: Visit) -> Card:
    """Look a guest up. Raises Problem 404."""
    shop, now = visit.shop, visit.shop.clock.now()
    account, contact = of(member, shop), contacts.get(shop.store, member)
    return Card(
        member=member, name=first_name(member, shop),
        phone=contact.phone[-3:] if contact and contact.phone else "",
        points=account.points(now), pending=account.pending(now), visits=account.totals.visits,
        tier=_tier(account, visit),
        takeable=quoting.takeable(account, visit.store, visit.program.languages[0], shop),
        holds=holds.open_here(visit, account),
    )  # fmt: skip


def of(member: str, shop: Shop) -> Account:
    """Read a guest's account. Raises Problem 404."""
    found = homes.find(shop.store, member)
    if found is None:
        raise Problem(404, "not_found", "There is no such guest.")
    return found.account


def first_name(member: str, shop: Shop) -> str:
    """Tell how a guest is greeted; never their whole name."""
    contact = contacts.get(shop.store, member)
    return next(iter(contact.name.split()), "") if contact else ""


def _tier(account: Account, visit: Visit) -> str:
    tiers = visit.program.tiers
    level = tiers.levels.get(account.tier or "") if tiers else None
    return visit.program.words(level.title, visit.program.languages[0]) if level else ""
