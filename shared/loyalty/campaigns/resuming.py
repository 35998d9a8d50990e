"""A campaign's guests go on after a pause, page by page: while it lasts, none of them looks."""

from __future__ import annotations

from functools import partial

import msgspec

from loyalty import paging
from loyalty.campaigns import running
from loyalty.campaigns.campaign_records import CampaignRecord
from loyalty.delivery import Shop, publish
from loyalty.journeys import leading
from loyalty.ports import Unit, Where
from loyalty.records import campaigns, journeys

PAGE = 100
"""So many guests in one go."""


def page(record: CampaignRecord, tries: int, shop: Shop) -> None:
    """Let a page of journeys that met the pause go on, then ask for the next page."""
    where, now = (Where("automation", "==", running.named(record.id)),), shop.clock.now()
    found = journeys.page(shop.store, record.resuming or "", PAGE, where)
    for name in [each.id for each in paging.legible(found, shop, tries) if each.state == "paused"]:
        shop.store.atomically("ledger", partial(leading.resumed, name=name, now=now))
    last = found[-1][0] if len(found) == PAGE else None
    shop.store.atomically("ledger", partial(_advance, was=record, last=last, shop=shop))
    publish(shop.bus, running.asked(record.id, f"resuming:{last or ''}", now))


def _advance(unit: Unit, was: CampaignRecord, last: str | None, shop: Shop) -> None:
    """Keep how far it is, if nobody else was here and it was not paused again."""
    record = campaigns.get(unit, was.id)
    if record and (record.state, record.resuming) == (was.state, was.resuming):
        campaigns.put(unit, was.id, msgspec.structs.replace(record, resuming=last))
        running.arm(unit, was.id, shop.clock.now())
