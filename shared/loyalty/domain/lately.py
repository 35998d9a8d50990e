"""What an account knows of a guest's last days and months: visits, money, and when they came."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import NamedTuple

from loyalty.domain import calendar, visits
from loyalty.domain.account import Account, Totals
from loyalty.domain.nightly import named
from loyalty.domain.program import Program


def today(program: Program, now: datetime) -> date:
    """Tell the date on the wall of the program's zone."""
    return calendar.local(now, program.zone).date()


_DAY, _INSTANT = timedelta(days=1), timedelta(microseconds=1)


class Visit(NamedTuple):
    """When a guest came last: `at`, or if no receipt tells it any more, `since` then or later."""

    at: datetime
    since: datetime


def last_visit(account: Account, program: Program) -> Visit | None:
    """Find a guest's last visit; None if there was none.

    Where no receipt that counts is remembered, the last minute of the newest month with a visit
    stands for it.
    """
    if at := account.last_visit:
        return Visit(at, at)
    came = [month for month, totals in account.months.items() if totals.visits > 0]
    if not came:
        return None
    first = date.fromisoformat(f"{max(came)}-01")
    last = calendar.months_later(first, 1) - timedelta(days=1)
    began = calendar.day_end(first - timedelta(days=1), program.zone)
    return Visit(calendar.day_end(last, program.zone) - timedelta(minutes=1), began)


def heard_by(at: datetime, account: Account, program: Program) -> datetime:
    """Tell when it is known what a guest did until an instant: tills that leave files tell later.

    Where they came lately to a store with such a till, or that is forgotten, its file of that day
    has come by then, or is a day overdue.
    """
    if not program.files:
        return at
    tills = {":".join(named(name, each)): each.expected_by for name, each in program.files.items()}
    known = {fact.store for fact in account.facts}
    seen = known & program.stores.keys() if known else program.stores.keys()
    expected = [tills[till] for s in seen for till in program.stores[s].tills if till in tills]
    if not expected:
        return at
    overdue = calendar.day_end(calendar.local(at, program.zone).date() + _DAY, program.zone)
    return calendar.end_of(overdue - _INSTANT, program.zone, max(expected))


def days_since_visit(account: Account, program: Program, now: datetime) -> int | None:
    """Count the days since the last visit; None if there was none."""
    last = last_visit(account, program)
    if last is None:
        return None
    return max(0, (today(program, now) - today(program, last.at)).days)


def in_days(account: Account, days: int, program: Program, now: datetime) -> Totals:
    """Add up visits and money of the last business days, today being the last."""
    since = (today(program, now) - timedelta(days=days)).isoformat()
    known = [fact for fact in account.facts if fact.day > since]
    sittings: dict[tuple[str, str], list[int]] = {}
    for fact in known:
        if fact.counts:
            sittings.setdefault((fact.day, fact.store), []).append(fact.minute)
    sitting = program.visits.sitting
    return Totals(
        visits=sum(visits.count(minutes, sitting) for minutes in sittings.values()),
        spend=sum(fact.kept for fact in known),
    )


def in_months(account: Account, months: int, program: Program, now: datetime) -> Totals:
    """Add up visits and money of the last calendar months, this one being the last."""
    before = calendar.months_back(today(program, now).isoformat()[:7], months)
    known = [totals for name, totals in account.months.items() if name > before]
    return Totals(visits=sum(t.visits for t in known), spend=sum(t.spend for t in known))
