"""What a year came to, in the same words from the product and from the reference."""

from __future__ import annotations

from collections import Counter
from typing import NamedTuple


class Sums(NamedTuple):
    """What became of one guest's points; `owed` and `waiting` as it stood at the end."""

    earned: int = 0
    given: int = 0
    spent: int = 0
    expired: int = 0
    balance: int = 0
    pending: int = 0
    owed: int = 0
    visits: int = 0
    tier: str = ""


class Seen(NamedTuple):
    """A year's counts: acts by kind, ways by automation and end, texts by phone and words."""

    acts: Counter[str]
    ways: Counter[tuple[str, str]]
    texts: Counter[tuple[str, str]]
    alerts: Counter[str]
    sums: dict[int, Sums]
    asked: Counter[str]
