"""Nightly jobs go page by page: how far one is stands in one document, under the job's name.

Whoever did a page moves the job on, and whoever comes second finds it moved. The next page is a
promise: it is asked for once, and by the sweep if this call is cut off.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from loyalty import timekeeping
from loyalty.delivery import Outcome, Shop, outgoing
from loyalty.errors import Unreadable
from loyalty.events import SweepRequested
from loyalty.job_records import Job
from loyalty.ports import Unit
from loyalty.records import jobs

R = TypeVar("R")
PATIENCE = 3
"""What goes by once is tried so often before it goes on without what fails: half an hour."""


def legible(page: Sequence[tuple[str, R | None]], shop: Shop, tries: int = PATIENCE) -> list[R]:
    """Keep what can be read of a page, and say in the log what cannot: it stops nobody else.

    Raises Unreadable at first: whoever comes by once only has tried `PATIENCE` times before.
    """
    if tries < PATIENCE and any(record is None for _, record in page):
        raise Unreadable("a page has what only other code can read")
    for address, record in page:
        if record is None:
            shop.log("ERROR", "record cannot be read", address=address)
    return [record for _, record in page if record is not None]


def asked(name: str, job: Job) -> Outcome:
    """Ask for a job's next page; one that is done asks for nothing."""
    if job.phase == "done":
        return ()
    event = SweepRequested(
        id=f"{name}:{job.position}", at=job.at, subject=name, job=name, cursor=job.position
    )
    return outgoing([event])


def advance(name: str, position: str, after: Job, shop: Shop) -> None:
    """Move a job on from a position, if nobody did meanwhile, and ask for its next page."""
    promise = f"{name}:{after.position}"

    def work(unit: Unit) -> Outcome:
        found = jobs.get(unit, name)
        if found is None or found.position != position:
            return ()
        jobs.put(unit, name, after)
        outcome = asked(name, after)
        timekeeping.promise(unit, promise, outcome, shop.clock.now())
        return outcome

    timekeeping.keep(promise, shop.store.atomically("ledger", work), shop)
