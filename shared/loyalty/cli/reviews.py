"""`loyalty reviews`: receipts, and friends brought, whose points wait for a person."""

from __future__ import annotations

import getpass

import click

from loyalty.cli import current, showing
from loyalty.cli.groups import Group
from loyalty.cli.place import Command, Place, place_option
from loyalty.cli.receipt import found
from loyalty.counter import reviewing
from loyalty.domain.money import show
from loyalty.domain.reviews import Verdict
from loyalty.friends import befriending
from loyalty.ports import Store
from loyalty.records import Review, entries
from loyalty.records import reviews as kept

REFERRAL = befriending.payment("")


@click.group(cls=Group)
def reviews() -> None:
    """Decide on what waits for a person.

    Receipts were too large, or too many in an hour, to be booked unseen. Friends brought, as in
    referral:m_42, look made up; the member is who brought them.
    """


@reviews.command("list", epilog="Example: loyalty reviews list")
@place_option
def list_(place: Place) -> None:
    """List what waits, the longest waiting first."""
    with place.reading() as store:
        waiting = kept.find(store, ("state", "==", "open"), order="at", limit=1000)
        if not waiting:
            showing.line("Nothing waits for a review.")
            return
        zone = current.version(store, place.clock()).program.zone
        rows = [_row(review, store, zone) for review in waiting]
    showing.table(("what", "total", "member", "why", "=since"), rows)


def _row(review: Review, store: Store, zone: str) -> tuple[str, ...]:
    record = entries.get(store, f"sale:{review.receipt}")
    sale = record.receipt.sale if record and record.receipt else None
    total = show(sale.total, sale.currency) if sale else ""
    return review.receipt, total, review.member, review.why, showing.when(review.at, zone)


def _by_option(command: Command) -> Command:
    asked = click.option(
        "--by", default=getpass.getuser, metavar="NAME", help="Who decides.  [default: your login]"
    )
    return asked(command)


@reviews.command(epilog="Example: loyalty reviews approve R1 --by Maya")
@click.argument("what")
@_by_option
@place_option
def approve(what: str, by: str, place: Place) -> None:
    """Let WHAT, a receipt or a referral, earn what it would have earned at once."""
    _decide(what, "approved", by, place)


@reviews.command(epilog="Example: loyalty reviews refuse R1 --by Maya")
@click.argument("what")
@_by_option
@place_option
def refuse(what: str, by: str, place: Place) -> None:
    """Let WHAT, a receipt or a referral, earn nothing, for good."""
    _decide(what, "refused", by, place)


def _decide(what: str, verdict: Verdict, by: str, place: Place) -> None:
    decide = _referral if what.startswith(REFERRAL) else _receipt
    with place.writing() as store:
        what, points, who = decide(what, verdict, by, store, place)
    number = showing.number(points, "point")
    told = f" {who} told {place.soon}." if who else ""
    showing.line(f"{what} is {verdict} by {by}: {number}.{told}")


def _receipt(
    what: str, verdict: Verdict, by: str, store: Store, place: Place
) -> tuple[str, int, str]:
    known = found(what, store).receipt
    what = known.id if known else what
    entry = reviewing.decide(what, verdict, by, place.shop(store))
    return what, entry.points, "Its guest is"


def _referral(
    what: str, verdict: Verdict, by: str, store: Store, place: Place
) -> tuple[str, int, str]:
    friend = what.removeprefix(REFERRAL)
    points = befriending.decide(friend, verdict, by, place.shop(store))
    return what, points, "Both are" if points else ""
