"""What happened to a guest begins the automations that wait for it."""

from __future__ import annotations

from loyalty.delivery import Outcome, Shop
from loyalty.domain.entry import OF_MERGES
from loyalty.events import Event, MemberChanged, MilestoneReached, OccasionCame, PointsPosted
from loyalty.journeys import beginnings, celebrating, setting_out

HEARS = (PointsPosted, MilestoneReached, MemberChanged, OccasionCame)


def handle(event: Event, shop: Shop) -> Outcome:
    """Begin what waits for this; most acts begin nothing and cost no read and no write."""
    version = shop.programs.at(event.at)
    if isinstance(event, MemberChanged):
        celebrating.arm(event.member, shop)
    if isinstance(event, PointsPosted) and event.kind in OF_MERGES:
        return ()  # it was so before, and nobody did anything
    begun = (
        setting_out.begin(each, event.id, version, shop)
        for each in beginnings.of(event, version.program)
    )
    return tuple(published for outcome in begun for published in outcome)
