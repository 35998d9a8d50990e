"""What a guest can take now, what it costs, and why something cannot be had."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from loyalty.domain.program import Program, Reward


class Offer(NamedTuple):
    """A reward for points: whether the balance reaches it, or how many points are missing."""

    name: str
    reward: Reward
    points: int
    missing: int


def offers(program: Program, balance: int, tier: str | None, store: str = "") -> Iterator[Offer]:
    """List what points can buy here, the affordable first, then by price."""
    for_sale = (
        Offer(name, reward, reward.points, max(0, reward.points - balance))
        for name, reward in program.rewards.items()
        if reward.points is not None and not refusal(reward, tier, store)
    )
    yield from sorted(for_sale, key=lambda offer: (offer.missing > 0, offer.points, offer.name))


def refusal(reward: Reward, tier: str | None, store: str = "") -> str:
    """Say in a code why this guest cannot have a reward here; empty if they can."""
    if reward.tiers and tier not in reward.tiers:
        return "not_for_this_tier"
    return "not_at_this_store" if reward.stores and store and store not in reward.stores else ""


def price(reward: Reward, wanted: int | None) -> int | None:
    """Tell what a reward costs; None if it cannot be had for so many points.

    What is not points as money has one price, and need not be asked for by it.
    """
    if reward.points is None:
        return None
    if reward.kind != "points_as_money":
        return reward.points if wanted in (None, reward.points) else None
    chosen = reward.points if wanted is None else wanted
    return chosen if chosen > 0 and chosen % reward.points == 0 else None


def worth(reward: Reward, points: int) -> int:
    """Tell how much money a reward takes off, in minor units; 0 for something for free."""
    if reward.kind == "points_as_money":
        return reward.value * points // (reward.points or 1)
    return reward.value
