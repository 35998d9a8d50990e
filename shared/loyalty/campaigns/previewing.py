"""What a campaign would do: how many guests it tells, leaves out, and what that may cost."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from loyalty.domain import campaigns as rules
from loyalty.domain import journeys as way
from loyalty.domain.campaigns import Campaign, Cost
from loyalty.guests import homes
from loyalty.ports import Store
from loyalty.records import AccountRecord, accounts


class Preview(NamedTuple):
    """Guests in the two arms as of now, and what those who are told can be given at the most.

    `lowered` tells whether that is more than the budget allows.
    """

    told: int
    held: int
    cost: Cost
    lowered: bool

    @property
    def verdict(self) -> str:
        """Say whether a difference between the arms can be seen."""
        return "measurable" if rules.is_measurable(self.told, self.held) else "not measurable yet"


def preview(name: str, campaign: Campaign, store: Store, now: datetime) -> Preview:
    """Go through all guests, and count."""
    counts = {True: 0, False: 0}
    for record in accounts.each(store):
        if person := _guest(campaign, record, store, now):
            counts[rules.is_held_out(person, name, campaign)] += 1
    most = campaign.guests_at_most
    told = counts[False] if most is None else min(most, counts[False])
    cost = rules.cost(campaign.steps.values(), campaign.budget).times(told)
    return Preview(told, counts[True], cost, rules.passes(cost, campaign.budget))


def _guest(campaign: Campaign, record: AccountRecord, store: Store, now: datetime) -> str:
    """Name the guest of an account, if the campaign is for them."""
    if record.closed or not rules.is_for(campaign, record.segments):
        return ""
    own = record.account.id
    home = homes.find(store, own) if record.account.into else homes.own(record)
    wanted = home and home.person == own and way.fits(campaign.when, home.account, now)
    return own if wanted else ""
