"""Points adjusted at the till: by a manager, or with a manager's word."""

from __future__ import annotations

import re

from flask import Response

from loyalty.counter import adjusting, undoing
from loyalty.counter.adjusting import Adjusted
from loyalty.counter.till_records import Undoable
from loyalty.errors import Problem
from loyalty.records import adjustments
from loyalty.web.till import showing
from loyalty.web.till.visit import Visit

WHY = {
    "missed": "a sale was missed",
    "mistake": "a mistake is put right",
    "sorry": "an apology",
    "gift": "a gift of the house",
}
"""Reasons to choose from: what people write freely may name somebody, and entries name nobody."""
_POINTS = re.compile(r"[+-]?[0-9]{1,7}", re.ASCII)


def adjust(visit: Visit, id: str) -> Response:  # noqa: A002 - the slot's name
    """Give or take points: a manager at once, others once a manager agrees."""
    member, key, why = visit.for_another(id), visit.once, WHY.get(visit.form.get("why", ""))
    if why is None:
        raise Problem(422, "unknown_reason", "Choose a reason.")
    ask = adjusting.adjust if visit.person.role == "manager" else adjusting.request
    done = ask(member, _points(visit), why, key, visit.by, visit.shop)
    now = visit.shop.clock.now()
    last = Undoable(act="adjust", id=key, member=member, store=visit.store, at=now)
    undoing.remember(visit.person.id, last, visit.shop)
    visit.shop.log.note(staff=visit.person.id, act="adjust", subject=member)
    return showing.go(visit, f"/guests/{member}", done.state)


def approve(visit: Visit, id: str) -> Response:  # noqa: A002 - the slot's name
    """Agree to what somebody else wants to adjust."""
    found = adjustments.get(visit.shop.store, id)
    visit.for_another(found.member if found else "-")
    return _decided(visit, adjusting.approve(id, visit.by, visit.shop), "approve")


def refuse(visit: Visit, id: str) -> Response:  # noqa: A002 - the slot's name
    """Refuse it."""
    return _decided(visit, adjusting.turn_down(id, visit.by, visit.shop), "refuse")


def _decided(visit: Visit, done: Adjusted, act: str) -> Response:
    undoing.forget(visit.person.id, visit.shop)
    visit.shop.log.note(staff=visit.person.id, act=act)
    return showing.go(visit, "/", done.state)


def _points(visit: Visit) -> int:
    text = visit.form.get("points", "").replace(" ", "")
    if not _POINTS.fullmatch(text):
        raise Problem(422, "wrong_points", "Give the points as a whole number, as in 20 or -20.")
    return int(text)
