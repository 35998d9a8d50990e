"""Campaigns run: guests are begun page by page, each once, until all are or the budget says no.

The timer `campaign:{name}` stays due while pages are left. A page that was cut off is done again:
whoever's journey is there is begun already, and what it published is published once more.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import partial

import msgspec

from loyalty import entering, homes, running, timekeeping
from loyalty.campaign_records import CampaignRecord, Note
from loyalty.delivery import Outcome, Shop, outgoing, publish
from loyalty.domain import campaigns as rules
from loyalty.domain.campaigns import Cost
from loyalty.entering import Entered
from loyalty.events import SweepRequested
from loyalty.ports import Unit, Where
from loyalty.records import AccountRecord, Timer, accounts, campaigns, timers

PAGE = 100
"""So many guests in one go."""
_ALL = 1 << 32
_replace = msgspec.structs.replace


def come(timer: Timer, shop: Shop) -> None:
    """Do what is due of a campaign: a page of its guests, or its end."""
    record, now = campaigns.get(shop.store, timer.subject), shop.clock.now()
    if record is None or record.state in ("stopped", "ended"):
        _publish_again(record, shop)
        timekeeping.strike_out(timer, shop)
    elif now >= record.ends_at:
        _publish_again(record, shop)
        _end(record.id, now, shop)
    elif not record.begun and record.state != "paused":
        _page(record, shop)
    else:
        shop.store.atomically("ledger", lambda unit: arm(unit, record.id, record.ends_at))


def arm(unit: Unit, name: str, at: datetime) -> None:
    """Set a campaign's timer."""
    timers.put(unit, running.named(name), Timer(kind="campaign", subject=name, due_at=at))


def noted(record: CampaignRecord, at: datetime, what: str, by: str = "") -> CampaignRecord:
    """Note what happened to a campaign."""
    return _replace(record, notes=(*record.notes, Note(at=at, what=what, by=by)))


def _end(name: str, now: datetime, shop: Shop) -> None:
    def work(unit: Unit) -> None:
        record = campaigns.get(unit, name)
        if record and record.state not in ("stopped", "ended"):
            campaigns.put(unit, name, noted(_replace(record, state="ended"), now, "ended"))
        timers.delete(unit, running.named(name))

    shop.store.atomically("ledger", work)
    shop.log("INFO", "campaign ended", campaign=name)


# -- a page of guests ---------------------------------------------------------------------------


def _page(record: CampaignRecord, shop: Shop) -> None:
    """Begin a page of guests, publish what came of it, then move on and ask for the next one."""
    found = _next_page(record, shop)
    entered = _enter(record, [account for _, account in found], shop)
    publish(shop.bus, tuple(each for one in entered for each in one.outcome))
    last = found[-1][0] if len(found) == PAGE else ""
    work = partial(_advance, was=record, last=last, entered=entered, shop=shop)
    moved = shop.store.atomically("ledger", work)
    if moved is None:
        return
    for note in moved.notes[len(record.notes) :]:
        shop.log("WARNING", "campaign changed itself", campaign=record.id, what=note.what)
    if not moved.begun:
        publish(shop.bus, _next(moved, shop.clock.now()))


def _publish_again(record: CampaignRecord | None, shop: Shop) -> None:
    """Publish what came of a page that was cut off before its campaign was over: nobody begins."""
    if record and not record.begun:
        page = [account for _, account in _next_page(record, shop)]
        publish(shop.bus, tuple(e for one in _enter(record, page, shop) for e in one.outcome))


def _next_page(record: CampaignRecord, shop: Shop) -> list[tuple[str, AccountRecord]]:
    asked = record.campaign.segments
    where = (Where("segments", "contains", asked[0]),) if len(asked) == 1 else ()
    return accounts.page(shop.store, record.after, PAGE, where)


