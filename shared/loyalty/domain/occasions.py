"""What time alone brings to an account that automations wait for, each occasion once.

`Account.occasions` keeps for each automation the key of the occasion it was told of last (for
absences see `absences`). For months it keeps those in which something happened, a told one with
its mark: `2026-10! 2026-11`. A tier whose end was looked at, and that is kept, has a mark too:
`2027-01-31T…?`; that one is looked at again once it is not kept any more.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime, timedelta
from typing import NamedTuple, get_args

import msgspec

from loyalty.domain import absences, calendar, lately, prospects, tiers
from loyalty.domain.account import Account
from loyalty.domain.automations import (
    Automation,
    ByTime,
    Dormant,
    Expiring,
    MonthEnded,
    TierEnding,
)
from loyalty.domain.lately import Visit
from loyalty.domain.program import Program

_DAY = timedelta(days=1)
_TOLD, _KEPT = "!", "?"
_BY_TIME = frozenset(get_args(ByTime))


class Occasion(NamedTuple):
    """That the time has come for an automation, and what its messages can say of it."""

    automation: str
    key: str
    values: Mapping[str, str] = {}
    words: Mapping[str, str] = {}


class Measured(NamedTuple):
    """What only a look at the history tells, as of `seq`: days between visits, and months.

    `since` tells from when on an automation takes absences for long ones as it does now.
    """

    seq: int = 0
    rhythms: Mapping[str, timedelta | None] = {}
    statements: Mapping[str, Mapping[str, str]] = {}
    since: Mapping[str, datetime] = {}


def due_at(account: Account, program: Program) -> datetime | None:
    """Find when the next occasion of an account is due."""
    last = _last_visit(account, program)
    found = (_due(name, each, account, program, last) for name, each in _by_time(program))
    return min((at for at in found if at), default=None)


def _by_time(program: Program) -> Iterator[tuple[str, Automation]]:
    """List the automations that wait for time: every act looks when the next of them is due."""
    return ((name, each) for name, each in program.automations.items() if type(each) in _BY_TIME)


def _last_visit(account: Account, program: Program) -> Visit | None:
    """Look up once, for all automations that ask about absences, when a guest came last."""
    asked = any(type(each) is Dormant for each in program.automations.values())
    return lately.last_visit(account, program) if asked else None


def _due(
    name: str, reaction: object, account: Account, program: Program, last: Visit | None
) -> datetime | None:
    told = account.occasions.get(name, "")
    match reaction:
        case Dormant():
            return absences.due_at(reaction, told, last, account, program)
        case Expiring(days_before=days):
            lapse = _next_lapse(account, told)
            return calendar.days_before(lapse, days, program.zone) if lapse else None
        case TierEnding(days_before=days):
            until = account.standing.until if account.standing else None
            fresh = until and until.isoformat() != told.removesuffix(_KEPT)
            return calendar.days_before(until, days, program.zone) if until and fresh else None
        case MonthEnded():
            return month_end(_open(told), program.zone) if _open(told) else None
    return None


def _next_lapse(account: Account, told: str) -> datetime | None:
    lapses = sorted(lot.expires_at for lot in account.lots if lot.expires_at)
    return next((at for at in lapses if at.isoformat() > told), None)


def month_end(month: str, zone: str) -> datetime:
    """Find the first instant after a month, as in `2026-11`."""
    first = date.fromisoformat(f"{calendar.months_back(month, -1)}-01")
    return calendar.day_end(first - _DAY, zone)


def noted(account: Account, program: Program, when: Iterable[datetime]) -> Account:
    """Note that something happened in these months, for automations that tell of months.

    A rhythm that was measured may be another one now, and a tier not be kept any more: it is looked
    at again when it is due.
    """
    names = [name for name, each in program.automations.items() if type(each) is MonthEnded]
    months = {calendar.month(at, program.zone) for at in when} if names else set()
    told = {name: account.occasions.get(name, "") for name in names}
    found = {name: new for name, old in told.items() if (new := _with_months(old, months)) != old}
    for name, mark in account.occasions.items():
        if absences.is_measured(mark):
            found[name] = absences.told(mark)
        elif mark.endswith(_KEPT) and not is_kept(account, program):
            found[name] = ""
    return _with(account, found) if found else account


def _with_months(told: str, months: set[str]) -> str:
    """Add months after the one that was told of last."""
    last = next((month for month in told.split() if month.endswith(_TOLD)), "")
    waiting = {month for month in told.split() if month != last}
    fresh = {month for month in months if month > last.removesuffix(_TOLD)}
    return " ".join([last, *sorted(waiting | fresh)]).strip()


def _open(told: str) -> str:
    """Find the first month that waits to be told of."""
    return next((month for month in told.split() if not month.endswith(_TOLD)), "")


def _with(account: Account, found: Mapping[str, str]) -> Account:
    occasions = {**account.occasions, **found}
    told = {name: occasions[name] for name in sorted(occasions) if occasions[name]}
    return msgspec.structs.replace(account, occasions=told)


def came(
    account: Account, program: Program, now: datetime, known: Measured
) -> tuple[Account, list[Occasion]]:
    """List the occasions that have come, and note each on the account."""
    found: list[Occasion] = []
    last = _last_visit(account, program)
    for name, each in _by_time(program):
        due = _due(name, each, account, program, last)
        if due is None or due > now:
            continue
        told, occasion = _occasion(name, each, account, program, now, known)
        account = _with(account, {name: told})
        found += [occasion] if occasion else []
    return account, found


def _occasion(
    name: str, reaction: object, account: Account, program: Program, now: datetime, known: Measured
) -> tuple[str, Occasion | None]:
    told = account.occasions.get(name, "")
    match reaction:
        case Dormant():
            return _absence(name, reaction, account, program, now, known)
        case Expiring(days_before=days):
            return _lapse(name, account, program, now, days)
        case TierEnding():
            return _ending(name, account, program)
    month = _open(told)
    later = told.split()[told.split().index(month) + 1 :]
    next_ = prospects.ahead(account, program, now)
    values = {"month": month, **known.statements.get(month, {}), **next_.values}
    return " ".join([month + _TOLD, *later]), Occasion(name, month, values, next_.words)


def _absence(
    name: str, reaction: Dormant, account: Account, program: Program, now: datetime, known: Measured
) -> tuple[str, Occasion | None]:
    about = absences.Known(known.rhythms.get(name), known.since.get(name))
    mark, came = absences.looked_at(reaction, account, program, now, about, name)
    return mark, Occasion(name, came.visit, {"days": came.days}) if came else None


def _lapse(
    name: str, account: Account, program: Program, now: datetime, days: int
) -> tuple[str, Occasion | None]:
    """Tell of all points that lapse within the days, as one sum, by the first of their dates."""
    told, zone = account.occasions.get(name, ""), program.zone
    later = [(lot.expires_at, lot.points) for lot in account.lots if lot.expires_at]
    fresh = [each for each in later if each[0].isoformat() > told
             and calendar.days_before(each[0], days, zone) <= now]  # fmt: skip
    ends = sorted(at for at, _ in fresh)
    last_day = calendar.local(ends[0] - _DAY / 1440, zone).date().isoformat()
    values = {"points": str(sum(points for _, points in fresh)), "date": last_day}
    return ends[-1].isoformat(), Occasion(name, ends[0].isoformat(), values)


def _ending(name: str, account: Account, program: Program) -> tuple[str, Occasion | None]:
    standing = account.standing
    if standing is None or standing.until is None:
        return "", None
    told = standing.until.isoformat()
    if is_kept(account, program):
        return told + _KEPT, None
    day = calendar.local(standing.until - _DAY / 1440, program.zone).date().isoformat()
    return told, Occasion(name, told, {"date": day}, {"tier": f"tier:{standing.tier}"})


def is_kept(account: Account, program: Program) -> bool:
    """Tell whether a tier outlasts its end, as far as is known now."""
    standing = account.standing
    if standing is None or standing.until is None:
        return True
    after = tiers.reviewed(account, program, standing.until, "")
    return after is not None and after.tier == standing.tier


def united(mine: Account, other: Account, program: Program) -> dict[str, str]:
    """Say of what two accounts were told, of which one is kept in the other: of all of it.

    Months are those of the account that stays: its next one tells of what came too.
    """
    found = dict(mine.occasions)
    for name, each in program.automations.items():
        marks = [account.occasions.get(name, "") for account in (mine, other)]
        if isinstance(each, Dormant):
            found[name] = absences.newest(marks)
        elif not isinstance(each, MonthEnded):
            found[name] = max(marks)
    return {name: found[name] for name in sorted(found) if found[name]}


def asks_for_rhythm(account: Account, program: Program, now: datetime) -> list[str]:
    """Name the automations that need to know how often a guest comes, now."""
    last = _last_visit(account, program)
    return [
        name
        for name, each in program.automations.items()
        if isinstance(each, Dormant) and each.rhythm is not None
        and (due := _due(name, each, account, program, last)) and due <= now
    ]  # fmt: skip


def asks_for_months(account: Account, program: Program, now: datetime) -> list[str]:
    """Name the months that are to be told of now."""
    return [
        _open(account.occasions[name])
        for name, each in program.automations.items()
        if isinstance(each, MonthEnded)
        and (due := _due(name, each, account, program, None)) and due <= now
    ]  # fmt: skip
