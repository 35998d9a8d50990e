"""What was kept as long as its collection keeps it is removed, where the store does not do so.

Firestore does; one machine's store tells here what is over. The index is the cursor: what is gone
is no longer found.
"""

from __future__ import annotations

import msgspec

from loyalty import paging
from loyalty.delivery import Outcome, Shop
from loyalty.events import SweepRequested
from loyalty.job_records import Job
from loyalty.ports import Keeping
from loyalty.records import jobs

NAME = "retention"
PAGE = 500
"""So many documents in one call."""


def run(event: SweepRequested, shop: Shop) -> Outcome:
    """Begin tonight's run, or do the page that the event names, and ask for the next one."""
    if not isinstance(shop.store, Keeping):
        return ()
    job = jobs.get(shop.store, NAME)
    if not event.cursor:
        return _begin(job, shop)
    if job is None or job.position != event.cursor:
        return ()
    removed = shop.store.remove_old(job.at, PAGE)
    shop.log.note(removed=removed)
    pages = f"{int(job.after or 0) + 1}"
    after = msgspec.structs.replace(job, **_next(pages, removed))
    paging.advance(NAME, event.cursor, after, shop)
    return ()


def _next(pages: str, removed: int) -> dict[str, str]:
    return {"after": pages} if removed == PAGE else {"phase": "done"}


def _begin(job: Job | None, shop: Shop) -> Outcome:
    """Begin a run; one that is not done goes on where it is."""
    if job and job.phase != "done":
        return paging.asked(NAME, job)
    fresh = Job(at=shop.clock.now(), version="", phase="removing")
    shop.store.atomically("ledger", lambda unit: jobs.put(unit, NAME, fresh))
    return paging.asked(NAME, fresh)
