"""A campaign is published, paused, resumed and stopped; its record is as it was published."""

from __future__ import annotations

from datetime import datetime

import msgspec

from loyalty.campaigns import comparing, running
from loyalty.campaigns.campaign_records import CampaignRecord, CampaignState
from loyalty.delivery import Shop, first_then_look
from loyalty.domain import campaigns as rules
from loyalty.domain.campaigns import Campaign
from loyalty.domain.program import Program, Version
from loyalty.errors import Problem
from loyalty.ports import Unit
from loyalty.records import Timer, campaigns, timers

_replace = msgspec.structs.replace


def take_in(timer: Timer, shop: Shop) -> None:
    """Publish the campaigns of a program that holds now, but for those that are there or over.

    Those with a cron line come in rounds, when their schedule asks for them.
    """
    now, program = shop.clock.now(), shop.programs.named(timer.subject)
    version = Version(hash=timer.subject, effective_from=timer.due_at, program=program)
    for name, campaign in program.campaigns.items():
        if not campaign.cron and rules.instant(campaign.ends, program.zone) > now:
            publish(name, campaign, version, "program", shop)
    shop.store.atomically("ledger", lambda unit: timers.delete(unit, f"campaigns:{timer.subject}"))


def start(name: str, campaign: Campaign, by: str, shop: Shop) -> CampaignRecord:
    """Publish a campaign, which begins at its time. Repeated, it changes nothing.

    Raises Problem 409 if another one has this name, 422 if it is over already or has a cron line.
    """
    version = shop.programs.current()
    if campaign.cron:
        raise Problem(422, "campaign_rounds", "A campaign with a cron line belongs in the program.")
    if rules.instant(campaign.ends, version.program.zone) <= shop.clock.now():
        raise Problem(422, "campaign_over", "The campaign would have ended already.")
    record = publish(name, campaign, version, by, shop)
    if record.campaign != campaign:
        raise Problem(409, "campaign_exists", "Another campaign has this name: give a new one.")
    return record


def publish(name: str, campaign: Campaign, version: Version, by: str, shop: Shop) -> CampaignRecord:
    """Keep a campaign under a name, and wait for its beginning; return what is kept there."""
    fresh = _fresh(name, campaign, version, by, shop.clock.now())

    def work(unit: Unit) -> CampaignRecord:
        if found := campaigns.get(unit, name):
            return found
        campaigns.create(unit, name, fresh)
        running.arm(unit, name, fresh.starts_at)
        return fresh

    return first_then_look(lambda _: shop.store.atomically("ledger", work))


def _fresh(
    name: str, campaign: Campaign, version: Version, by: str, now: datetime
) -> CampaignRecord:
    program: Program = version.program
    starts, ends = (rules.instant(at, program.zone) for at in (campaign.starts, campaign.ends))
    record = CampaignRecord(
        id=name, campaign=campaign, version=version.hash, by=by, at=now, starts_at=starts,
        ends_at=ends,
    )  # fmt: skip
    return running.noted(record, now, "published", by)


def pause(name: str, by: str, shop: Shop) -> CampaignRecord:
    """Hold a campaign: nothing of it is done or sent until it is resumed. Twice is once."""
    return _changed(name, "paused", by, shop)


def resume(name: str, by: str, shop: Shop) -> CampaignRecord:
    """Let a paused campaign go on where it was, and messages that wait for it."""
    return _changed(name, "running", by, shop)


def stop(name: str, by: str, shop: Shop) -> CampaignRecord:
    """Stop a campaign for good: what of it has not left is never sent. Twice is once."""
    return _changed(name, "stopped", by, shop)


def _changed(name: str, state: CampaignState, by: str, shop: Shop) -> CampaignRecord:
    now = shop.clock.now()

    def work(unit: Unit) -> CampaignRecord:
        record = campaigns.get(unit, name)
        if record is None:
            raise Problem(404, "unknown_campaign", "There is no campaign of this name.")
        if record.state == state or (state == "running" and record.state == "scheduled"):
            return record
        if running.why_not(record, now) == running.OVER:
            raise Problem(409, "campaign_over", "The campaign is over.")
        goes_on = state == "running" or (state == "stopped" and record.state == "paused")
        resuming = "" if goes_on else None
        early = state == "running" and now < record.starts_at
        after: CampaignState = "scheduled" if early else state
        changed = running.noted(_replace(record, state=after, resuming=resuming), now, state, by)
        campaigns.put(unit, name, changed)
        _rearm(unit, changed, now)
        return changed

    return shop.store.atomically("ledger", work)


def _rearm(unit: Unit, record: CampaignRecord, now: datetime) -> None:
    if record.state == "stopped":
        comparing.arm(unit, record, now)
    waits = not record.begun or record.campaign.offer or record.resuming is not None
    if record.state == "stopped" and not waits:
        timers.delete(unit, running.named(record.id))
    elif record.state == "stopped":  # a page is cut off, an offer on accounts, or guests wait
        running.arm(unit, record.id, now)
    elif record.state == "paused":
        running.arm(unit, record.id, record.ends_at)
    else:
        running.arm(unit, record.id, max(now, record.starts_at))
