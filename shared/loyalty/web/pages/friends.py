"""Friends: what a guest hands on from their card, and the page where a friend lands with it."""

from __future__ import annotations

from contextlib import suppress
from typing import NamedTuple
from urllib.parse import quote

from flask import Response

from loyalty import identity
from loyalty.domain.friends import line
from loyalty.domain.money import show
from loyalty.domain.program import Referral
from loyalty.errors import Problem
from loyalty.friends import referring
from loyalty.friends.referring import Brought
from loyalty.web.pages.visit import Visit

LONGEST = 16
"""So many letters of a code are looked at."""


class Share(NamedTuple):
    """A link that opens the guest's own messages or mail with our words in it."""

    key: str
    to: str


class Bringing(NamedTuple):
    """What the card shows of bringing friends; of friends it has numbers and no names.

    Without a code there is a button that makes it: whoever signed in before there was a part for
    friends has none yet.
    """

    code: str
    link: str
    terms: Referral
    least: str
    shares: tuple[Share, ...]
    brought: Brought


def bringing(visit: Visit) -> Bringing | None:
    """Show what to hand on; nothing where the program has nothing for it."""
    terms = visit.program.referral
    if terms is None:
        return None
    code = referring.known_code(visit.member, visit.shop)
    link = f"{visit.home}/r/{code}"
    brought = referring.brought(visit.member, visit.shop)
    return Bringing(code, link, terms, _least(visit, terms), _shares(visit, link), brought)


def make(visit: Visit) -> Response:
    """Make the guest's code, which is always the same."""
    _ = visit.form
    referring.code(visit.member, visit.shop)
    return visit.to("/card#friends")


def _least(visit: Visit, terms: Referral) -> str:
    return show(line(terms), visit.program.currency) if terms.minimum else ""


def _shares(visit: Visit, link: str) -> tuple[Share, ...]:
    brand = visit.program.title
    text = quote(visit.say("friend_text", brand=brand, link=link), safe="")
    subject = quote(brand, safe="")
    return (
        Share("share_sms", f"sms:?body={text}"),
        Share("share_whatsapp", f"https://wa.me/?text={text}"),
        Share("share_mail", f"mailto:?subject={subject}&body={text}"),
    )


def landing(visit: Visit, code: str, store: str = "") -> Response:
    """Tell a friend who we are and what both get. Whoever only looks is given no cookie.

    A code that cannot be used, whyever, is told so alike; and they may join all the same.
    """
    if store and store not in visit.program.stores:
        raise Problem(404, "not_found", "There is no such store.")
    code = typed(code)
    terms = visit.program.referral if usable(visit, code) else None
    shown = [visit.program.stores[store]] if store else list(visit.program.stores.values())
    return visit.look(
        "friend.html", terms=terms, least=_least(visit, terms) if terms else "",
        stores=[each.title for each in shown], to=join(code if terms else "", store),
        languages=visit.program.languages,
    )  # fmt: skip


def join(code: str, store: str) -> str:
    """Write the path of the form to join, with the code kept."""
    path = f"/join/{store}" if store else "/join"
    return f"{path}?friend={code}" if code else path


def typed(code: str) -> str:
    """Read a code as it came in an address or a form; "" if it cannot be one."""
    plain = identity.letters(code[:LONGEST])
    good = len(plain) == 8 and set(plain) <= set(identity.LETTERS)  # noqa: PLR2004 - as codes are made
    return identity.written(plain) if good else ""


def usable(visit: Visit, code: str) -> bool:
    """Tell whether a code could bring somebody: it is a guest's, and the program has a part."""
    if not code or visit.program.referral is None:
        return False
    with suppress(Problem):
        return bool(referring.owner(code, visit.shop))
    return False
