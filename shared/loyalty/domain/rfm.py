"""How a guest compares with all others: how lately they came, how often, and what they spent.

Each of the three is measured in fifths of all guests who ever came. How many have which value is
counted first; a guest's fifth follows from that count alone, in whatever order it was made.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping
from datetime import datetime
from itertools import accumulate
from typing import NamedTuple

from loyalty.domain import lately
from loyalty.domain.account import Account
from loyalty.domain.grouping import RfmClass
from loyalty.domain.program import Program

MONTHS = 12
"""How often and how much are measured in so many calendar months, this one being the last."""
LONGEST = 3660
"""Days beyond this are all the same."""
DIGITS = 3
"""Amounts are compared by so many digits, so that counting them stays small: 12.34 is 12.30."""
Counts = dict[str, dict[str, int]]
"""For each measure how many guests have which value; as text, since documents name keys so."""


class Measures(NamedTuple):
    """A guest's three values; in each of them more is better."""

    recency: int
    frequency: int
    money: int


class Ladder:
    """All values of one measure in their order, and how many guests are below each."""

    def __init__(self, counted: Mapping[str, int]) -> None:
        steps = sorted((int(value), number) for value, number in counted.items())
        self._values = [value for value, _ in steps]
        self._below: list[int] = [0, *accumulate(number for _, number in steps)]

    def fifth(self, value: int) -> int:
        """Tell the fifth of a value, from 1 to 5: that in which the middle of its equals stands."""
        place, everybody = bisect_left(self._values, value), self._below[-1]
        known = place < len(self._values) and self._values[place] == value
        below, above = self._below[place], self._below[place + known]
        return min(5, 1 + 5 * (below + above) // (2 * everybody or 1))


def measured(account: Account, program: Program, now: datetime) -> Measures | None:
    """Measure a guest; None if they never came."""
    ago = lately.days_since_visit(account, program, now)
    if ago is None:
        return None
    year = lately.in_months(account, MONTHS, program, now)
    return Measures(-min(ago, LONGEST), year.visits, rounded(year.spend))


def rounded(amount: int) -> int:
    """Cut an amount to its first digits."""
    fine: int = 10 ** max(0, len(str(abs(amount))) - DIGITS)
    return amount // fine * fine


def counted(known: Counts, guests: Iterable[Measures]) -> Counts:
    """Add guests to what was counted."""
    counts = {name: dict(known.get(name, {})) for name in Measures._fields}
    for guest in guests:
        for name, value in guest._asdict().items():
            counts[name][str(value)] = counts[name].get(str(value), 0) + 1
    return counts


def ladders(counts: Counts) -> tuple[Ladder, ...]:
    """Make the ladder of each measure."""
    return tuple(Ladder(counts.get(name, {})) for name in Measures._fields)


def scored(guest: Measures | None, compared: Iterable[Ladder]) -> str:
    """Write a guest's fifths, as in `543`; empty for who never came."""
    if guest is None:
        return ""
    return "".join(str(each.fifth(value)) for each, value in zip(compared, guest, strict=True))


def class_of(score: str) -> RfmClass | None:
    """Name what three fifths mean; None for who never came."""
    if not score:
        return None
    recency, frequency, money = map(int, score)
    if recency <= 2:  # noqa: PLR2004 - below the middle fifth
        return _gone(frequency, money)
    if frequency >= 3:  # noqa: PLR2004 - the middle fifth
        return "champions" if min(recency, frequency, money) >= 4 else "loyal"  # noqa: PLR2004
    return "promising" if recency >= 4 else "needs_attention"  # noqa: PLR2004


def _gone(frequency: int, money: int) -> RfmClass:
    """Name guests who did not come lately by what they were before."""
    if frequency >= 4:  # noqa: PLR2004 - one of the two best fifths
        return "cannot_lose"
    return "at_risk" if frequency == 3 or money >= 4 else "hibernating"  # noqa: PLR2004
