"""How long a guest has been away, and of which absence they were told last.

The mark that an account keeps of it is when they were told, in minutes: `29741520`. Only a visit
after that begins another absence: a till that tells late of an older one does not. One that was
long before the automation was there is passed over, and its visit is kept: `29741520-`. By rhythm,
the mark also keeps when the one after a later visit is long: `29741520 29755920@2026-12-01T…`.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from statistics import median
from typing import NamedTuple

from loyalty.domain import lately
from loyalty.domain.account import Account
from loyalty.domain.automations import Dormant
from loyalty.domain.facts import minute
from loyalty.domain.lately import Visit
from loyalty.domain.program import Program

FEWEST = 3
"""It takes so many visits to know how often somebody comes."""
_DAY = timedelta(days=1)
_PASSED = "-"


class Known(NamedTuple):
    """What is known of an automation: a guest's rhythm for it, and since when it is as it is."""

    rhythm: timedelta | None
    since: datetime | None


class Absence(NamedTuple):
    """A long one: the visit that it began with, and so many days ago."""

    visit: str
    days: str


def told(mark: str) -> str:
    """Read when a guest was told, or which visit's absence was passed over."""
    return next((word for word in mark.split() if "@" not in word), "")


def is_measured(mark: str) -> bool:
    """Tell whether a mark keeps when an absence is long by a guest's rhythm."""
    return "@" in mark


def newest(marks: Iterable[str]) -> str:
    """Find when somebody was told last; what was measured is forgotten."""
    return max(map(told, marks), key=lambda mark: (_until(mark), mark[-1:] != _PASSED), default="")


def _until(mark: str) -> int:
    """Read up to which minute visits begin no absence that is still to be told."""
    digits = mark.removesuffix(_PASSED)
    return int(digits) if digits.isdigit() else 0


def due_at(
    reaction: Dormant, mark: str, last: Visit | None, account: Account, program: Program
) -> datetime | None:
    """Find when it is known that a guest has been away for long, or by rhythm is to be measured.

    `last` is their last visit: one for all automations that ask.
    """
    if last is None or _is_told(told(mark), last, reaction):
        return None
    if reaction.days is not None:
        return lately.heard_by(last.at + reaction.days * _DAY, account, program)
    long = _measured(mark, last) or last.at + reaction.least_days * _DAY
    return lately.heard_by(long, account, program)


def _is_told(mark: str, last: Visit, reaction: Dormant) -> bool:
    """Tell whether an absence was told of, or passed over; a refund makes no other one of it."""
    if mark.endswith(_PASSED) and reaction.include_already:
        return False
    return _until(mark) >= minute(last.since)


def _measured(mark: str, last: Visit) -> datetime | None:
    """Read when an absence is long by rhythm, if it was found out since the last visit."""
    found = (word.partition("@") for word in mark.split() if "@" in word)
    known = (at for visit, _, at in found if visit == str(minute(last.at)))
    return next((datetime.fromisoformat(at) for at in known), None)


def looked_at(
    reaction: Dormant, account: Account, program: Program, now: datetime, known: Known, name: str
) -> tuple[str, Absence | None]:
    """Tell what an absence that may be long by now is, and the mark that is kept of it."""
    last = lately.last_visit(account, program) or Visit(now, now)
    visit, before = str(minute(last.at)), told(account.occasions.get(name, ""))
    long = _long_at(reaction, last.at, known.rhythm)
    if long is None:
        return visit, None
    if lately.heard_by(long, account, program) > now:
        return f"{before} {visit}@{long.astimezone(UTC).isoformat()}".strip(), None
    if known.since and long < known.since and not reaction.include_already:
        return visit + _PASSED, None
    return str(minute(now)), Absence(visit, str((now - last.at).days))


def _long_at(reaction: Dormant, last: datetime, usual: timedelta | None) -> datetime | None:
    """Find when an absence is long; None for who came too seldom to have a rhythm."""
    if reaction.days is not None:
        return last + reaction.days * _DAY
    if usual is None:
        return None
    return last + max(reaction.least_days * _DAY, usual * (reaction.rhythm or 0) / 10_000)


def rhythm(visits: Iterable[datetime]) -> timedelta | None:
    """Find the usual time between two visits: the median; None with too few to tell."""
    at = sorted(visits)
    gaps = [(later - earlier).total_seconds() for earlier, later in pairwise(at)]
    return timedelta(seconds=int(median(gaps))) if len(at) >= FEWEST else None
