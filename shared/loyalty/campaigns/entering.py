"""A guest enters a campaign: in which arm is drawn and kept before anything is sent, and once."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from functools import partial
from typing import Literal, NamedTuple

import msgspec

from loyalty.campaigns import running
from loyalty.campaigns.campaign_records import CampaignRecord
from loyalty.delivery import Outcome, Shop, first_then_look
from loyalty.domain import calendar
from loyalty.domain import campaigns as rules
from loyalty.domain import journeys as way
from loyalty.domain.campaigns import Campaign
from loyalty.domain.offers import Offered
from loyalty.domain.program import Program
from loyalty.guests import homes
from loyalty.guests.homes import Home
from loyalty.journeys import leading, setting_out
from loyalty.journeys.journey_records import Journey
from loyalty.ports import Unit
from loyalty.records import AccountRecord
from loyalty.records import journeys as kept

_replace = msgspec.structs.replace


class Entered(NamedTuple):
    """What came of it: in which arm somebody is, "" if in none, and what is to be published.

    `why` says why they are in none, if it is not for themselves: they come up again after a pause,
    and where the budget has too little for them, nothing of them is kept.
    """

    arm: Literal["", "told", "held"] = ""
    outcome: Outcome = ()
    why: str = ""


def guests_of(campaign: Campaign, found: AccountRecord) -> dict[str, bool]:
    """Name whom an account brings up, and tell of each whether the campaign is for them.

    Who shares an account is in its segments, and found by it alone.
    """
    fits = rules.is_for(campaign, found.segments)
    others = found.account.others if campaign.segments else ()
    return {found.account.id: fits and not found.closed, **dict.fromkeys(others, fits)}


def enter(record: CampaignRecord, member: str, shop: Shop) -> Entered:
    """Begin a guest's journey through a campaign; again, return what came of it then."""
    zone = ""
    if any(step.at_time for step in record.campaign.steps.values()):
        zone = setting_out.zone(member, shop)
    work = partial(_enter, record=record, member=member, zone=zone, shop=shop)
    return first_then_look(lambda _: shop.store.atomically("ledger", work))


def _enter(unit: Unit, record: CampaignRecord, member: str, zone: str, shop: Shop) -> Entered:
    home, now = homes.find(unit, member), shop.clock.now()
    current = running.find(unit, running.named(record.id))
    if home is None or home.closed:
        return Entered()  # erased meanwhile
    people = dict.fromkeys((member, *homes.names(unit, home)))
    names = [running.way(record.id, name) for name in people]
    found = [journey for journey in kept.several(unit, names) if journey]
    if found:
        own = found[0] if found[0].id == names[0] else None
        return Entered(own.arm, own.begun) if own else Entered()
    if home.person != member:
        return Entered()  # merged meanwhile: another page has, or had, the other one
    if current is None or (halt := running.why_not(current, now)):
        return Entered(why=halt if current else "")
    if not way.fits(current.campaign.when, home.account, now):
        return Entered()
    return _begin(unit, current, home, zone, shop)


def _begin(unit: Unit, record: CampaignRecord, home: Home, zone: str, shop: Shop) -> Entered:
    """Keep the arm; who is held out has a record of when they would have been told, and no more."""
    now, held = shop.clock.now(), rules.is_held_out(home.person, record.id, record.campaign)
    program = shop.programs.named(record.version)
    journey = Journey(
        id=running.way(record.id, home.person), automation=running.named(record.id),
        member=home.person, account=home.account.id, version=record.version,
        cause=running.named(record.id), at=now, zone=zone or program.zone, level=record.level,
        mark=way.mark(home.account), arm="held" if held else "told",
        state="held" if held else "waiting",
        before=None if home.account.others else home.account.totals,
        values={"date": _last_day(record, program)},
    )  # fmt: skip
    if held:
        kept.create(unit, journey.id, journey)
        return Entered("held")
    reaction, home = running.reaction(record, journey, now), _offered(home, record, program)
    told = leading.created(unit, journey, home, reaction, shop, record)
    return Entered(why=leading.BUDGET) if told is None else Entered("told", told)


def _last_day(record: CampaignRecord, program: Program) -> str:
    last = record.ends_at - timedelta(minutes=1)
    return calendar.local(last, program.zone).date().isoformat()


def _offered(home: Home, record: CampaignRecord, program: Program) -> Home:
    """Put what the campaign offers on the account that a guest's receipts are booked on."""
    offer, budget = record.campaign.offer, record.campaign.budget
    if offer is None:
        return home
    title = program.words(record.campaign.title, program.languages[0])
    own = Offered(
        campaign=record.id, member=home.person, title=title or record.id.replace("_", " "),
        since=record.starts_at, until=record.ends_at, offer=offer,
        budget=_replace(budget, reward_cost=0, lower_to=()),
    )  # fmt: skip
    account = _replace(home.account, offers=(*home.account.offers, own))
    return home._replace(record=_replace(home.record, account=account))


def are_in(record: CampaignRecord, members: Sequence[str], shop: Shop) -> set[str]:
    """Find who of these members is in a campaign already."""
    found = kept.several(shop.store, [running.way(record.id, member) for member in members])
    return {member for member, journey in zip(members, found, strict=True) if journey}
