"""The guest's pages: join, card, rewards, history, own data. Plain HTML, without a script."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from flask import Request, Response

from loyalty.delivery import Shop
from loyalty.errors import Problem
from loyalty.web import router
from loyalty.web.guards import Guards
from loyalty.web.pages import card, friends, joining, own, posters, rendering, wallets
from loyalty.web.pages.visit import Visit


class Page(NamedTuple):
    """One page, or what one of its forms does."""

    method: str
    path: str
    view: Callable[..., Response]


def home(visit: Visit) -> Response:
    """Send guests to their card, and others to the form."""
    return visit.to("/card" if visit.contact else "/join")


def style(_visit: Visit) -> Response:
    """Give the style sheet."""
    return rendering.style()


PAGES = (
    Page("GET", "/", home),
    Page("GET", "/style.css", style),
    Page("GET", "/join", joining.form),
    Page("POST", "/join", joining.ask),
    Page("GET", "/join/{store}", joining.form),
    Page("GET", "/join/{store}/poster.svg", posters.svg),
    Page("GET", "/join/{store}/poster.pdf", posters.pdf),
    Page("GET", "/r/{code}", friends.landing),
    Page("GET", "/r/{code}/{store}", friends.landing),
    Page("POST", "/friends", friends.make),
    Page("GET", "/code", joining.code),
    Page("POST", "/code", joining.enter),
    Page("GET", "/m/{token}", joining.link),
    Page("POST", "/m/{token}", joining.trade),
    Page("POST", "/out", joining.sign_out),
    Page("GET", "/card", card.show),
    Page("POST", "/hold", card.hold),
    Page("GET", "/hold/{id}", card.held),
    Page("POST", "/hold/{id}/cancel", card.cancel),
    Page("POST", "/wallet/{name}", wallets.add),
    Page("GET", "/wallet/{name}/card", wallets.download),
    Page("GET", "/history", card.history),
    Page("GET", "/claim", card.receipt),
    Page("POST", "/claim", card.claim),
    Page("GET", "/me", own.show),
    Page("POST", "/me", own.save),
    Page("POST", "/me/birthday", own.new_birthday),
    Page("POST", "/me/address", own.new_address),
    Page("GET", "/me/export", own.export),
    Page("POST", "/me/erase", own.erase),
    Page("GET", "/erased", own.erased),
)


def answer(request: Request, shop: Shop, _guards: Guards) -> Response:
    """Answer a guest; what is refused is a page as well."""
    visit = Visit(request, shop)
    try:
        page, slots = router.find(PAGES, request)
        shop.log.note(route=f"{page.method} {page.path}")
        return page.view(visit, **slots)
    except Problem as refused:
        return _refused(visit, refused)


def _refused(visit: Visit, refused: Problem) -> Response:
    """Say what went wrong; who is not signed in is asked to."""
    if refused.code == "signed_out":
        return visit.to("/join")
    visit.shop.log.note(outcome="refused", code=refused.code, status=refused.status)
    answer = visit.page("error.html", refused.status, code=refused.code)
    if refused.allow:
        answer.headers["Allow"] = ", ".join(refused.allow)
    if refused.status == 429:  # noqa: PLR2004 - said in HTTP
        answer.headers["Retry-After"] = "600"
    return answer
