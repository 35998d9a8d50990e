"""Sales at the till screen: keyed in while the till is down, or attached to their guest later."""

from __future__ import annotations

from flask import Response

from loyalty.counter import keying, reassigning, undoing
from loyalty.counter.keying import KeyedIn
from loyalty.counter.till_records import Undoable
from loyalty.domain import money
from loyalty.errors import Problem
from loyalty.web.till import guests, showing
from loyalty.web.till.visit import Visit

_LONGEST = 16
"""Characters of an amount."""


def key_in(visit: Visit, id: str) -> Response:  # noqa: A002 - the slot's name
    """Record a sale that the till could not tell of."""
    guests.of(visit.for_another(id), visit.shop)
    sale = KeyedIn(
        once=visit.once, member=id, store=visit.store, amount=_amount(visit),
        number=visit.form.get("receipt", ""), by=visit.by,
    )  # fmt: skip
    receipt = keying.key_in(sale, visit.shop)
    now = visit.shop.clock.now()
    last = Undoable(act="sale", id=receipt, member=id, store=visit.store, at=now)
    undoing.remember(visit.person.id, last, visit.shop)
    visit.shop.log.note(staff=visit.person.id, act="key-in", subject=receipt)
    return showing.go(visit, f"/guests/{id}", "keyed-in")


def attach(visit: Visit, id: str) -> Response:  # noqa: A002 - the slot's name
    """Put a receipt that is nobody's on the guest's account."""
    guests.of(visit.for_another(id), visit.shop)
    receipt = keying.attach(visit.form.get("receipt", ""), id, visit.store, visit.shop)
    undoing.forget(visit.person.id, visit.shop)
    visit.shop.log.note(staff=visit.person.id, act="attach", subject=receipt)
    return showing.go(visit, f"/guests/{id}", "attached")


def move(visit: Visit, id: str) -> Response:  # noqa: A002 - the slot's name
    """Move a receipt that was booked for another guest to this one."""
    guests.of(visit.for_another(id), visit.shop)
    receipt = keying.known(visit.form.get("receipt", ""), visit.store, visit.shop)
    reassigning.move(receipt.id, id, visit.by, visit.shop)
    visit.shop.log.note(staff=visit.person.id, act="move", subject=receipt.id)
    return showing.go(visit, f"/guests/{id}", "moved")


def _amount(visit: Visit) -> int:
    """Read an amount as people write it, with a point or a comma."""
    text, currency = visit.form.get("amount", ""), visit.program.currency_of(visit.store)
    try:
        return money.parse(text[:_LONGEST].replace(",", "."), currency)
    except ValueError:
        raise Problem(422, "invalid_amount", f"Give the amount in {currency}.") from None
