"""The campaign that a journey or a message belongs to: its steps as of now, and whether it runs."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import msgspec

from loyalty.campaigns.campaign_records import CampaignRecord, Note
from loyalty.delivery import Outcome, outgoing
from loyalty.domain.automations import Reaction, Step
from loyalty.domain.campaigns import LAST, UNTIL_LAST, Campaign, at_level
from loyalty.domain.vocabulary import MessageChannel
from loyalty.events import SweepRequested
from loyalty.journeys.journey_records import Journey
from loyalty.ports import Store, Unit
from loyalty.records import Timer, campaigns, journeys, timers

PREFIX = "campaign:"
OVER, PAUSED = "campaign-over", "campaign-paused"
AGAIN = timedelta(minutes=15)
"""How long a journey that meets a pause waits until it looks once more."""


def named(name: str) -> str:
    """Name the journeys of a campaign, as automations name theirs."""
    return f"{PREFIX}{name}"


def arm(unit: Unit, name: str, at: datetime) -> None:
    """Set a campaign's timer."""
    timers.put(unit, named(name), Timer(kind="campaign", subject=name, due_at=at))


def asked(name: str, place: str, now: datetime) -> Outcome:
    """Ask for a sweep, which finds the campaign's timer due."""
    return outgoing([SweepRequested(id=f"{named(name)}:{place}", at=now, subject=named(name))])


def way(name: str, person: str) -> str:
    """Name a guest's journey through a campaign, or the record that they were held out."""
    return f"journey:{named(name)}:{person}:once"


def messages(record: CampaignRecord, ways: Sequence[Journey]) -> list[str]:
    """Name all messages that a campaign may ask for on these journeys."""
    sends = [name for name, step in record.campaign.steps.items() if step.send]
    sends += [LAST] if record.campaign.last_chance else []
    return [f"message:{way.id}:{name}" for way in ways if way.arm == "told" for name in sends]


def led(source: Unit | Store, name: str, people: Sequence[str]) -> bool:
    """Tell whether one of these, who are one person, is in a campaign, in whichever arm."""
    return any(journeys.several(source, [way(name, each) for each in people]))


def find(source: Unit | Store, automation: str) -> CampaignRecord | None:
    """Find the campaign that leads journeys of this name; None if it is an automation."""
    name = automation.removeprefix(PREFIX)
    return campaigns.get(source, name) if name != automation else None


def halted(source: Unit | Store, automation: str, now: datetime) -> str:
    """Say why nothing of a campaign goes on at this moment; empty while it does."""
    record = find(source, automation) if automation else None
    return why_not(record, now) if record else ""


def is_over(record: CampaignRecord) -> bool:
    """Tell whether a campaign was stopped, or has ended."""
    return record.state in ("stopped", "ended")


def why_not(record: CampaignRecord, now: datetime) -> str:
    """Say why a campaign does not go on at this moment."""
    if record.state in ("stopped", "ended") or now >= record.ends_at:
        return OVER
    return PAUSED if record.state == "paused" else ""


def noted(record: CampaignRecord, at: datetime, what: str, by: str = "") -> CampaignRecord:
    """Note what happened to a campaign."""
    return msgspec.structs.replace(record, notes=(*record.notes, Note(at=at, what=what, by=by)))


def channels(reaction: Reaction) -> tuple[MessageChannel, ...]:
    """Tell by which channels a campaign's messages go; none: by their own, as automations' do."""
    return reaction.channels if isinstance(reaction, Campaign) else ()


def reaction(record: CampaignRecord, journey: Journey, now: datetime) -> Reaction:
    """List a campaign's steps for a guest, at the level they were promised, with its last chance.

    A guest who comes when there is less time left than that is not reminded of it.
    """
    campaign = at_level(record.campaign, journey.level)
    last = campaign.last_chance
    if last is None:
        return campaign
    ahead = record.ends_at - timedelta(days=last.days_before) - now
    steps = dict(campaign.steps)
    if ahead > timedelta():
        steps[UNTIL_LAST] = Step(wait=-(-ahead // timedelta(minutes=1)))
    if ahead > timedelta() or journey.next == LAST:
        steps[LAST] = Step(send=last.send)
    return msgspec.structs.replace(campaign, steps=steps)
