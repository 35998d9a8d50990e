"""Campaigns run: guests are begun page by page, each once, until all are or the budget says no.

The timer `campaign:{name}` stays due while pages are left. A page that was cut off is done again:
whoever's journey is there is begun already, and what it published is published once more.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from operator import itemgetter

import msgspec

from loyalty import paging, timekeeping
from loyalty.campaigns import (
    budgeting,
    comparing,
    entering,
    projecting,
    resuming,
    running,
)
from loyalty.campaigns.campaign_records import CampaignRecord
from loyalty.campaigns.entering import Entered
from loyalty.delivery import Shop, publish
from loyalty.domain import campaigns as rules
from loyalty.domain import offers
from loyalty.errors import Unreadable
from loyalty.journeys import leading
from loyalty.ports import Unit, Where
from loyalty.records import AccountRecord, Timer, account_record, accounts, campaigns, timers

PAGE = 100
"""So many guests in one go."""
LATE = timedelta(days=7)
"""So long after a campaign's end, its offer holds for receipts that are told late."""
TOO_LITTLE = "has too little budget left for what a guest is given: not everybody is begun"
LEFT_OUT = "leaves out guests who could not be begun: the log names them"
LONG_PATIENCE = 8
"""A page of which nobody can be begun is tried so often, for more than a day."""
_replace = msgspec.structs.replace


def come(timer: Timer, shop: Shop) -> None:
    """Do what is due of a campaign: a page of its guests, or its end."""
    record, now = campaigns.get(shop.store, timer.subject), shop.clock.now()
    if record is None:
        timekeeping.strike_out(timer, shop)
    elif record.state != "paused" and record.resuming is not None:
        resuming.page(record, timer.tries, shop)
    elif record.state in ("stopped", "ended"):
        _publish_again(record, timer.tries, shop)
        _clear(record, timer, shop)
    elif now >= record.ends_at:
        _publish_again(record, timer.tries, shop)
        _end(record.id, now, shop)
    elif not record.begun and record.state != "paused":
        _page(record, timer.tries, shop)
    else:
        _look(record, shop)


def _end(name: str, now: datetime, shop: Shop) -> None:
    def work(unit: Unit) -> None:
        record = campaigns.get(unit, name)
        if record and record.state not in ("stopped", "ended"):
            campaigns.put(unit, name, running.noted(_replace(record, state="ended"), now, "ended"))
            comparing.arm(unit, record, now)
        if record and record.campaign.offer:
            running.arm(unit, name, record.ends_at + LATE)
        else:
            timers.delete(unit, running.named(name))

    shop.store.atomically("ledger", work)
    shop.log("INFO", "campaign ended", campaign=name)


def _clear(record: CampaignRecord, timer: Timer, shop: Shop) -> None:
    """Take a page of accounts the offer of a campaign that is over; each is found until it is."""
    where = (Where("offers", "contains", record.id),)
    found = accounts.page(shop.store, "", PAGE, where) if record.campaign.offer else []
    readable = paging.legible(found, shop)
    for each in readable:
        work = partial(_without, account=each.account.id, campaign=record.id)
        shop.store.atomically("ledger", work)
    if readable and len(found) == PAGE:
        publish(shop.bus, running.asked(record.id, found[-1][0], shop.clock.now()))
    elif len(readable) < len(found):
        raise Unreadable("an account keeps an offer that is over")  # no offer outlives a stop
    else:
        timekeeping.strike_out(timer, shop)


def _without(unit: Unit, account: str, campaign: str) -> None:
    record = accounts.get(unit, account)
    if record:
        left = offers.without(record.account.offers, campaign)
        changed = _replace(record.account, offers=left)
        accounts.put(unit, account, account_record(changed, record.closed))


# -- a page of guests ---------------------------------------------------------------------------


