"""Standing: up at once, down only when its window and grace have ended."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta

import msgspec

from loyalty.domain import calendar
from loyalty.domain.account import Account, Standing, Totals
from loyalty.domain.program import Program, Tiers

_KEPT = 36
"""So many months are remembered: more than any window reaches."""


def qualifying(account: Account, tiers: Tiers, month: str) -> int:
    """Add up what counts for the tier as of a month: the same for any order of receipts."""
    if tiers.window == "lifetime":
        return account.totals.of(tiers.metric)
    if tiers.window == "calendar_year":
        first = f"{month[:4]}-01"
    else:
        first = calendar.months_back(month, 11)
    window = (totals for name, totals in account.months.items() if first <= name <= month)
    return sum((totals.of(tiers.metric) for totals in window), 0)


def reviewed(account: Account, program: Program, now: datetime, cause: str) -> Standing | None:
    """Return the standing as it has to be now: risen, kept on, or stepped down once."""
    standing = account.standing
    over = bool(standing and standing.until and standing.until <= now)
    if program.tiers is None:  # what was promised is kept to its end, and then it is over
        return None if over else standing
    names = list(program.tiers.levels)
    month = calendar.month(now, program.zone)
    total = qualifying(account, program.tiers, month)
    if standing and standing.until and over:
        total = max([total, *_of_years_that_ended(account, program, standing.until, month)])
    earned = sum(total >= level.at for level in program.tiers.levels.values())
    held = names.index(account.tier) + 1 if account.tier in names else 0
    if earned > held:
        return _standing(names[earned - 1], program, now, cause)
    if standing and over:
        return _after_review(names, held, earned, program, now, standing)
    return standing


def _of_years_that_ended(
    account: Account, program: Program, until: datetime, month: str
) -> Iterator[int]:
    """Add up each calendar year that ended while a tier was held: its window and its grace.

    A rolling year reaches back by itself.
    """
    if program.tiers and program.tiers.window == "calendar_year":
        grace = timedelta(days=program.tiers.grace_days + 1)
        ended, this = (calendar.local(until, program.zone) - grace).year, int(month[:4])
        for year in range(min(ended, this - 1), this):
            yield qualifying(account, program.tiers, f"{year}-12")


def _after_review(
    names: list[str], held: int, earned: int, program: Program, now: datetime, old: Standing
) -> Standing | None:
    if earned >= held:
        fresh = _standing(old.tier, program, now, old.cause)
        return msgspec.structs.replace(fresh, since=old.since)
    return _standing(names[held - 2], program, now, f"review:{old.tier}") if held > 1 else None


def _standing(tier: str, program: Program, now: datetime, cause: str) -> Standing:
    return Standing(tier=tier, since=now, cause=cause, until=_until(program, now))


def _until(program: Program, now: datetime) -> datetime | None:
    tiers, there = program.tiers, calendar.local(now, program.zone).date()
    if tiers is None or tiers.window == "lifetime":
        return None
    end = date(there.year, 12, 31)
    if tiers.window == "rolling_year":
        end = calendar.months_later(there, 12)
    return calendar.day_end(end + timedelta(days=tiers.grace_days), program.zone)


def months_with(old: Mapping[str, Totals], days: Mapping[str, Totals]) -> dict[str, Totals]:
    """Add what days gained to their months; months that no window reaches are dropped."""
    months = dict(old)
    for day, gained in days.items():
        months[day[:7]] = months.get(day[:7], Totals()).plus(gained)
    oldest = calendar.months_back(max(months), _KEPT) if months else ""
    return {name: months[name] for name in sorted(months) if name > oldest}
