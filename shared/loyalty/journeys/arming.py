"""After a change of the program every guest's timers are set anew: also theirs who are silent."""

from __future__ import annotations

import msgspec

from loyalty import bookkeeping, paging
from loyalty.delivery import Outcome, Shop
from loyalty.domain.automations import ByTime
from loyalty.domain.ledger import Passbook
from loyalty.domain.program import Version
from loyalty.errors import Unreadable
from loyalty.events import SweepRequested
from loyalty.guests import homes
from loyalty.job_records import Job
from loyalty.journeys import celebrating
from loyalty.ports import Unit
from loyalty.records import account_record, accounts, jobs, profiles

NAME = "arm"
PAGE = 100
"""So many guests in one call."""


def run(event: SweepRequested, shop: Shop) -> Outcome:
    """Begin a pass if the program has changed, or do the page that the event names."""
    version, job = shop.programs.current(), jobs.get(shop.store, NAME)
    if not event.cursor:
        return _begin(job, version, shop)
    if job is None or job.position != event.cursor:
        return ()
    page = profiles.page(shop.store, job.after, PAGE)
    readable = paging.legible(page, shop)
    armed = [_arm(profile.member, version, shop) for profile in readable]
    job = msgspec.structs.replace(job, missed=job.missed or sum(armed) < len(page))
    if len(page) == PAGE:
        after = msgspec.structs.replace(job, after=page[-1][0])
    else:
        after = msgspec.structs.replace(job, phase="done", after="")
    paging.advance(NAME, event.cursor, after, shop)
    return ()


def _begin(job: Job | None, version: Version, shop: Shop) -> Outcome:
    """Begin a pass; one that was begun for this version goes on where it is.

    Where somebody was passed over, because only other code could read of them, one begins anew.
    """
    if job and job.version == version.hash and not (job.phase == "done" and job.missed):
        return paging.asked(NAME, job)
    fresh = Job(version=version.hash, at=shop.clock.now(), phase="arming")
    shop.store.atomically("ledger", lambda unit: jobs.put(unit, NAME, fresh))
    return paging.asked(NAME, fresh)


def _arm(member: str, version: Version, shop: Shop) -> bool:
    """Set a guest's timers, and tell whether that could be done."""
    try:
        celebrating.arm(member, shop)
        _arm_account(member, version, shop)
    except Unreadable:
        shop.log("ERROR", "guest cannot be armed", member=member)
        return False
    return True


def _arm_account(member: str, version: Version, shop: Shop) -> None:
    """Set an account's timer, if something is due sooner than it knew."""
    if not any(isinstance(each, ByTime) for each in version.program.automations.values()):
        return

    def work(unit: Unit) -> None:
        home = homes.find(unit, member)
        if home is None or home.closed:
            return  # nobody is behind it
        book = Passbook(home.account, version.program, shop.clock.now())
        account = bookkeeping.armed(unit, book)
        if account is not book.account:  # also where it says the same: the timer rests on it
            accounts.put(unit, account.id, account_record(account, home.record.closed))

    shop.store.atomically("ledger", work)