def _page(record: CampaignRecord, tries: int, shop: Shop) -> None:
    """Begin a page of guests, publish what came of it, then move on and ask for the next one."""
    page = _next_page(record, shop) if record.page is None else _same_page(record, shop)
    readable = paging.legible(page, shop, tries)
    planned = _plan(record, page, shop) if record.page is None else record
    if planned is None:
        return  # it is halted, or somebody else was here
    entered = _enter(planned, readable, tries, shop)
    entered += [Entered(why=LEFT_OUT)] * (len(page) - len(readable))
    publish(shop.bus, tuple(each for one in entered for each in one.outcome))
    work = partial(_advance, was=planned, last=planned.upto, entered=entered, shop=shop)
    moved = shop.store.atomically("ledger", work)
    if moved is None:  # it is halted, or was for a moment: then this page is done again
        return
    _tell(record, moved, shop)
    if not moved.begun:
        publish(shop.bus, running.asked(moved.id, moved.after, shop.clock.now()))


def _publish_again(record: CampaignRecord, tries: int, shop: Shop) -> None:
    """Publish what came of a page that was cut off before its campaign was over: nobody begins."""
    if not record.begun and record.page is not None:
        page = paging.legible(_same_page(record, shop), shop, tries)
        entered = _enter(record, page, tries, shop)
        publish(shop.bus, tuple(each for one in entered for each in one.outcome))


def _plan(
    record: CampaignRecord, found: Sequence[tuple[str, AccountRecord | None]], shop: Shop
) -> CampaignRecord | None:
    """Keep which guests come next, before anybody of them is begun."""
    upto = found[-1][0] if len(found) == PAGE else ""
    page = tuple(account.account.id for _, account in found if account)

    def work(unit: Unit) -> CampaignRecord | None:
        current = campaigns.get(unit, record.id)
        if current is None or (current.state, current.after, current.page, current.begun) != (
            record.state, record.after, None, False
        ):  # fmt: skip
            return None
        planned = _replace(current, page=page, upto=upto)
        campaigns.put(unit, record.id, planned)
        return planned

    return shop.store.atomically("ledger", work)


def _same_page(record: CampaignRecord, shop: Shop) -> list[tuple[str, AccountRecord | None]]:
    """Read the accounts of the page that is being begun, as they are now."""
    names = record.page or ()
    return list(zip(names, accounts.known(shop.store, names), strict=True))


def _next_page(record: CampaignRecord, shop: Shop) -> list[tuple[str, AccountRecord | None]]:
    """List the guests after the last page: of each segment so many, then the first of them all."""
    asked = [(Where("segments", "contains", each),) for each in record.campaign.segments]
    found = [accounts.page(shop.store, record.after, PAGE, where) for where in asked or ((),)]
    return sorted(dict(each for page in found for each in page).items(), key=itemgetter(0))[:PAGE]


def _enter(
    record: CampaignRecord, page: Sequence[AccountRecord], tries: int, shop: Shop
) -> list[Entered]:
    """Begin the journeys of a page of guests, as far as there is room for them.

    Whoever was begun before the page was cut off has their room: others may have joined since.
    """
    fits = _guests(record, page)
    begun, entered, failed = _begun_before(record, fits, shop), list[Entered](), list[Exception]()
    for name in sorted(fits, key=lambda name: name not in begun):
        if _is_full(record, entered):
            break
        if fits[name] or name in begun:
            try:
                entered.append(entering.enter(record, name, shop))
            except Exception as error:  # whatever it is, the others are due too
                if tries < paging.PATIENCE:
                    raise
                failed.append(error)
                told = {"campaign": record.id, "member": name, "error": type(error).__name__}
                shop.log("ERROR", "guest cannot be begun", **told)
    if failed and not entered and tries < LONG_PATIENCE:
        raise failed[0]  # it is not the guests who fail
    return [*entered, *[Entered(why=LEFT_OUT) for _ in failed]]


