"""What a campaign would do: how many guests it tells, leaves out, and what that may cost."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple

from loyalty.campaigns import entering
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
        for person in _guests(campaign, record, store, now):
            counts[rules.is_held_out(person, name, campaign)] += 1
    most = campaign.guests_at_most
    told = counts[False] if most is None else min(most, counts[False])
    cost = rules.cost(campaign.steps.values(), campaign.budget).times(told)
    return Preview(told, counts[True], cost, rules.passes(cost, campaign.budget))


def _guests(
    campaign: Campaign, record: AccountRecord, store: Store, now: datetime
) -> Iterator[str]:
    """Name whom an account brings up, if the campaign is for them."""
    found = entering.guests_of(campaign, record)
    for name in [name for name, fits in found.items() if fits]:
        own = name == record.account.id and not record.account.into
        home = homes.own(record) if own else homes.find(store, name)
        wanted = home and home.person == name and not home.closed
        if home and wanted and way.fits(campaign.when, home.account, now):
            yield name
