"""In which segments a guest is and where they stand: from what is known of them, and the time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import NamedTuple

import msgspec

from loyalty.domain import lately, offers, rfm
from loyalty.domain.account import Account, Totals
from loyalty.domain.grouping import (
    Balance,
    BirthdayMonth,
    DaysSince,
    Rfm,
    Score,
    Segment,
    SpendSum,
    Stage,
    VisitCount,
)
from loyalty.domain.program import Program

_YEAR = 12
_replace = msgspec.structs.replace


class Likes(NamedTuple):
    """What a guest mostly buys, where and how; empty where it is not known."""

    category: str = ""
    store: str = ""
    channel: str = ""


class Guest(NamedTuple):
    """What segments look at. `rfm` are fifths, as in `543`, `birthday` is `MM-DD`."""

    account: Account
    rfm: str = ""
    likes: Likes = Likes()
    birthday: str = ""
    language: str = ""


class Placed(NamedTuple):
    """Where a guest belongs: segments by their names in the alphabet's order, and the stage."""

    segments: tuple[str, ...]
    stage: Stage


def place(guest: Guest, program: Program, now: datetime) -> Placed:
    """Find a guest's segments and stage, whatever the order of the segments in the program."""
    stage = stage_of(guest.account, program, now)
    found = (
        name
        for name, segment in program.segments.items()
        if all(holds(segment, guest, stage, program, now) for holds in _CONDITIONS)
    )
    return Placed(tuple(sorted(found)), stage)


def stage_of(account: Account, program: Program, now: datetime) -> Stage:
    """Find where a guest stands."""
    return next((stage for true, stage in _ladder(account, program, now) if true), "new")


def _ladder(account: Account, program: Program, now: datetime) -> Iterator[tuple[bool, Stage]]:
    """Go through the stages; what takes adding up is added up only if none came before it."""
    ago, stages = lately.days_since_visit(account, program, now), program.stages
    if ago is None:
        return
    yield ago >= stages.lost_after, "lost"
    yield ago >= stages.lapsing_after, "lapsing"
    came = lately.in_days(account, stages.days, program, now).visits
    yield came >= stages.vip_visits, "vip"
    if stages.vip_spend is not None:
        yield lately.in_months(account, _YEAR, program, now).spend >= stages.vip_spend, "vip"
    yield came >= stages.regular_visits, "regular"
    yield account.totals.visits >= stages.active_visits, "active"


def emptied(account: Account) -> Account:
    """Take an account out of all segments; its tags stay."""
    return _replace(account, segments=(), stage="", rfm="", likes=(), liked_at=0)


def forgotten(account: Account, stay: Sequence[str]) -> Account:
    """Leave nothing of who is erased: those who `stay` keep their offers, segments and tags."""
    if stay:
        return _replace(account, offers=offers.of_people(account.offers, stay))
    return _replace(emptied(account), tags=(), brought={}, offers=())


# -- conditions: each is true where nothing is asked ------------------------------------------

Condition = Callable[[Segment, Guest, Stage, Program, datetime], bool]


def _last_visit(
    segment: Segment, guest: Guest, _stage: Stage, program: Program, now: datetime
) -> bool:
    if segment.last_visit == DaysSince():
        return True
    ago = lately.days_since_visit(guest.account, program, now)
    return ago is not None and _within(ago, segment.last_visit)


def _visits(segment: Segment, guest: Guest, _stage: Stage, program: Program, now: datetime) -> bool:
    asked = segment.visits
    return asked == VisitCount() or _within(_sums(asked, guest.account, program, now).visits, asked)


def _spend(segment: Segment, guest: Guest, _stage: Stage, program: Program, now: datetime) -> bool:
    asked = segment.spend
    return asked == SpendSum() or _within(_sums(asked, guest.account, program, now).spend, asked)


def _sums(over: VisitCount | SpendSum, account: Account, program: Program, now: datetime) -> Totals:
    if over.days:
        return lately.in_days(account, over.days, program, now)
    if over.months:
        return lately.in_months(account, over.months, program, now)
    return account.totals


def _points(segment: Segment, guest: Guest, _stage: Stage, _p: Program, now: datetime) -> bool:
    return _within(guest.account.points(now), segment.points)


def _standing(segment: Segment, guest: Guest, stage: Stage, _p: Program, _now: datetime) -> bool:
    in_tier = not segment.tiers or guest.account.tier in segment.tiers
    return in_tier and (not segment.stages or stage in segment.stages)


def _favorite(segment: Segment, guest: Guest, _stage: Stage, _p: Program, _now: datetime) -> bool:
    asked = segment.favorite
    pairs = zip((asked.categories, asked.stores, asked.channels), guest.likes, strict=True)
    return all(not wanted or liked in wanted for wanted, liked in pairs)


def _birthday(segment: Segment, guest: Guest, _stage: Stage, p: Program, now: datetime) -> bool:
    month = guest.birthday[:2]
    here = lately.today(p, now).month
    return not segment.birthday_month or (
        bool(month) and int(month) in {_month(each, here) for each in segment.birthday_month}
    )


def _month(asked: BirthdayMonth, here: int) -> int:
    return here if asked == "this" else asked


def _tags(segment: Segment, guest: Guest, _stage: Stage, _p: Program, _now: datetime) -> bool:
    tags = set(guest.account.tags)
    given = not segment.tags or not tags.isdisjoint(segment.tags)
    return given and tags.isdisjoint(segment.without_tags)


def _compared(segment: Segment, guest: Guest, _stage: Stage, _p: Program, _now: datetime) -> bool:
    asked = segment.rfm
    if asked == Rfm():
        return True
    if not guest.rfm:
        return False
    fifths = zip(guest.rfm, (asked.recency, asked.frequency, asked.money), strict=True)
    named = not asked.classes or rfm.class_of(guest.rfm) in asked.classes
    return named and all(_within(int(fifth), wanted) for fifth, wanted in fifths)


def _language(segment: Segment, guest: Guest, _stage: Stage, _p: Program, _now: datetime) -> bool:
    return not segment.languages or guest.language in segment.languages


def _within(number: int, asked: DaysSince | VisitCount | SpendSum | Balance | Score) -> bool:
    enough = asked.at_least is None or number >= asked.at_least
    return enough and (asked.at_most is None or number <= asked.at_most)


_CONDITIONS: tuple[Condition, ...] = (
    _last_visit,
    _visits,
    _spend,
    _points,
    _standing,
    _favorite,
    _birthday,
    _tags,
    _compared,
    _language,
)