def _guests(record: CampaignRecord, page: Sequence[AccountRecord]) -> dict[str, bool]:
    """Name whom a page brings up; who is in two of its accounts is in the one that fits."""
    fits: dict[str, bool] = {}
    for each in page:
        for name, fit in entering.guests_of(record.campaign, each).items():
            fits[name] = fits.get(name, False) or fit
    return fits


def _begun_before(record: CampaignRecord, page: Mapping[str, bool], shop: Shop) -> set[str]:
    """Find who of a page was begun before it was cut off, where that is to be known beforehand."""
    counted = record.campaign.guests_at_most is not None
    asked = [name for name, fits in page.items() if counted or not fits]
    return entering.are_in(record, asked, shop) if asked else set()


def _is_full(record: CampaignRecord, entered: Sequence[Entered]) -> bool:
    most = record.campaign.guests_at_most
    return most is not None and record.told + _in(entered, "told") >= most


def _in(entered: Sequence[Entered], arm_: str) -> int:
    return sum(each.arm == arm_ for each in entered)


def _advance(
    unit: Unit, was: CampaignRecord, last: str, entered: Sequence[Entered], shop: Shop
) -> CampaignRecord | None:
    """Move a campaign on by a page, if nobody did meanwhile and nobody of it met a halt."""
    record, now = campaigns.get(unit, was.id), shop.clock.now()
    here = record and (record.after, record.page) == (was.after, was.page)
    here = here and not any(each.why == running.PAUSED for each in entered)
    if record is None or not here or record.state not in ("scheduled", "running"):
        return None
    told = _in(entered, "told")
    given = rules.cost(
        rules.at_level(record.campaign, record.level).steps.values(), record.campaign.budget
    ).times(told)
    moved = _replace(
        record, state="running", after=last, page=None, upto="",
        begun=not last or _is_full(record, entered),
        told=record.told + told, held=record.held + _in(entered, "held"),
        points=record.points + given.points, money=record.money + given.money,
    )  # fmt: skip
    for why, what in ((leading.BUDGET, TOO_LITTLE), (LEFT_OUT, LEFT_OUT)):
        if any(each.why == why for each in entered) and not _was_noted(record, what):
            moved = running.noted(moved, now, what)
    _put(unit, record, moved := projecting.within_budget(moved, now))
    running.arm(unit, record.id, projecting.next_look(moved, now) if moved.begun else now)
    if moved.begun:
        comparing.arm(unit, moved, now + comparing.PACE)
    return moved


def _was_noted(record: CampaignRecord, what: str) -> bool:
    return any(note.what == what for note in record.notes)


def _put(unit: Unit, was: CampaignRecord, record: CampaignRecord) -> None:
    """Write a campaign, and where its offer was lowered, at which percent it is now."""
    if record.offer != was.offer:
        budgeting.lower(unit, record.id, record.offer)
    campaigns.put(unit, record.id, record)


# -- the budget ---------------------------------------------------------------------------------


def _look(record: CampaignRecord, shop: Shop) -> None:
    """Look at what the offer has cost so far: at its pace it may have to be lowered."""
    given, now = budgeting.of_offer(shop.store, record.id), shop.clock.now()

    def work(unit: Unit) -> CampaignRecord | None:
        current = campaigns.get(unit, record.id)
        if current is None or current.state in ("stopped", "ended"):
            return None
        moved = current
        if current.state == "running":
            moved = projecting.within_budget(current, now, given)
        if moved != current:
            _put(unit, current, _replace(moved, lowered_at=now, lowered_given=given))
        running.arm(unit, record.id, projecting.next_look(moved, now))
        return moved

    if moved := shop.store.atomically("ledger", work):
        _tell(record, moved, shop)


def _tell(was: CampaignRecord, now: CampaignRecord, shop: Shop) -> None:
    for note in now.notes[len(was.notes) :]:
        shop.log("WARNING", "campaign changed itself", campaign=was.id, what=note.what)
