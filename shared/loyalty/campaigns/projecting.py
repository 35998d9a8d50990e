"""What a campaign will have cost by its end, and how far it is lowered to keep its budget."""

from __future__ import annotations

from datetime import datetime, timedelta

import msgspec

from loyalty.campaigns import running
from loyalty.campaigns.campaign_records import CampaignRecord
from loyalty.domain import campaigns as rules
from loyalty.domain.campaigns import Cost

_ALL = 1 << 32
_replace = msgspec.structs.replace


def next_look(record: CampaignRecord, now: datetime) -> datetime:
    """Find when a campaign is looked at again: by whole days, so that no hour weighs more."""
    if record.campaign.offer is None or not record.campaign.budget.lower_to:
        return record.ends_at
    pace = min(timedelta(days=1), (record.ends_at - record.starts_at) / 10)
    gone = max(timedelta(), now - record.starts_at)
    return min(record.ends_at, record.starts_at + (gone // pace + 1) * pace)


def within_budget(record: CampaignRecord, now: datetime, given: int = 0) -> CampaignRecord:
    """Lower what a campaign gives, as its program says, until its projected cost is affordable.

    `given` are the points of its offer so far.
    """
    budget, rest = record.campaign.budget, _rest(record, now, given)
    for level in sorted(budget.lower_to, reverse=True):
        coming = -(-rest * record.offer // 100)
        besides = Cost(given + coming, rules.price(given + coming, budget))
        told = projected(record).plus(besides)
        if not rules.passes(told, budget):
            break
        if level < min(record.level, record.offer):
            record = _lowered(record, level, now, told)
    return record


def _lowered(record: CampaignRecord, level: int, now: datetime, told: Cost) -> CampaignRecord:
    why = f"projected to cost {told.points} points, {told.money} in money"
    offer = record.campaign.offer is not None
    if level == 0:
        what = "takes no more guests" + (", and its offer ends" if offer else "")
        ended = _replace(record, begun=True, offer=0 if offer else record.offer)
        return running.noted(ended, now, f"{what}: {why}")
    lower = _replace(record, level=level, offer=level if offer else record.offer)
    return running.noted(lower, now, f"points lowered to {level} percent: {why}")


def projected(record: CampaignRecord) -> Cost:
    """Project what steps will cost: what is promised, and the rest at the present level.

    Addresses of accounts are hashes: how far a page reaches among them tells how many are left.
    """
    done = _ALL if record.begun or not record.after else int(record.after[:8], 16) + 1
    left = record.told * (_ALL - done) // done
    if record.campaign.guests_at_most is not None:
        left = min(left, record.campaign.guests_at_most - record.told)
    steps = rules.at_level(record.campaign, record.level).steps.values()
    return record.promised.plus(rules.cost(steps, record.campaign.budget).times(max(0, left)))


def _rest(record: CampaignRecord, now: datetime, given: int) -> int:
    """Project what receipts will be given besides, at 100 percent, at the pace of this percent."""
    since = record.lowered_at or record.starts_at
    gone, left = now - since, max(timedelta(), record.ends_at - now)
    if gone <= timedelta() or not record.offer:
        return 0
    return -(-(given - record.lowered_given) * 100 * left // (record.offer * gone))
