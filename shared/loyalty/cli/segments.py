"""`loyalty segments`: which groups of guests the program knows, and who is in them."""

from __future__ import annotations

from collections.abc import Iterator

import click

from loyalty.cli import current, showing
from loyalty.cli.groups import Group
from loyalty.cli.place import Place, place_option
from loyalty.domain import lately, rfm
from loyalty.domain.account import Account
from loyalty.domain.grouping import Segment
from loyalty.domain.program import Program
from loyalty.ports import Store
from loyalty.program_file.in_words import said
from loyalty.program_file.mistakes import closest
from loyalty.records import accounts, jobs
from loyalty.segments import segmenting

NOBODY_YET = (
    "Nobody was placed yet: that happens each night, or now by `loyalty schedules run segments`."
)
MOST = 20
"""So many guests of a segment are shown."""


@click.group(cls=Group)
def segments() -> None:
    """Look at groups of guests.

    Who is in which is found out each night; the program file says what it takes.
    """


@segments.command("list", epilog="Example: loyalty segments list")
@place_option
def list_(place: Place) -> None:
    """List the segments of the program in force, with how many guests are in each."""
    with place.reading() as store:
        program = current.version(store, place.clock()).program
        rows = [_row(name, segment, program, store) for name, segment in program.segments.items()]
        when = _as_of(store, program)
    if not rows:
        showing.line("The program has no segments: add some under `segments:` in its file.")
        return
    showing.line(when)
    showing.table(("=name", "title", ">guests"), rows)


@segments.command(epilog="Example: loyalty segments show weekend_regulars")
@click.argument("name")
@place_option
def show(name: str, place: Place) -> None:
    """Show what the segment NAME asks for, and some of its guests."""
    with place.reading() as store:
        clock = place.clock()
        program = current.version(store, clock).program
        segment = _known(name, program)
        _, title, number = _row(name, segment, program, store)
        found = accounts.find(store, ("segments", "contains", name), limit=MOST)
        when = _as_of(store, program)
    showing.heading(f"{title} ({name})")
    showing.line(when)
    showing.facts([*said(segment, program), ("guests", number)])
    rows = [tuple(_guest(each.account, program, place)) for each in found]
    if rows:
        showing.heading(f"Guests ({len(rows)} of {number})")
        showing.table(("=member", "stage", "class", ">points", ">visits", "last visit"), rows)


def _known(name: str, program: Program) -> Segment:
    if name not in program.segments:
        hint = closest(name, program.segments)
        raise click.ClickException(f"The program has no segment {name} ({hint}).")
    return program.segments[name]


def _row(name: str, segment: Segment, program: Program, store: Store) -> tuple[str, str, int]:
    number = accounts.count(store, ("segments", "contains", name))
    return name, program.words(segment.title, program.languages[0]), number


def _as_of(store: Store, program: Program) -> str:
    """Say which night this is of."""
    job = jobs.get(store, segmenting.NAME)
    if job is None:
        return NOBODY_YET
    at = showing.when(job.at, program.zone)
    return f"As of {at}." if job.phase == "done" else f"A run that began {at} is under way."


def nobody_is_placed(store: Store) -> bool:
    """Tell whether no night has placed guests yet."""
    return jobs.get(store, segmenting.NAME) is None


def _guest(account: Account, program: Program, place: Place) -> Iterator[object]:
    now = place.clock().now()
    ago = lately.days_since_visit(account, program, now)
    yield account.id
    yield account.stage
    yield rfm.class_of(account.rfm) or ""
    yield account.points(now)
    yield account.totals.visits
    yield "never" if ago is None else f"{showing.number(ago, 'day')} ago"
