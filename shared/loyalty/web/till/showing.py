"""How pages are made: our own templates, never cached, nothing in them that could run."""

from __future__ import annotations

import secrets
from typing import Any

from flask import Response

from loyalty.counter import undoing
from loyalty.errors import Problem
from loyalty.web import sites
from loyalty.web.till.visit import Visit

TOLD = {
    "held": "Set aside.",
    "captured": "Captured: hand it out.",
    "voided": "Given back.",
    "expired": "Its time was over.",
    "keyed-in": "The sale is recorded. Its points show in a moment.",
    "attached": "The receipt is the guest's. Its points show in a moment.",
    "moved": "The receipt is this guest's now.",
    "done": "The points are adjusted.",
    "waiting": "A second person has to agree to it.",
    "refused": "It was refused.",
    "withdrawn": "It was withdrawn.",
    "undone": "Undone.",
}
"""What a page says of what was just done, by a word in its address."""
_TEMPLATES = sites.templates("loyalty.web.till")


def page(visit: Visit, name: str, status: int = 200, **shown: Any) -> Response:
    """Show a page. Whatever is put into it is text."""
    nonce = secrets.token_urlsafe(16)
    told = TOLD.get(visit.request.args.get("told", ""), "")
    text = _TEMPLATES.get_template(name).render(
        {"told": told, "said": ""} | _around(visit) | shown, nonce=nonce,
        root=visit.request.root_path, token=visit.token, once=lambda: secrets.token_hex(8),
    )  # fmt: skip
    headers = sites.policy(f"'nonce-{nonce}'")
    return Response(text, status, headers, content_type="text/html; charset=utf-8")


def _around(visit: Visit) -> dict[str, Any]:
    """Tell what stands around every page: which store, who is signed in, what they can undo."""
    desk, program = visit.desk, visit.program
    person = desk.person if desk else None
    store = program.stores.get(desk.store) if desk else None
    last = undoing.last(person.id, desk.store, visit.shop) if desk and person else None
    title = store.title if store else program.title
    return {"title": program.title, "store": title, "person": person, "last": last}


def trouble(visit: Visit, problem: Problem) -> Response:
    """Show what went wrong, in its own words."""
    return page(visit, "problem.html", problem.status, said=problem.title)


def go(visit: Visit, path: str, told: str = "") -> Response:
    """Lead on to a page, so that a reload does nothing again."""
    place = f"{visit.request.root_path}{path}" + (f"?told={told}" if told else "")
    return Response("", 303, {**sites.HEADERS, "Location": place})
