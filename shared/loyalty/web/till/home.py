"""The first page of somebody who signed in: find a guest, undo, and what waits for a manager."""

from __future__ import annotations

from typing import NamedTuple

from flask import Response

from loyalty.counter import adjusting, undoing
from loyalty.records import Adjustment, staff
from loyalty.web.till import showing
from loyalty.web.till.guests import first_name
from loyalty.web.till.visit import Visit


class Waiting(NamedTuple):
    """An adjustment that waits for a second person, in words."""

    key: str
    points: int
    guest: str
    why: str
    asked_by: str
    mine: bool


def show(visit: Visit) -> Response:
    """Show what can be done before a guest is found."""
    manager = visit.person.role == "manager"
    waits = adjusting.waiting(visit.shop) if manager else []
    return showing.page(visit, "home.html", waiting=[_waiting(each, visit) for each in waits])


def _waiting(each: Adjustment, visit: Visit) -> Waiting:
    asker = staff.get(visit.shop.store, each.by.removeprefix("staff:"))
    name = first_name(each.member, visit.shop)
    mine = each.by == visit.by or each.member == visit.person.guest
    return Waiting(each.key, each.points, name, each.why, asker.name if asker else each.by, mine)


def undo(visit: Visit) -> Response:
    """Undo what the person did last."""
    done = undoing.undo(visit.person.id, visit.form.get("act", ""), visit.store, visit.shop)
    visit.shop.log.note(staff=visit.person.id, act=f"undo:{done.act}")
    return showing.go(visit, f"/guests/{done.member}", "undone")
