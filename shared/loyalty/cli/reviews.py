"""`loyalty reviews`: receipts whose points wait for a person."""

from __future__ import annotations

import getpass

import click

from loyalty import reviewing
from loyalty.cli import current, showing
from loyalty.cli.place import Command, Place, place_option
from loyalty.cli.receipt import found
from loyalty.domain.money import show
from loyalty.ports import Store
from loyalty.records import Review, entries
from loyalty.records import reviews as kept
from loyalty.reviewing import Verdict


@click.group()
def reviews() -> None:
    """Decide on receipts that wait for a person.

    They were too large, or too many in an hour, to be booked unseen.
    """


@reviews.command("list", epilog="Example: loyalty reviews list")
@place_option
def list_(place: Place) -> None:
    """List the receipts that wait, the longest waiting first."""
    with place.reading() as store:
        waiting = kept.find(store, ("state", "==", "open"), order="at", limit=1000)
        if not waiting:
            showing.line("No receipt waits for a review.")
            return
        zone = current.version(store, place.clock()).program.zone
        rows = [_row(review, store, zone) for review in waiting]
    showing.table(("receipt", "total", "member", "why", "=since"), rows)


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
@click.argument("receipt")
@_by_option
@place_option
def approve(receipt: str, by: str, place: Place) -> None:
    """Let RECEIPT earn what it would have earned at once."""
    _decide(receipt, "approved", by, place)


@reviews.command(epilog="Example: loyalty reviews refuse R1 --by Maya")
@click.argument("receipt")
@_by_option
@place_option
def refuse(receipt: str, by: str, place: Place) -> None:
    """Let RECEIPT earn nothing, for good."""
    _decide(receipt, "refused", by, place)


def _decide(receipt: str, verdict: Verdict, by: str, place: Place) -> None:
    with place.writing() as store:
        known = found(receipt, store).receipt
        receipt = known.id if known else receipt
        entry = reviewing.decide(receipt, verdict, by, place.shop(store))
    points = showing.number(entry.points, "point")
    showing.line(f"{receipt} is {verdict} by {by}: {points}. Its guest is told {place.soon}.")
