"""Lines that visits, kept spend and earned points cross."""

from __future__ import annotations

from typing import NamedTuple

from loyalty.domain.account import Totals
from loyalty.domain.program import Milestone, Program

MOST = 50
"""So many lines of one milestone at most are granted by one act."""


class Crossing(NamedTuple):
    """A milestone's line passed by one act: upwards, or back down again by a refund."""

    name: str
    number: int
    up: bool


def crossings(program: Program, before: Totals, after: Totals) -> list[Crossing]:
    """List the lines between two states: reached when `before < n <= after`, and the reverse."""
    found = []
    for name, milestone in program.milestones.items():
        metric, card = milestone.metric, milestone.stamps or ""
        low, high = before.of(metric, card), after.of(metric, card)
        lines = _between(milestone, min(low, high), max(low, high))
        found += [Crossing(name, number, high > low) for number in lines]
    return found


def _between(milestone: Milestone, low: int, high: int) -> list[int]:
    if milestone.at is not None:
        return [milestone.at] if low < milestone.at <= high else []
    step = milestone.every or 1
    return list(range((max(low, 0) // step + 1) * step, high + 1, step))[:MOST]
