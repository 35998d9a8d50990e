"""What runs by the clock: the sweep, which does everything that is due by now, and nightly jobs.

`JOBS` is the one table of them: what a job does, when it runs if the program does not say, and
what it is for.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from functools import partial
from operator import attrgetter
from typing import NamedTuple

import msgspec

from loyalty import bookkeeping, catching_up, retaining, timekeeping
from loyalty.campaigns import campaigning, commissioning, comparing, rounds
from loyalty.delivery import Outcome, Shop, first_then_look, outgoing, publish
from loyalty.domain import occasions
from loyalty.domain.ledger import Passbook
from loyalty.domain.occasions import Measured
from loyalty.domain.program import Program
from loyalty.errors import AlreadyExists, Rejected, TryAgain
from loyalty.events import Event, FilesDue, OccasionCame, SalesDue, SweepRequested
from loyalty.friends import befriending
from loyalty.guests import erasing, homes, moving, uniting
from loyalty.journeys import arming, celebrating, leading, measuring
from loyalty.ports import Unit
from loyalty.records import (
    AccountRecord,
    Timer,
    accounts,
    adjustments,
    quarantine,
    reviews,
    timers,
)
from loyalty.segments import segmenting

HEARS = SweepRequested
PAGE = 100
"""So many timers in one go; if there are more, the sweep asks for itself again."""
LONG = timedelta(minutes=15)
"""What is so late may be what ended the sweeps before: it comes last, and delays nobody else."""
MOST = 1000
"""So much that waits is counted; who has more than that has trouble enough."""


def always(_program: Program) -> bool:
    """Serve every program."""
    return True


class Job(NamedTuple):
    """Work that a schedule asks for. Asked for twice, it does no more harm than once.

    `cron` is in the program's zone; without one the job runs only where the program gives one.
    It runs only where the program has something for it to do: what `serves` finds. What is for
    `one_machine` a cloud does by itself.
    """

    work: Callable[[SweepRequested, Shop], Outcome]
    cron: str
    about: str
    serves: Callable[[Program], object] = always
    one_machine: bool = False


def handle(event: Event, shop: Shop) -> Outcome:
    """Do the job that was asked for."""
    assert isinstance(event, SweepRequested)  # noqa: S101 - nothing else is heard
    if event.job not in JOBS:
        raise Rejected("unknown-job", f"no job is named {event.job!r}: see loyalty schedules list")
    return JOBS[event.job].work(event, shop)


def _sweep(event: SweepRequested, shop: Shop) -> Outcome:
    """Do a page of what is due. The index is the cursor: what is done is no longer due."""
    now = shop.clock.now()
    due, more = timekeeping.due(PAGE, shop)
    late = now - LONG
    for timer in sorted(due, key=lambda each: (each.due_at < late, each.due_at, each.rank)):
        _try(timer, shop)
    if not more:
        return ()
    again = SweepRequested(id=f"{event.id}+", at=now, subject=event.subject, job=event.job)
    return outgoing([again])


def _try(timer: Timer, shop: Shop) -> None:
    """Do one timer. One that fails is put off, and delays nobody."""
    try:
        _WORK[timer.kind](timer, shop)
    except Exception as error:  # noqa: BLE001 - whatever it is, the other timers are due too
        name = type(error).__name__
        shop.log("ERROR", "timer failed", timer=timekeeping.name_of(timer), error=name)
        with suppress(TryAgain):  # it is due yet, and the next sweep comes to it
            timekeeping.put_off(timer, name, shop.clock.now(), shop)


def _publish(timer: Timer, shop: Shop) -> None:
    publish(shop.bus, timer.outcome)
    timekeeping.strike_out(timer, shop)


def _settle(timer: Timer, shop: Shop) -> None:
    """Write what time did to an account; its timer is armed anew in the same unit."""
    name = f"settled:{timer.subject}:{timer.due_at.isoformat()}"
    outcome = first_then_look(lambda _: _settled(timer, name, shop))
    timekeeping.keep(name, outcome, shop)


def _settled(timer: Timer, name: str, shop: Shop) -> Outcome:
    """Measure what the occasions rest on, then decide; raises AlreadyExists if it moved on."""
    found, now = accounts.get(shop.store, timer.subject), shop.clock.now()
    program = shop.programs.at(now).program
    known = measuring.measure(found.account, program, shop) if found else Measured()
    work = partial(_settle_in, timer=timer, name=name, known=known, shop=shop)
    return shop.store.atomically("ledger", work)


def _settle_in(unit: Unit, timer: Timer, name: str, known: Measured, shop: Shop) -> Outcome:
    current = timers.get(unit, timekeeping.name_of(timer))
    if current is None or current.due_at != timer.due_at:
        return ()  # another act settled the account meanwhile and armed its timer anew
    record = accounts.get(unit, timer.subject)
    if record is None:
        raise TryAgain("the account is not there")
    if known.statements and known.seq != record.account.seq:
        raise AlreadyExists("the account moved on since its month was added up")
    now = shop.clock.now()
    version = shop.programs.at(now)
    if measuring.misses(known, record.account, version.program, now):
        raise AlreadyExists("something came due since it was measured")
    book = bookkeeping.opened_from(homes.own(_disarmed(record)), version, shop)
    events = [*bookkeeping.posted(book), *_occasions(unit, book, known)]
    outcome = bookkeeping.write(unit, book, book.pages[0][0].id if book.pages else "", events)
    if book.account.armed_at is None:  # else it was armed anew, under the same name
        timers.delete(unit, timekeeping.name_of(timer))
    timekeeping.promise(unit, name, outcome, now)
    return outcome


def _occasions(unit: Unit, book: Passbook, known: Measured) -> list[OccasionCame]:
    """Tell everybody whose account it is what time brought that automations wait for; note it."""
    book.account, found = occasions.came(book.account, book.program, book.now, known)
    everybody = _behind(unit, book) if found else ()
    return [
        OccasionCame(
            id=f"occasion:{each.automation}:{who}:{each.key}", at=book.now, subject=who, member=who,
            automation=each.automation, key=each.key, values=dict(each.values),
            words=dict(each.words),
        )
        for each in found
        for who in everybody
    ]  # fmt: skip


def _behind(unit: Unit, book: Passbook) -> tuple[str, ...]:
    """Name who is behind an account: nobody, if it is kept in another or its guest was erased."""
    if book.account.others:
        return homes.people(unit, book.account)
    return () if book.account.into or book.closed else (book.account.id,)


def _disarmed(record: AccountRecord) -> AccountRecord:
    disarmed = msgspec.structs.replace(record.account, armed_at=None)
    return msgspec.structs.replace(record, account=disarmed)


def _erase(timer: Timer, shop: Shop) -> None:
    erasing.finish(timer.subject, shop)


def _merge(timer: Timer, shop: Shop) -> None:
    uniting.finish(timer.subject, shop)


def _move(timer: Timer, shop: Shop) -> None:
    moving.finish(timer.subject, shop)


def _go_on(timer: Timer, shop: Shop) -> None:
    leading.go_on(timer, shop)


def _celebrate(timer: Timer, shop: Shop) -> None:
    celebrating.come(timer, shop)


_WORK = {
    "publish": _publish,
    "account": _settle,
    "referral": befriending.pay,
    "erase": _erase,
    "merge": _merge,
    "move": _move,
    "journey": _go_on,
    "yearly": _celebrate,
    "campaign": campaigning.come,
    "compare": comparing.come,
    "campaigns": commissioning.take_in,
}


def _tell_what_waits(_event: SweepRequested, shop: Shop) -> Outcome:
    """Say in the log what waits for a person, so that somebody can be alarmed by it."""
    counts = {
        "reviews": len(reviews.find(shop.store, ("state", "==", "open"), limit=MOST)),
        "adjustments": len(adjustments.find(shop.store, ("state", "==", "open"), limit=MOST)),
        "quarantine": len(quarantine.find(shop.store, limit=MOST)),
    }
    shop.log("WARNING" if any(counts.values()) else "INFO", "waits for a person", **counts)
    return ()


def _ask_for_files(event: SweepRequested, shop: Shop) -> Outcome:
    """Have the files read that have come; who reads them has the keys to where they lie."""
    return outgoing([FilesDue(id=event.id, at=shop.clock.now(), subject="files")])


def _ask_for_sales(event: SweepRequested, shop: Shop) -> Outcome:
    """Have each till asked apart, by who has the keys to it: one that is slow delays no other."""
    now = shop.clock.now()
    found = catching_up.tills(shop.programs.current().program)
    return outgoing(SalesDue(id=f"{event.id}:{till}", at=now, subject=till) for till in found)


JOBS = {
    "timers": Job(_sweep, "* * * * *", "Does everything that is due by now."),
    "arm": Job(
        arming.run,
        "0 3 * * *",
        "Once the program has changed: sets guests' timers anew, for birthdays and absences too.",
        attrgetter("automations"),
    ),
    "catch_up": Job(
        _ask_for_sales,
        "20 4 * * *",
        "Asks tills for sales that their calls did not tell of.",
        catching_up.tills,
    ),
    "campaign": Job(rounds.begin, "", "Begins a round of a campaign that has a `cron`."),
    "files": Job(
        _ask_for_files, "5 * * * *", "Reads the files that tills have left.", attrgetter("files")
    ),
    "segments": Job(
        segmenting.run,
        "0 2 * * *",
        "Places every guest in their segments, once an hour at most.",
        attrgetter("segments"),
    ),
    "retention": Job(
        retaining.run,
        "30 3 * * *",
        "Removes what was kept long enough; Google Cloud does so by itself.",
        one_machine=True,
    ),
    "waiting": Job(_tell_what_waits, "30 3 * * *", "Logs how much waits for a person."),
}
