"""Rewards at the till: held with one tap, captured or given back with another."""

from __future__ import annotations

from flask import Response

from loyalty.counter import keying, redeeming, undoing
from loyalty.counter.redeeming import Asking, Capturing
from loyalty.counter.taking import Taking
from loyalty.counter.till_records import Undoable
from loyalty.errors import Problem
from loyalty.web.till import guests, holds, showing
from loyalty.web.till.visit import Visit

_MOST_DIGITS = 9


def hold(visit: Visit, id: str) -> Response:  # noqa: A002 - the slot's name
    """Set a reward aside for a guest."""
    form, points = visit.form, visit.form.get("points", "")
    asking = Asking(
        id=visit.once, member=visit.for_another(id), reward=form.get("reward", ""),
        points=_number(points) if points else None, voucher=form.get("voucher", ""),
        store=visit.store, by=visit.by,
    )  # fmt: skip
    return _done(visit, redeeming.hold(asking, visit.shop))


def show(visit: Visit, id: str) -> Response:  # noqa: A002 - the slot's name
    """Show one hold, as its code leads to it: also one whose time is over."""
    taking = holds.here(visit, id)
    guest = guests.first_name(taking.member, visit.shop)
    return showing.page(visit, "hold.html", taking=taking, guest=guest)


def capture(visit: Visit, id: str) -> Response:  # noqa: A002 - the slot's name
    """Spend what is held, on a receipt if its number was typed."""
    taking = holds.here(visit, id)
    visit.for_another(taking.member)
    receipt = keying.receipt_id(visit.form.get("receipt", ""), visit.store, visit.shop)
    wish = Capturing(id=id, receipt=receipt, store=visit.store, by=visit.by)
    return _done(visit, redeeming.capture(wish, visit.shop))


def void(visit: Visit, id: str) -> Response:  # noqa: A002 - the slot's name
    """Give back what is held."""
    holds.here(visit, id)
    taking = redeeming.void(id, visit.by, visit.shop)
    undoing.forget(visit.person.id, visit.shop)
    visit.shop.log.note(staff=visit.person.id, act="void", subject=taking.member)
    return showing.go(visit, f"/guests/{taking.member}", taking.state)


def _done(visit: Visit, taking: Taking) -> Response:
    """Go back to the guest, and remember what can be undone now."""
    if taking.state in ("held", "captured"):
        last = Undoable(
            act="hold" if taking.state == "held" else "capture", id=taking.id,
            member=taking.member, store=visit.store, at=visit.shop.clock.now(),
        )  # fmt: skip
        undoing.remember(visit.person.id, last, visit.shop)
    visit.shop.log.note(staff=visit.person.id, act=taking.state, subject=taking.member)
    return showing.go(visit, f"/guests/{taking.member}", taking.state)


def _number(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS):
        raise Problem(422, "wrong_points", "Give the points as a whole number.")
    return int(text)
