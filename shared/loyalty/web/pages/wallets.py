"""The card on the guest's phone: a way into each wallet that the program offers."""

from __future__ import annotations

from flask import Response

from loyalty.connectors.spec import PassFile, PassLink
from loyalty.errors import Problem
from loyalty.guests import adding
from loyalty.guests.adding import Wallet
from loyalty.web.pages import rendering
from loyalty.web.pages.visit import Visit


def offered(visit: Visit) -> list[Wallet]:
    """List the wallets that the program offers, for the card's page."""
    return adding.wallets(visit.program)


def add(visit: Visit, name: str) -> Response:
    """Put the card into a wallet that keeps it, then lead the guest there.

    The way there is a new request of the browser and no redirect: those after a form must stay on
    this site (`form-action`), at every hop, and nobody knows which hops a wallet makes.
    """
    _ = visit.form
    wallet, member = _wallet(visit, name, keeps=True), visit.member
    added = adding.add(wallet.name, member, visit.shop)
    assert isinstance(added, PassLink)  # noqa: S101 - a wallet that keeps cards gives links
    answer = visit.page("wallet.html", wallet=wallet.title, url=added.url)
    answer.headers["Refresh"] = f"0; url={added.url}"
    return answer


def download(visit: Visit, name: str) -> Response:
    """Give the card as a file, made anew: looking changes nothing."""
    member, wallet = visit.member, _wallet(visit, name, keeps=False)
    added = adding.add(wallet.name, member, visit.shop)
    assert isinstance(added, PassFile)  # noqa: S101 - a wallet that keeps nothing gives files
    headers = {**rendering.HEADERS, "Content-Disposition": 'attachment; filename="card.pkpass"'}
    return Response(added.body, 200, headers, content_type=added.media_type)


def _wallet(visit: Visit, name: str, *, keeps: bool) -> Wallet:
    """Find an offered wallet of a kind. Raises Problem 404."""
    found = (each for each in offered(visit) if (each.name, each.keeps) == (name, keeps))
    wallet = next(found, None)
    if wallet is None:
        raise Problem(404, "not_found", "There is no such wallet.")
    return wallet
