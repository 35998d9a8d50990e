"""Who may do what at a till screen, and that it is they who ask: checked first."""

from __future__ import annotations

from flask import Request

from loyalty import identity
from loyalty.connectors.card_data import card_numbers
from loyalty.counter import screening
from loyalty.delivery import Shop
from loyalty.errors import Problem
from loyalty.web import sites
from loyalty.web.till.visit import SCREEN, SHIFT, Visit

LONGEST = 254
"""Letters of a field."""
_OURS = frozenset({"token", "once", "act"})
"""Fields that a page fills by chance: now and then they look like the number of a card."""


def arrived(request: Request, shop: Shop) -> Visit:
    """Tell from which screen a call comes, and who is signed in there."""
    screen = screening.screen(request.cookies.get(SCREEN, ""), shop.store)
    if screen is None:
        return Visit(request, shop)
    return Visit(request, shop, screening.desk(screen, request.cookies.get(SHIFT, ""), shop))


def admitted(visit: Visit, need: str) -> Visit:
    """Let a call in, with its form. Raises Problem 400, 401, 403, 413, 415 or 422."""
    if visit.request.method == "POST":
        visit = visit._replace(form=_form(visit.request))
    _admit(visit, need)
    if visit.request.method == "POST" and need != "anybody":
        _own_form(visit)
    return visit


def _admit(visit: Visit, need: str) -> None:
    if need != "anybody":
        _ = visit.screen
    if need in ("person", "manager"):
        _ = visit.person
    if need == "manager" and visit.person.role != "manager":
        raise Problem(403, "forbidden", "A manager has to do that.")


def _own_form(visit: Visit) -> None:
    """Refuse a form that is not from a page of this session."""
    if not identity.same(visit.form.get("token", ""), visit.token):
        raise Problem(403, "forged", "This form is from another session. Open the page again.")


def _form(request: Request) -> dict[str, str]:
    """Read a form in which everything is plain, short text."""
    form = sites.form(request)
    if any(len(text) > LONGEST for text in form.values()):
        raise Problem(400, "invalid_body", "The form cannot be read.")
    if not all(text.isprintable() for text in form.values()):
        raise Problem(400, "invalid_text", "Something in the form is no plain text.")
    typed = {name: text for name, text in form.items() if name not in _OURS}
    if any(card_numbers(typed)):
        raise Problem(422, "card_data", "A card number is nothing we want to know.")
    return form
