"""What a campaign changed: guests it told beside guests it held out, in whole minor units."""

from __future__ import annotations

from fractions import Fraction
from math import ceil, floor, isqrt
from typing import Literal

import msgspec

FEWEST_GUESTS, FEWEST_BUYERS = 30, 10
"""With fewer than so many in an arm, the formula below does not hold."""
_SIGMAS = Fraction(196, 100)
"""So many standard errors to each side hold the true difference 95 times in 100."""
Verdict = Literal["more", "less", "no difference to be seen", "too few to tell"]


class Arm(msgspec.Struct, frozen=True, kw_only=True):
    """What guests of one arm did: how many they are, how many bought, visits, kept spend.

    `squares` is the sum of each one's spend squared, as text: it outgrows what a store can count.
    """

    guests: int = 0
    buyers: int = 0
    visits: int = 0
    spend: int = 0
    squares: str = "0"

    def plus(self, spend: int, visits: int) -> Arm:
        """Count one more guest."""
        return Arm(
            guests=self.guests + 1, buyers=self.buyers + (spend > 0), visits=self.visits + visits,
            spend=self.spend + spend, squares=str(int(self.squares) + spend * spend),
        )  # fmt: skip

    @property
    def mean(self) -> Fraction:
        """Their spend per head, exactly."""
        return Fraction(self.spend, self.guests or 1)

    @property
    def per_head(self) -> int:
        """Their spend per head, to the nearest minor unit."""
        return floor(self.mean + Fraction(1, 2))

    @property
    def error(self) -> Fraction:
        """The square of the standard error of their spend per head."""
        variance = (int(self.squares) - self.spend * self.mean) / (self.guests - 1)
        return variance / self.guests


class Uplift(msgspec.Struct, frozen=True, kw_only=True):
    """By how much more those who were told spent per head, and between which bounds that is."""

    verdict: Verdict
    difference: int | None = None
    low: int | None = None
    high: int | None = None


def compared(told: Arm, held: Arm) -> Uplift:
    """Compare two arms: the difference of the means, 1.96 standard errors to each side.

    The bounds are rounded outwards.
    """
    if min(told.guests, held.guests) < FEWEST_GUESTS:
        return Uplift(verdict="too few to tell")
    if min(told.buyers, held.buyers) < FEWEST_BUYERS:
        return Uplift(verdict="too few to tell")
    difference = told.mean - held.mean
    half = _root(_SIGMAS**2 * (told.error + held.error))
    low, high = floor(difference) - half, ceil(difference) + half
    verdict: Verdict = "more" if low > 0 else "less" if high < 0 else "no difference to be seen"
    rounded = floor(difference + Fraction(1, 2))
    return Uplift(verdict=verdict, difference=rounded, low=low, high=high)


def _root(square: Fraction) -> int:
    """Find the smallest whole number whose square is not below this."""
    whole = ceil(square)
    root = isqrt(whole)
    return root if root * root == whole else root + 1
