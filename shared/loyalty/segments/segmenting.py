"""Each night every guest is placed anew: their segments, where they stand, how they compare.

Two passes go through all accounts, a page in each call: the first counts, so that guests can be
compared, the second places them and writes only those of whom something changed.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import msgspec

from loyalty import paging
from loyalty.delivery import Outcome, Shop
from loyalty.domain import rfm
from loyalty.domain.program import Program
from loyalty.events import SweepRequested
from loyalty.job_records import Job
from loyalty.ports import Unit
from loyalty.records import AccountRecord, accounts, jobs
from loyalty.segments import placing

NAME = "segments"
PAGE = 100
"""So many accounts in one call."""
AGAIN = timedelta(hours=1)
"""Whoever asks for a run so soon after one began for the same program means the same run."""
_replace = msgspec.structs.replace


def run(event: SweepRequested, shop: Shop) -> Outcome:
    """Begin tonight's run, or do the page that the event names, and ask for the next one."""
    if not event.cursor:
        return _begin(shop)
    job = jobs.get(shop.store, NAME)
    if job is None or job.position != event.cursor:
        return ()
    page = accounts.page(shop.store, job.after, PAGE)
    records, program = paging.legible(page, shop), shop.programs.named(job.version)
    if job.phase == "counting":
        job = _replace(job, counts=_counted(job, records, program, shop))
    else:
        placing.place(records, job, program, shop)
    after = _next(job, page[-1][0] if len(page) == PAGE else "", program)
    paging.advance(NAME, event.cursor, after, shop)
    return ()


def _begin(shop: Shop) -> Outcome:
    """Begin a run; one that began a moment ago goes on where it is.

    Where the program has no segments there is none, but for one that takes everybody out.
    """
    now, version = shop.clock.now(), shop.programs.current()

    def work(unit: Unit) -> Outcome:
        old = jobs.get(unit, NAME)
        if old and old.version == version.hash and now - old.at < AGAIN:
            return paging.asked(NAME, old)
        if not version.program.segments and not (old and old.placed):
            return ()
        fresh = Job(at=now, version=version.hash, phase="counting", placed=bool(old and old.placed))
        jobs.put(unit, NAME, fresh)
        return paging.asked(NAME, fresh)

    return shop.store.atomically("ledger", work)


def _counted(
    job: Job, records: Sequence[AccountRecord], program: Program, shop: Shop
) -> rfm.Counts:
    """Add a page of guests to what was counted."""
    lives = placing.living(records, shop.store)
    here = (each.account for each in records if each.account.id in lives)
    measured = (rfm.measured(account, program, job.at) for account in here)
    return rfm.counted(job.counts, [each for each in measured if each])


def _next(job: Job, after: str, program: Program) -> Job:
    """Tell where a run is after a page; without `after` its pass is over."""
    if after:
        return _replace(job, after=after)
    if job.phase == "counting":
        return _replace(job, phase="placing", after="", placed=True)
    return _replace(job, phase="done", after="", counts={}, placed=bool(program.segments))
