"""The door: a screen is set up by its code, then each person signs in with their PIN."""

from __future__ import annotations

from flask import Response

from loyalty.counter import screening, staffing
from loyalty.errors import Problem
from loyalty.web import sites
from loyalty.web.till import showing
from loyalty.web.till.visit import SCREEN, SHIFT, Visit

_FOR_GOOD = 400 * 24 * 3600
"""Browsers keep no cookie for longer; signing in makes it last anew."""


def door(visit: Visit, problem: Problem) -> Response:
    """Ask for what opens the screen: its code, or somebody's PIN."""
    said = problem.title if problem.code != "unauthorized" else ""
    if visit.desk is None:
        return showing.page(visit, "screen.html", problem.status, said=said)
    here = staffing.of_store(visit.shop.store, visit.store)
    return showing.page(visit, "sign_in.html", problem.status, said=said, people=here, person=None)


def set_up(visit: Visit) -> Response:
    """Make a device a till screen of the store that its code is for."""
    code, place = visit.form.get("code", ""), sites.place(visit.request)
    cookie = screening.set_up(code, place, visit.shop)
    answer = showing.go(visit, "/")
    _keep(answer, SCREEN, cookie, _FOR_GOOD)
    return answer


def sign_in(visit: Visit) -> Response:
    """Let a person in by their PIN."""
    who, pin = visit.form.get("who", ""), visit.form.get("pin", "")
    person = staffing.identified(who, pin, visit.screen.id, visit.store, visit.shop)
    cookie = screening.sign_in(person, visit.screen, visit.shop)
    visit.shop.log.note(staff=person.id)
    answer = showing.go(visit, "/")
    _keep(answer, SHIFT, cookie, int(screening.LONGEST.total_seconds()))
    _keep(answer, SCREEN, visit.request.cookies[SCREEN], _FOR_GOOD)
    return answer


def sign_out(visit: Visit) -> Response:
    """Let the next person sign in."""
    screening.sign_out(visit.request.cookies[SHIFT], visit.shop)
    answer = showing.go(visit, "/")
    _keep(answer, SHIFT, "", 0)
    return answer


def _keep(answer: Response, name: str, cookie: str, seconds: int) -> None:
    answer.set_cookie(
        name, cookie, max_age=seconds, path="/", secure=True, httponly=True, samesite="Strict"
    )
