"""Everything that is due by now: promised events, what time does to an account, broken erasures."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from loyalty import (
    befriending,
    bookkeeping,
    erasing,
    homes,
    merging,
    moving,
    segmenting,
    timekeeping,
)
from loyalty.delivery import Outcome, Shop, outgoing, publish
from loyalty.errors import Rejected, TryAgain
from loyalty.events import Event, SweepRequested
from loyalty.ports import Unit
from loyalty.records import AccountRecord, Timer, account_record, accounts, timers

HEARS = SweepRequested
PAGE = 100
"""So many timers in one go; if there are more, the sweep asks for itself again."""


def handle(event: Event, shop: Shop) -> Outcome:
    """Do a page of the job that is asked for."""
    assert isinstance(event, SweepRequested)  # noqa: S101 - `deliver` saw to it
    if event.job not in JOBS:
        raise Rejected("unknown-job", "there is no such job")
    return JOBS[event.job](event, shop)


def _timers(event: SweepRequested, shop: Shop) -> Outcome:
    """Do a page of what is due. The index is the cursor: what is done is no longer due."""
    now = shop.clock.now()
    due = timers.find(shop.store, ("due_at", "<=", now), order="due_at", limit=PAGE)
    for timer in sorted(due, key=lambda timer: (timer.due_at, timer.rank)):
        _try(timer, shop)
    if len(due) < PAGE:
        return ()
    again = SweepRequested(id=f"{event.id}+", at=now, subject=event.subject)
    return outgoing([again])


def _try(timer: Timer, shop: Shop) -> None:
    """Do one timer. One that fails is put off, and delays nobody."""
    try:
        _WORK[timer.kind](timer, shop)
    except Exception as error:  # noqa: BLE001 - whatever it is, the other timers are due too
        shop.log("ERROR", "timer failed", timer=timer.kind, error=type(error).__name__)
        timekeeping.put_off(timer, shop.clock.now(), shop)


def _publish(timer: Timer, shop: Shop) -> None:
    publish(shop.bus, timer.outcome)
    timekeeping.strike_out(timer, shop)


def _settle(timer: Timer, shop: Shop) -> None:
    """Write what time did to an account; its timer is armed anew in the same unit."""
    name = f"settled:{timer.subject}:{timer.due_at.isoformat()}"
    outcome = shop.store.atomically("ledger", lambda unit: _settle_in(unit, timer, name, shop))
    timekeeping.keep(name, outcome, shop)


def _settle_in(unit: Unit, timer: Timer, name: str, shop: Shop) -> Outcome:
    current = timers.get(unit, timekeeping.name_of(timer))
    if current is None or current.due_at != timer.due_at:
        return ()  # another act settled the account meanwhile and armed its timer anew
    record = accounts.get(unit, timer.subject)
    if record is None:
        raise TryAgain("the account is not there")
    now = shop.clock.now()
    book = bookkeeping.opened_from(homes.own(_disarmed(record)), shop.programs.at(now), shop)
    if book.account.due_at() is None:  # else it is armed anew below, under the same name
        timers.delete(unit, timekeeping.name_of(timer))
    if not book.pages:
        rearmed = bookkeeping.armed(unit, book)
        accounts.put(unit, rearmed.id, account_record(rearmed, book.closed))
        return ()
    trigger = book.pages[0][0].id
    outcome = bookkeeping.write(unit, book, trigger, bookkeeping.posted(book))
    timekeeping.promise(unit, name, outcome, now)
    return outcome


def _disarmed(record: AccountRecord) -> AccountRecord:
    disarmed = msgspec.structs.replace(record.account, armed_at=None)
    return msgspec.structs.replace(record, account=disarmed)


def _erase(timer: Timer, shop: Shop) -> None:
    erasing.finish(timer.subject, shop)


def _merge(timer: Timer, shop: Shop) -> None:
    merging.finish(timer.subject, shop)


def _move(timer: Timer, shop: Shop) -> None:
    moving.finish(timer.subject, shop)


_WORK = {
    "publish": _publish,
    "account": _settle,
    "referral": befriending.pay,
    "erase": _erase,
    "merge": _merge,
    "move": _move,
}
JOBS: dict[str, Callable[[SweepRequested, Shop], Outcome]] = {
    "timers": _timers,
    "segments": segmenting.run,
}
"""What a sweep can be asked for. A job goes page by page, and asks for the next one itself."""