def _enter(record: CampaignRecord, page: Sequence[AccountRecord], shop: Shop) -> list[Entered]:
    """Begin the journeys of a page of guests, as far as there is room for them.

    Whoever was begun before the page was cut off has their room: others may have joined since.
    """
    begun, entered = _begun_before(record, page, shop), list[Entered]()
    for each in sorted(page, key=lambda each: each.account.id not in begun):
        if _is_full(record, entered):
            break
        fits = not each.closed and rules.is_for(record.campaign, each.segments)
        if fits or each.account.id in begun:
            entered.append(entering.enter(record, each.account.id, shop))
    return entered


def _begun_before(record: CampaignRecord, page: Sequence[AccountRecord], shop: Shop) -> set[str]:
    """Find who of a page was begun before it was cut off, where that is to be known beforehand."""
    counted = record.campaign.guests_at_most is not None
    asked = [each.account.id for each in page if counted or each.closed == homes.MERGED]
    return entering.are_in(record, asked, shop) if asked else set()


def _is_full(record: CampaignRecord, entered: Sequence[Entered]) -> bool:
    most = record.campaign.guests_at_most
    return most is not None and record.told + _in(entered, "told") >= most


def _in(entered: Sequence[Entered], arm_: str) -> int:
    return sum(each.arm == arm_ for each in entered)


def _advance(
    unit: Unit, was: CampaignRecord, last: str, entered: Sequence[Entered], shop: Shop
) -> CampaignRecord | None:
    """Move a campaign on by a page, if nobody did meanwhile and nobody halted it."""
    record, now = campaigns.get(unit, was.id), shop.clock.now()
    here = record and (record.after, record.begun) == (was.after, was.begun)
    if record is None or not here or record.state not in ("scheduled", "running"):
        return None
    told = _in(entered, "told")
    given = rules.cost(
        rules.at_level(record.campaign, record.level).steps.values(), record.campaign.budget
    ).times(told)
    moved = _replace(
        record, state="running", after=last, begun=not last or _is_full(record, entered),
        told=record.told + told, held=record.held + _in(entered, "held"),
        points=record.points + given.points, money=record.money + given.money,
    )  # fmt: skip
    moved = _within_budget(moved, now)
    campaigns.put(unit, record.id, moved)
    arm(unit, record.id, record.ends_at if moved.begun else now)
    return moved


def _next(record: CampaignRecord, now: datetime) -> Outcome:
    """Ask for a sweep, which finds the campaign's timer due."""
    name = running.named(record.id)
    return outgoing([SweepRequested(id=f"{name}:{record.after}", at=now, subject=name)])


# -- the budget ---------------------------------------------------------------------------------


def _within_budget(record: CampaignRecord, now: datetime) -> CampaignRecord:
    """Lower what a campaign gives, as its program says, until its projected cost is affordable."""
    budget = record.campaign.budget
    for level in sorted(budget.lower_to, reverse=True):
        if not rules.passes(projected(record), budget):
            break
        if level < record.level:
            record = _lowered(record, level, now)
    return record


def _lowered(record: CampaignRecord, level: int, now: datetime) -> CampaignRecord:
    told = projected(record)
    why = f"projected to cost {told.points} points, {told.money} in money"
    if level == 0:
        return noted(_replace(record, begun=True), now, f"takes no more guests: {why}")
    return noted(_replace(record, level=level), now, f"points lowered to {level} percent: {why}")


def projected(record: CampaignRecord) -> Cost:
    """Project what a campaign will cost: what is promised, and the rest at the present level.

    Addresses of accounts are hashes: how far a page reaches among them tells how many are left.
    """
    done = _ALL if record.begun or not record.after else int(record.after[:8], 16) + 1
    left = record.told * (_ALL - done) // done
    if record.campaign.guests_at_most is not None:
        left = min(left, record.campaign.guests_at_most - record.told)
    steps = rules.at_level(record.campaign, record.level).steps.values()
    return record.promised.plus(rules.cost(steps, record.campaign.budget).times(max(0, left)))
