"""What came of a campaign: both arms counted from their records, page by page, while it runs.

A guest counts with what was booked from entering on. Who shares an account, or was merged since,
is left out: what they spent cannot be told from others'.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial

import msgspec

from loyalty import paging, timekeeping
from loyalty.campaigns import running
from loyalty.campaigns.campaign_records import CampaignRecord, Comparison
from loyalty.delivery import Shop, outgoing, publish
from loyalty.events import SweepRequested
from loyalty.journeys.journey_records import Journey
from loyalty.ports import Store, Unit, Where
from loyalty.records import AccountRecord, Timer, accounts, campaigns, journeys, timers

PAGE = 100
"""So many guests are counted in one go."""
PACE = timedelta(days=1)
"""How often they are counted while the campaign runs."""
_replace = msgspec.structs.replace


def arm(unit: Unit, record: CampaignRecord, at: datetime) -> None:
    """Have both arms of a campaign counted at an instant, if somebody is held out of it."""
    if record.campaign.holdout:
        timer = Timer(kind="compare", subject=record.id, due_at=at)
        timers.put(unit, f"compare:{record.id}", timer)


def come(timer: Timer, shop: Shop) -> None:
    """Count a page of a campaign's guests, and ask for the next one, or for another day."""
    record = campaigns.get(shop.store, timer.subject)
    if record is None:
        timekeeping.strike_out(timer, shop)
        return
    was = record.counting or Comparison(at=shop.clock.now(), final=running.is_over(record))
    where = (Where("automation", "==", running.named(record.id)),)
    found = journeys.page(shop.store, was.after, PAGE, where)
    counted = _counted(was, paging.legible(found, shop), shop.store)
    last = found[-1][0] if len(found) == PAGE else ""
    work = partial(_advance, was=record, now=_replace(counted, after=last), shop=shop)
    if shop.store.atomically("ledger", work) and last:
        name = f"compare:{record.id}"
        asked = SweepRequested(id=f"{name}:{last}", at=shop.clock.now(), subject=name)
        publish(shop.bus, outgoing([asked]))


def _counted(was: Comparison, page: Sequence[Journey], store: Store) -> Comparison:
    """Add a page of guests to the arms they are in."""
    told, held = was.told, was.held
    found = accounts.known(store, [journey.account for journey in page])
    for journey, record in zip(page, found, strict=True):
        if journey.before is None or record is None or not _is_own(record, journey):
            continue
        since = record.account.totals.minus(journey.before)
        if journey.arm == "held":
            held = held.plus(since.spend, since.visits)
        elif journey.arm == "told":
            told = told.plus(since.spend, since.visits)
    return _replace(was, told=told, held=held)


def _is_own(record: AccountRecord, journey: Journey) -> bool:
    account = record.account
    return not (record.closed or account.into or account.others) and account.id == journey.member


def _advance(unit: Unit, was: CampaignRecord, now: Comparison, shop: Shop) -> bool:
    """Keep how far the counting is, if nobody else was here; at its end, what came of it."""
    record = campaigns.get(unit, was.id)
    if record is None or record.counting != was.counting:
        return False
    if now.after:
        campaigns.put(unit, record.id, _replace(record, counting=now))
        arm(unit, record, shop.clock.now())
        return True
    campaigns.put(unit, record.id, _replace(record, counting=None, came=now))
    if now.final:
        timers.delete(unit, f"compare:{record.id}")
    else:
        again = shop.clock.now() if running.is_over(record) else _next(record, shop.clock.now())
        arm(unit, record, again)
    return True


def _next(record: CampaignRecord, now: datetime) -> datetime:
    """Find when they are counted again; whatever ends a campaign asks for the last count itself."""
    return record.ends_at if now < record.ends_at < now + PACE else now + PACE
