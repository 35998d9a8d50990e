"""What a program may cost at worst: told before it is published, as warnings."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from math import prod
from typing import NamedTuple

from loyalty.domain import money
from loyalty.domain.earning import ONE
from loyalty.domain.program import Multiply, Program, Spend
from loyalty.program_file.checking import Finding
from loyalty.program_file.forms import FORMS


class Stacked(NamedTuple):
    """What some factors give together, in basis points, by each mode of stacking."""

    best_of: int
    sum_of_bonuses: int
    product: int

    def __str__(self) -> str:
        """Name the three."""
        show = FORMS["factor"].show
        return ", ".join(f"{mode} {show(factor, '')}" for mode, factor in self._asdict().items())


def warnings(program: Program) -> Iterator[Finding]:
    """Tell what several factors give together, and the most that spending can give back."""
    factors = _together(program)
    stacked = stack(factors)
    if len(factors) > 1:
        problem = f"{len(factors)} factors can meet on one line: {stacked}"
        hint = f"this program says {program.earning.stacking}"
        yield Finding(("earning", "stacking"), problem, hint)
    points = _points_per_unit(program) * Fraction(getattr(stacked, program.earning.stacking), ONE)
    if points:
        unit = f"{program.currency} {FORMS['money'].show(_unit(program), program.currency)}"
        problem = f"at worst {unit} earns {_about(points)} points{_returned(program, points)}"
        hint = "every rule for spending and every factor at once; items and bonuses come on top"
        yield Finding(("earning", "rules"), problem, hint)


def stack(factors: list[int]) -> Stacked:
    """Combine factors by each mode, as `domain.earning` does. No factor is a factor of 1."""
    if not factors:
        return Stacked(ONE, ONE, ONE)
    bonuses = sum(factor - ONE for factor in factors)
    return Stacked(max(factors), ONE + bonuses, prod(factors) // ONE ** (len(factors) - 1))


def _together(program: Program) -> list[int]:
    """List the factors that can meet: a guest has one tier, so the most generous one counts."""
    rules = [rule for rule in program.earning.rules.values() if isinstance(rule, Multiply)]
    by_tier: dict[str, list[int]] = {"": []}
    for rule in rules:
        for tier in rule.when.tiers:
            by_tier.setdefault(tier, []).append(rule.factor)
    everyone = [rule.factor for rule in rules if not rule.when.tiers]
    return everyone + max(by_tier.values(), key=lambda own: sum(own) - ONE * len(own))


def _unit(program: Program) -> int:
    return int(10 ** money.exponent(program.currency))


def _points_per_unit(program: Program) -> Fraction:
    rules = [rule for rule in program.earning.rules.values() if isinstance(rule, Spend)]
    return sum((Fraction(rule.points * _unit(program), rule.per) for rule in rules), Fraction())


def _returned(program: Program, points: Fraction) -> str:
    """Say how much money comes back through milestones that repeat and take money off."""
    back = Fraction()
    for milestone in program.milestones.values():
        reward = program.rewards.get(milestone.reward or "")
        if milestone.every and reward and reward.kind == "money_off":
            reached = _reached_by(milestone.metric, points, program)
            back += reached * reward.value / milestone.every
    share = back / _unit(program) * 100
    return f" and gives back {_about(share)} % as money off" if back else ""


def _reached_by(metric: str, points: Fraction, program: Program) -> Fraction:
    return {"points": points, "spend": Fraction(_unit(program))}.get(metric, Fraction())


def _about(number: Fraction) -> str:
    """Write with two digits after the point, rounded up: the worst is not made smaller."""
    hundredths = -(-number.numerator * 100 // number.denominator)
    whole, part = divmod(hundredths, 100)
    return f"{whole}.{part:02d}".rstrip("0").rstrip(".")
