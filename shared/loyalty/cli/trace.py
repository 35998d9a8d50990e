"""`loyalty trace`: the way of a purchase through all functions."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import click

from loyalty import tracing
from loyalty.cli import current, showing
from loyalty.cli.place import Place, place_option
from loyalty.cli.receipt import found
from loyalty.ports import Store
from loyalty.programs import Programs
from loyalty.tracing import Step

_LOOK = {
    "(quarantine)": "`loyalty deadletters list` says why; mend it, then replay it.",
    "points_calculation": "`loyalty explain` says what it would be worth.",
    "milestone_check": "Was points-posted lost on the way? See `loyalty deadletters list`.",
    "notification_dispatch": "See `loyalty deadletters list`, and the log lines of the receipt.",
    "message_feedback": "Does the vendor call us back? See its own log of callbacks.",
}


@click.command(epilog="Example: loyalty trace generic:R1, or only the till's number: R1")
@click.argument("receipt")
@place_option
def trace(receipt: str, place: Place) -> None:
    """Show the way of RECEIPT through all functions, and what has not happened yet.

    It is told from what is stored; no address and no text is shown.
    """
    with place.reading() as store:
        zone = current.version(store, place.clock()).program.zone
        steps = _steps(receipt, store, Programs(store, place.clock()))
    _show(steps, zone, place.clock().now())


def _steps(name: str, store: Store, programs: Programs) -> list[Step]:
    try:
        record = found(name, store)
    except click.ClickException:
        if aside := tracing.put_aside(name, store):
            return aside
        raise
    member = record.receipt.member if record.receipt else ""
    return tracing.way(record, current.records(store, member), store, programs)


def _show(steps: Sequence[Step], zone: str, now: datetime) -> None:
    rows = [
        (showing.instant(step.at, zone) if step.at else "", step.function, step.what)
        for step in steps
    ]
    showing.table(("=when", "=function", "what became of it"), rows)
    missing = [step for step in steps if step.missing(now)]
    _show_waiting([step for step in steps if step.waits and step not in missing], zone)
    _show_missing(missing)


def _show_waiting(steps: Sequence[Step], zone: str) -> None:
    """Say when what waits goes on: nobody has to do anything."""
    if not steps:
        return
    showing.heading("Waits")
    for step in steps:
        until = showing.when(step.at, zone) if step.at else ""
        showing.sentence(f"{step.what}: {until} in {zone}")
    showing.sentence("  It goes out then by itself: quiet hours are `sending` in the program.")
    showing.line()


def _show_missing(steps: Sequence[Step]) -> None:
    if not steps:
        showing.line("Nothing is missing.")
        return
    showing.heading("Not yet")
    for function in dict.fromkeys(step.function for step in steps):
        for step in steps:
            if step.function == function:
                showing.sentence(f"{function}: {step.what}")
        showing.sentence(f"  {_LOOK[function]}")
