"""Groups of guests as the program file describes them: segments, and the stages of a guest."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from loyalty.domain.transaction import Channel
from loyalty.domain.vocabulary import Money, Name, Part, Words

Stage = Literal["new", "active", "regular", "vip", "lapsing", "lost"]
RfmClass = Literal[
    "champions",
    "loyal",
    "promising",
    "needs_attention",
    "cannot_lose",
    "at_risk",
    "hibernating",
]
BirthdayMonth = Literal["this", 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]


class DaysSince(Part, frozen=True):
    """How many days ago, by the calendar of the program's zone."""

    at_least: Annotated[int, Meta(ge=0, le=3660)] | None = None
    """So long ago, or longer."""
    at_most: Annotated[int, Meta(ge=0, le=3660)] | None = None
    """No longer ago than this."""


class VisitCount(Part, frozen=True):
    """How many visits: in the last `days` or `months`, or ever."""

    at_least: Annotated[int, Meta(ge=0)] | None = None
    """So many visits, or more."""
    at_most: Annotated[int, Meta(ge=0)] | None = None
    """No more visits than this."""
    days: Annotated[int, Meta(ge=1, le=40)] | None = None
    """Counted in so many business days, today being the last; an account remembers 40."""
    months: Annotated[int, Meta(ge=1, le=36)] | None = None
    """Counted in so many calendar months, this one being the last."""


class SpendSum(Part, frozen=True):
    """How much money was kept of receipts: in the last `days` or `months`, or ever."""

    at_least: Money | None = None
    """So much, or more."""
    at_most: Money | None = None
    """No more than this."""
    days: Annotated[int, Meta(ge=1, le=40)] | None = None
    """Added up over so many business days, today being the last; an account remembers 40."""
    months: Annotated[int, Meta(ge=1, le=36)] | None = None
    """Added up over so many calendar months, this one being the last."""


class Balance(Part, frozen=True):
    """How many points can be spent; what is owed counts against it."""

    at_least: Annotated[int, Meta(ge=0)] | None = None
    """So many points, or more."""
    at_most: Annotated[int, Meta(ge=0)] | None = None
    """No more points than this."""


class Favorite(Part, frozen=True):
    """What a guest mostly does, by their newest 20 acts: every key given must hold."""

    categories: tuple[str, ...] = ()
    """The till's category that most of their money went to is one of these."""
    stores: tuple[Name, ...] = ()
    """The store of most of their receipts is one of these."""
    channels: tuple[Channel, ...] = ()
    """The channel of most of their receipts is one of these."""


class Score(Part, frozen=True):
    """A fifth of all guests, from 1 (the lowest) to 5 (the best)."""

    at_least: Annotated[int, Meta(ge=1, le=5)] | None = None
    """This fifth, or a better one."""
    at_most: Annotated[int, Meta(ge=1, le=5)] | None = None
    """This fifth, or a lower one."""


class Rfm(Part, frozen=True):
    """How a guest compares with all others, each measured in fifths."""

    recency: Score = Score()
    """How lately they came: 5 is the fifth that came last."""
    frequency: Score = Score()
    """How often they came in the last 12 months."""
    money: Score = Score()
    """How much was kept of their receipts in the last 12 months."""
    classes: tuple[RfmClass, ...] = ()
    """What the three together are called, as `loyal` or `cannot_lose`; any if left out."""


class Segment(Part, frozen=True):
    """Guests of whom all that is said here is true. Who they are is found out each night."""

    title: Words
    last_visit: DaysSince = DaysSince()
    """How long ago they came last; nobody who never came."""
    visits: VisitCount = VisitCount()
    """How often they came."""
    spend: SpendSum = SpendSum()
    """What they spent and kept."""
    points: Balance = Balance()
    """What they have to spend."""
    tiers: tuple[Name, ...] = ()
    """They hold one of these tiers."""
    stages: tuple[Stage, ...] = ()
    """They are in one of these stages."""
    favorite: Favorite = Favorite()
    """What they mostly buy, where, and how."""
    birthday_month: tuple[BirthdayMonth, ...] = ()
    """Their birthday is in one of these months, from 1 to 12; `this` is the present one."""
    tags: tuple[Name, ...] = ()
    """They have one of these tags."""
    without_tags: tuple[Name, ...] = ()
    """They have none of these tags."""
    rfm: Rfm = Rfm()
    """How they compare with all other guests."""
    languages: tuple[str, ...] = ()
    """They are written to in one of these languages."""


class Stages(Part, frozen=True):
    """Where a guest stands. Who never came is `new`; else the first of these that is true counts.

    `lost` and `lapsing` by the last visit, `vip` and `regular` by the visits lately, `active` by
    all visits; `new` is who is left.
    """

    lost_after: Annotated[int, Meta(ge=1, le=3660)] = 120
    """Lost: so many days since the last visit, or more."""
    lapsing_after: Annotated[int, Meta(ge=1, le=3660)] = 45
    """Lapsing: so many days since the last visit, or more."""
    days: Annotated[int, Meta(ge=1, le=40)] = 30
    """Lately: in so many business days, today being the last."""
    vip_visits: Annotated[int, Meta(ge=1)] = 10
    """VIP: so many visits lately, or more."""
    vip_spend: Annotated[int, Meta(ge=1, extra={"written": "money"})] | None = None
    """VIP, too: so much kept in the last 12 calendar months; visits alone if left out."""
    regular_visits: Annotated[int, Meta(ge=1)] = 4
    """Regular: so many visits lately, or more."""
    active_visits: Annotated[int, Meta(ge=1)] = 2
    """Active: so many visits ever, or more."""
