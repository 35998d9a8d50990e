"""A campaign's guests go on after a pause, page by page: while it lasts, none of them looks."""

from __future__ import annotations

from datetime import datetime
from functools import partial

import msgspec

from loyalty import paging
from loyalty.campaigns import running
from loyalty.campaigns.campaign_records import CampaignRecord
from loyalty.delivery import Shop, publish
from loyalty.journeys import leading
from loyalty.ports import Unit, Where
from loyalty.records import campaigns, journeys, timers

PAGE = 100
"""So many guests in one go."""


def page(record: CampaignRecord, tries: int, shop: Shop) -> None:
    """Let a page of journeys and messages that met the pause go on, then ask for the next page."""
    where, now = (Where("automation", "==", running.named(record.id)),), shop.clock.now()
    found = journeys.page(shop.store, record.resuming or "", PAGE, where)
    ways = paging.legible(found, shop, tries)
    for name in [each.id for each in ways if each.state == "paused"]:
        shop.store.atomically("ledger", partial(leading.resumed, name=name, now=now))
    names = [f"publish:{name}" for name in running.messages(record, ways)]
    for name, timer in zip(names, timers.several(shop.store, names), strict=True):
        if timer and timer.due_at > now:
            shop.store.atomically("ledger", partial(_wake, name=name, now=now))
    last = found[-1][0] if len(found) == PAGE else None
    shop.store.atomically("ledger", partial(_advance, was=record, last=last, shop=shop))
    publish(shop.bus, running.asked(record.id, f"resuming:{last or ''}", now))


def _wake(unit: Unit, name: str, now: datetime) -> None:
    """Have a message asked for again: one that waits for the morning finds that by itself."""
    timer = timers.get(unit, name)
    if timer:
        timers.put(unit, name, msgspec.structs.replace(timer, due_at=now))


def _advance(unit: Unit, was: CampaignRecord, last: str | None, shop: Shop) -> None:
    """Keep how far it is, if nobody else was here and it was not paused again."""
    record = campaigns.get(unit, was.id)
    if record and (record.state, record.resuming) == (was.state, was.resuming):
        campaigns.put(unit, was.id, msgspec.structs.replace(record, resuming=last))
        running.arm(unit, was.id, shop.clock.now())
