"""Pages for staff. The first is the till screen, for people who sign in with a PIN."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from typing import NamedTuple

from flask import Request, Response

from loyalty.delivery import Shop
from loyalty.errors import Problem, TryAgain
from loyalty.web import router, sites
from loyalty.web.guards import Guards
from loyalty.web.till import admission, guests, home, points, rewards, sales, showing, signing_in
from loyalty.web.till.visit import Visit


class Route(NamedTuple):
    """A page, or what one of its forms does. `need` is who may: anybody, a screen, a person."""

    method: str
    path: str
    need: str
    view: Callable[..., Response]


ROUTES = (
    Route("GET", "/", "person", home.show),
    Route("POST", "/screen", "anybody", signing_in.set_up),
    Route("POST", "/sign-in", "screen", signing_in.sign_in),
    Route("POST", "/sign-out", "person", signing_in.sign_out),
    Route("POST", "/find", "person", guests.find),
    Route("GET", "/guests/{id}", "person", guests.show),
    Route("POST", "/guests/{id}/hold", "person", rewards.hold),
    Route("POST", "/guests/{id}/sale", "person", sales.key_in),
    Route("POST", "/guests/{id}/receipt", "person", sales.attach),
    Route("POST", "/guests/{id}/moved", "manager", sales.move),
    Route("POST", "/guests/{id}/points", "person", points.adjust),
    Route("GET", "/holds/{id}", "person", rewards.show),
    Route("POST", "/holds/{id}/capture", "person", rewards.capture),
    Route("POST", "/holds/{id}/void", "person", rewards.void),
    Route("POST", "/adjustments/{id}/approve", "manager", points.approve),
    Route("POST", "/adjustments/{id}/refuse", "manager", points.refuse),
    Route("POST", "/undo", "person", home.undo),
)


def answer(request: Request, shop: Shop, _guards: Guards) -> Response:
    """Answer a call: people get pages, also of what went wrong; who asks for JSON gets problems."""
    visit = admission.arrived(request, shop)
    try:
        return _answered(visit)
    except (Problem, TryAgain) as trouble:
        if not sites.wants_page(request):
            raise
        return _told(visit, trouble)


def _answered(visit: Visit) -> Response:
    route, slots = router.find(ROUTES, visit.request)
    visit.shop.log.note(route=f"{route.method} {route.path}")
    return route.view(admission.admitted(visit, route.need), **slots)


def _told(visit: Visit, trouble: Problem | TryAgain) -> Response:
    """Show a person what went wrong; who is not known yet is asked who they are."""
    if isinstance(trouble, TryAgain):
        visit.shop.log.note(outcome="again")
        return showing.trouble(visit, Problem(503, "try_again", "Not now. Please try again."))
    visit.shop.log.note(outcome="refused", code=trouble.code, status=trouble.status)
    unknown = trouble.status == HTTPStatus.UNAUTHORIZED
    return signing_in.door(visit, trouble) if unknown else showing.trouble(visit, trouble)
