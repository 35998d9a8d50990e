"""What is kept of guests who bring friends."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from loyalty.stored import Record


class Referral(Record, frozen=True, kw_only=True):
    """Who told a friend of us, and how far that is: paid once the friend's purchase was kept.

    `held` waits for a person, who may have it `refused` for good. `paid` tells whether the referrer
    got points too: not beyond so many friends in a month. `gave` and `earned` are what friend and
    referrer got; it goes back, once and for good, if less than `line` is kept before `until`, by
    the act `undone_by` of the friend's. It `ended` if the friend was erased before
    anything was paid.
    """

    friend: str
    referrer: str
    at: datetime
    state: Literal[
        "attributed", "qualified", "held", "refused", "paid", "withdrawn", "ended",
    ] = "attributed"  # fmt: skip
    paid: bool = False
    qualified_at: datetime | None = None
    gave: int = 0
    earned: int = 0
    line: int = 0
    until: datetime | None = None
    undone_by: str = ""


class Referred(Record, frozen=True, kw_only=True):
    """How many friends somebody was paid for in a month."""

    count: int = 0
