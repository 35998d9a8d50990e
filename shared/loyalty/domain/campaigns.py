"""A campaign: what some guests are told and given between two instants, and what it may cost."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Annotated, Literal, NamedTuple
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Meta

from loyalty.domain.automations import Days, Reaction, Step
from loyalty.domain.conditions import When
from loyalty.domain.vocabulary import MessageChannel, Money, Name, Part

LocalTime = Annotated[
    str, Meta(pattern=r"^\d{4}-\d\d-\d\d ([01]\d|2[0-3]):[0-5]\d$", examples=["2026-12-01 10:00"])
]
"""A day and a time of day on the brand's wall, as `2026-12-01 10:00`."""
PER_ARM = 1024
"""So many guests in each arm show 5 points of difference, where 20 in 100 come by themselves."""
LAST, UNTIL_LAST = "last-chance", "until-last-chance"
"""Steps that a campaign with a last chance has besides its own: no name of a file has a hyphen."""
_replace = msgspec.structs.replace


class Budget(Part, frozen=True):
    """What a campaign may cost at the most; what a step gives is spent together with it."""

    points: Annotated[int, Meta(ge=1)] | None = None
    """So many points can be given, and not one more."""
    money: Money | None = None
    """What all it gives may cost the house."""
    points_cost: Money = 0
    """What 100 points cost the house."""
    reward_cost: Money = 0
    """What one reward costs the house."""
    lower_to: tuple[Annotated[int, Meta(ge=0, le=99)], ...] = ()
    """Percents its points fall to, in turn, when it is projected to cost more; 0: no new guests."""


class Offer(Part, frozen=True):
    """What receipts of its guests earn besides: a factor, or points."""

    factor: Annotated[int, Meta(ge=10000, le=100000, extra={"written": "factor"})] | None = None
    """Everything a receipt earns, times this, from 1 to 10; it combines with the other factors."""
    points: Annotated[int, Meta(ge=1)] | None = None
    """So many points besides."""
    each: Literal["visit", "first"] = "visit"
    """With `points`: for each visit, or once, for the first purchase."""
    when: When = When()
    """For which receipts, and what on them, as in a rule; all, if left out."""


class LastChance(Part, frozen=True):
    """A reminder before the end."""

    send: Name
    """A message that is told `on: automation`."""
    days_before: Days = 2
    """So many days before the campaign ends."""


class Campaign(Reaction, frozen=True, kw_only=True):
    """Between two instants, guests are led through steps, each of them once."""

    starts: LocalTime
    """When it begins, by the brand's clock."""
    ends: LocalTime
    """When it ends: no step of it is done, and nothing of it sent, from then on."""
    cron: str = ""
    """It comes in rounds: one begins each time this cron line comes, between the two instants."""
    hours: Annotated[int, Meta(ge=1, le=8784)] | None = None
    """With `cron`: so long a round lasts."""
    segments: tuple[Name, ...] = ()
    """Only for guests of one of these segments, as they were placed last; all if left out."""
    channels: tuple[MessageChannel, ...] = ()
    """Its messages go by these, the preferred one first, instead of their own, but for steps that
    name others."""
    offer: Offer | None = None
    """What receipts of its guests earn besides, from its beginning to its end by their own time."""
    guests_at_most: Annotated[int, Meta(ge=1)] | None = None
    """So many guests are led through it, and no more."""
    holdout: Annotated[int, Meta(ge=0, le=90)] = 0
    """So many of a hundred guests are left out, by lot, to compare with; it is kept who."""
    salt: str = ""
    """Another word here draws other guests to leave out."""
    budget: Budget = Budget()
    """What it may cost at the most; anything, if left out."""
    steps: dict[Name, Step] = {}  # noqa: RUF012 - msgspec makes a new one for each
    """What is done for each guest; may be left out where there is an offer."""
    last_chance: LastChance | None = None
    """A reminder before the end, for whoever is on the way through it."""


class Cost(NamedTuple):
    """Points that are given, and what all that is given costs the house."""

    points: int = 0
    money: int = 0

    def plus(self, other: Cost) -> Cost:
        """Add up."""
        return Cost(self.points + other.points, self.money + other.money)

    def times(self, number: int) -> Cost:
        """Take it so often."""
        return Cost(self.points * number, self.money * number)


def instant(text: str, zone: str) -> datetime:
    """Find the instant of a local time. Raises ValueError for a day that there is not."""
    there = datetime.strptime(text, "%Y-%m-%d %H:%M").replace(tzinfo=ZoneInfo(zone))
    return there.astimezone(UTC)


def is_held_out(person: str, name: str, campaign: Campaign) -> bool:
    """Draw whether a guest is left out: the same guest always draws the same."""
    drawn = hashlib.sha256(f"{campaign.salt}:{name}:{person}".encode()).digest()
    return int.from_bytes(drawn[:8], "big") % 10_000 < campaign.holdout * 100


def is_for(campaign: Campaign, segments: Iterable[str]) -> bool:
    """Tell whether a campaign is for guests of these segments."""
    return not campaign.segments or not {*campaign.segments}.isdisjoint(segments)


def at_level(campaign: Campaign, level: int) -> Campaign:
    """Lower the points that a campaign gives to so many percent, but never to none.

    No step is left out: guests wait for steps by their names.
    """
    steps = {name: _lowered(step, level) for name, step in campaign.steps.items()}
    return _replace(campaign, steps=steps)


def _lowered(step: Step, level: int) -> Step:
    return _replace(step, award=max(1, step.award * level // 100)) if step.award else step


def cost(steps: Iterable[Step], budget: Budget) -> Cost:
    """Tell what steps cost; a part of the smallest coin is a whole one."""
    done = list(steps)
    points = sum(step.award or 0 for step in done)
    rewards = sum(step.reward is not None for step in done)
    return Cost(points, price(points, budget) + rewards * budget.reward_cost)


def price(points: int, budget: Budget) -> int:
    """Tell what points cost the house; a part of the smallest coin is a whole one."""
    return -(-points * budget.points_cost // 100)


def passes(spent: Cost, budget: Budget) -> bool:
    """Tell whether a cost is more than a budget allows."""
    return (budget.points is not None and spent.points > budget.points) or (
        budget.money is not None and spent.money > budget.money
    )


def is_measurable(told: int, held: int) -> bool:
    """Tell whether there are guests enough in both arms to see a difference."""
    return min(told, held) >= PER_ARM
