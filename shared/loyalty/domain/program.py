"""The merchant's program as values: what earns, what it earns, and what guests are told.

Every key is described here once; the reader of the file, its JSON Schema and the
documentation follow from these types.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from loyalty.domain.automations import Automation, Birthdays
from loyalty.domain.campaigns import Campaign
from loyalty.domain.conditions import When
from loyalty.domain.grouping import Segment, Stages
from loyalty.domain.nightly import Files
from loyalty.domain.transaction import Channel
from loyalty.domain.vocabulary import (
    MessageChannel,
    Minutes,
    Money,
    Name,
    Part,
    Purpose,
    TimeOfDay,
    Words,
)

Scheduled = Literal["arm", "catch_up", "files", "retention", "segments", "waiting"]
"""The jobs whose time a program may choose: all but the sweep."""


class Store(Part, frozen=True):
    """One shop. What it leaves out it takes from the program."""

    title: str
    tills: tuple[str, ...] = ()
    """`connector:location`, or `connector.account:location` for a vendor's further account."""
    zone: str | None = None
    currency: str | None = None
    business_day_turns_at: TimeOfDay | None = None


class Spend(Part, frozen=True, tag_field="earn", tag="spend"):
    """Points for money: `points` for every `per` of eligible amount on the lines that match."""

    title: Words
    points: Annotated[int, Meta(ge=1)]
    per: Annotated[int, Meta(ge=1, extra={"written": "money"})]
    carry: bool = False
    """Keep what is left over for the next receipt; without it each receipt is rounded down."""
    when: When = When()


class Items(Part, frozen=True, tag_field="earn", tag="items"):
    """Points for pieces: `points` for each whole piece on the lines that match."""

    title: Words
    points: Annotated[int, Meta(ge=1)]
    when: When = When()


class Bonus(Part, frozen=True, tag_field="earn", tag="bonus"):
    """Points for the receipt as such, once."""

    title: Words
    points: Annotated[int, Meta(ge=1)]
    when: When = When()


class Multiply(Part, frozen=True, tag_field="earn", tag="multiply"):
    """Everything a receipt earns, times a factor; with `skus` or `categories` only those lines."""

    title: Words
    factor: Annotated[int, Meta(ge=10000, le=100000, extra={"written": "factor"})]
    when: When = When()


Rule = Spend | Items | Bonus | Multiply


class Caps(Part, frozen=True):
    """The most points one receipt, and one member on one business day, can earn."""

    per_receipt: Annotated[int, Meta(ge=1)] | None = None
    per_day: Annotated[int, Meta(ge=1)] | None = None


class Limits(Part, frozen=True):
    """Beyond these a sale is accepted, but its points wait for a person's review."""

    receipt_ceiling: Money | None = None
    receipts_per_hour: Annotated[int, Meta(ge=1)] | None = None


class Earning(Part, frozen=True):
    """What a receipt earns."""

    rules: dict[Name, Rule]
    stacking: Literal["best_of", "sum_of_bonuses", "product"] = "best_of"
    """How several factors combine: the best one, the sum of what each adds, or all multiplied."""
    excluded_categories: tuple[str, ...] = ()
    caps: Caps = Caps()
    limits: Limits = Limits()
    pending: dict[Channel, Minutes] = {}
    """How long points wait before they can be spent, from the receipt's time; none if left out."""
    debt: Literal["carry", "forgive"] = "carry"
    """When points to take back are spent already: owe them, or write them off."""
    debt_cap: Annotated[int, Meta(ge=1)] | None = None
    """The most a member can owe; what goes beyond is written off."""


class Expiry(Part, frozen=True):
    """When points lapse: so many months after they can be spent, at the day's end."""

    months: Annotated[int, Meta(ge=1, le=120)]
    round_to: Literal["day", "month"] = "day"


class Visits(Part, frozen=True):
    """What counts as one visit: all receipts of a day and store within one sitting."""

    sitting: Minutes = 90
    minimum: Money = 0
    channels: tuple[Channel, ...] = ("in_store", "app", "online", "delivery")


class Level(Part, frozen=True):
    """A tier and where it begins."""

    title: Words
    at: Money
    """Spend: an amount of money; visits and points: a whole number."""


class Tiers(Part, frozen=True):
    """Standing that spending points never lowers."""

    levels: dict[Name, Level]
    metric: Literal["spend", "visits", "points"] = "spend"
    window: Literal["rolling_year", "calendar_year", "lifetime"] = "rolling_year"
    grace_days: Annotated[int, Meta(ge=0, le=3660)] = 30


class Stamps(Part, frozen=True):
    """A stamp card: one stamp for each whole piece kept on the lines that match.

    A milestone with `metric: stamps` says what a full card gives.
    """

    title: Words
    when: When = When()


class Reward(Part, frozen=True):
    """Something a guest gets: for points at the counter, or given as a voucher with a code."""

    title: Words
    kind: Literal["free_item", "money_off", "points_as_money"] = "free_item"
    """Something for free, an amount off, or `value` off for each `points` the guest chooses."""
    points: Annotated[int, Meta(ge=1)] | None = None
    """What it costs; without it a guest cannot buy it, but a milestone can give it."""
    value: Money = 0
    categories: tuple[str, ...] = ()
    stores: tuple[Name, ...] = ()
    tiers: tuple[Name, ...] = ()
    valid_days: Annotated[int, Meta(ge=1, le=3660)] = 30


class Milestone(Part, frozen=True):
    """A line crossed by visits, kept spend or points earned by purchases."""

    title: Words
    metric: Literal["visits", "spend", "points", "stamps"]
    stamps: Name | None = None
    """Which card's stamps are counted."""
    at: Money | None = None
    """Reached once, here."""
    every: Annotated[int, Meta(ge=1, extra={"written": "money"})] | None = None
    """Reached again at each multiple of this."""
    award: Annotated[int, Meta(ge=0)] = 0
    reward: Name | None = None
    on_undo: Literal["keep", "withdraw"] = "keep"
    """What happens when a refund goes back below the line."""


class Redeeming(Part, frozen=True):
    """How rewards are taken at the counter, and what a person may do to points."""

    hold_at_till: Minutes = 15
    """How long a reward stays set aside for a receipt at the till."""
    hold_online: Minutes = 60
    """How long one that the guest chose on their page, or in a shop online, does."""
    grace_days: Annotated[int, Meta(ge=0, le=366)] = 7
    """Points of a reward that a refund gives back last at least so long, if they lapsed."""
    offline_hours: Annotated[int, Meta(ge=0, le=366 * 24)] = 0
    """A reward to be shown where a till is offline stays set aside so long; 0: none can be."""
    offline_loss_limit: Money = 0
    """What a till may lose in a day by rewards that it handed out offline and was too late for."""
    approve_above: Annotated[int, Meta(ge=1)] | None = None
    """An adjustment of more points than this waits for a second person; none does if left out."""


class Household(Part, frozen=True):
    """People who share one account."""

    people: Annotated[int, Meta(ge=2, le=20)] = 6
    """So many people may share one."""
    points_per_day: Annotated[int, Meta(ge=1)] | None = None
    """The most points that each of them takes rewards for in a day; any number if left out."""


class Referral(Part, frozen=True):
    """What a guest gets for a friend who comes, and the friend: once what they bought was kept."""

    referrer: Annotated[int, Meta(ge=1)]
    """Points for the guest who told of us."""
    friend: Annotated[int, Meta(ge=0)] = 0
    """Points for the friend."""
    minimum: Money = 0
    """So much of what the friend bought must be kept by then."""
    after_days: Annotated[int, Meta(ge=0, le=366)] = 7
    """How many days after the friend's first purchase both are paid."""
    per_month: Annotated[int, Meta(ge=1)] = 5
    """The most friends in a month that a guest is paid for; the friends are paid all the same."""
    per_day: Annotated[int, Meta(ge=1)] = 3
    """If more friends of one guest qualify within a day, all who are unpaid wait for a person."""
    clawback_days: Annotated[int, Meta(ge=0, le=366)] = 30
    """For so many days after both were paid, both lose it again if less than `minimum` is kept."""


class Activity(Part, frozen=True):
    """Something a guest does that is no purchase: a survey, a review, a check-in."""

    title: Words
    award: Annotated[int, Meta(ge=1)]
    """Points for it; they never count towards a milestone."""
    once: Literal["ever", "day", "each"] = "each"
    """How often it counts: once for ever, once on a local day, or each time it is told of."""


MessageOn = Literal[
    "points-earned",
    "points-clawed-back",
    "points-corrected",
    "points-released",
    "points-expired",
    "points-adjusted",
    "tier-changed",
    "milestone-reached",
    "reward-redeemed",
    "reward-returned",
    "referral-paid",
    "activity-rewarded",
    "automation",
]
"""What a message is about; `automation`: it is sent where an automation says so."""


class Message(Part, frozen=True):
    """What a guest is told, by the first channel that may be used.

    One receipt gives one message: the texts of everything that happened on it, in the order of
    this list of events, joined.
    """

    on: MessageOn
    text: Words
    channels: tuple[MessageChannel, ...] = ("sms", "email")
    purpose: Purpose = "service"
    subject: Words = {}
    email_template: str = ""
    """A template kept at the e-mail vendor; without it the text is sent."""


class Alert(Part, frozen=True):
    """What staff are told at once."""

    on: Literal[
        "visit", "sale", "redemption", "late-redemption", "reward-returned", "offline-loss",
        "file-missing", "file-refused", "automation",
    ]  # fmt: skip
    text: str
    tiers: tuple[Name, ...] = ()
    at_least: Money = 0


class QuietHours(Part, frozen=True):
    """No message leaves in this span of the member's local time; it waits for the end."""

    start: TimeOfDay = "21:00"
    end: TimeOfDay = "08:00"


class Sending(Part, frozen=True):
    """Rules for every message."""

    quiet_hours: QuietHours = QuietHours()
    marketing_cap: Annotated[int, Meta(ge=0)] = 4
    """The most marketing messages a member gets in `cap_days`."""
    cap_days: Annotated[int, Meta(ge=1, le=3660)] = 7
    useful_hours: Annotated[int, Meta(ge=1, le=3660 * 24)] = 24
    """A message that could not leave for so long is dropped, one of a journey after a week at the
    earliest: whether its reason still holds is looked at by itself."""


class Program(Part, frozen=True):
    """A brand's whole program."""

    engine: Literal[1]
    title: str
    currency: Annotated[str, Meta(pattern="^[A-Z]{3}$")]
    zone: str
    country: Annotated[str, Meta(pattern="^[A-Z]{2}$")]
    """Where a phone number without a country code is at home."""
    languages: Annotated[tuple[str, ...], Meta(min_length=1)]
    """The first is used where a member's own is not offered."""
    stores: dict[Name, Store]
    earning: Earning
    files: dict[Name, Files] = {}
    """Tills that tell of sales by nightly files, each by the name of its folder below `in/`."""
    expiry: Expiry | None = None
    visits: Visits = Visits()
    tiers: Tiers | None = None
    stamps: dict[Name, Stamps] = {}
    rewards: dict[Name, Reward] = {}
    redeeming: Redeeming = Redeeming()
    household: Household = Household()
    referral: Referral | None = None
    activities: dict[Name, Activity] = {}
    milestones: dict[Name, Milestone] = {}
    segments: dict[Name, Segment] = {}
    stages: Stages = Stages()
    messages: dict[Name, Message] = {}
    alerts: dict[Name, Alert] = {}
    birthdays: Birthdays = Birthdays()
    automations: dict[Name, Automation] = {}
    campaigns: dict[Name, Campaign] = {}
    sending: Sending = Sending()
    consent_texts: dict[str, Words] = {}
    """The words a guest agrees to, by a version of your own, as in `2026-11`."""
    connectors: dict[Literal["sms", "email", "staff", "wallet"], tuple[Name, ...]] = {}
    """Which vendors carry what; one after another if they refuse, but each `wallet` is offered."""
    business_day_turns_at: TimeOfDay = "04:00"
    schedules: dict[Scheduled, str] = {}
    """When jobs run that have a time of their own: a cron line in the program's zone, or `off`."""

    def zone_of(self, store: str) -> str:
        """The store's time zone; the brand's for a store that this version does not know."""
        return (store in self.stores and self.stores[store].zone) or self.zone

    def currency_of(self, store: str) -> str:
        """The store's currency."""
        return (store in self.stores and self.stores[store].currency) or self.currency

    def turn_of(self, store: str) -> str:
        """The time of day at which the store's business day begins."""
        own = self.stores[store].business_day_turns_at if store in self.stores else None
        return own or self.business_day_turns_at

    def store_of(self, till: str, location: str) -> str | None:
        """The store a till's location belongs to, or None."""
        name = f"{till}:{location}"
        return next((key for key, store in self.stores.items() if name in store.tills), None)

    def words(self, words: Words, language: str) -> str:
        """Choose the text in this language, else in the program's first."""
        return words.get(language) or words.get(self.languages[0]) or next(iter(words.values()), "")


class Version(msgspec.Struct, frozen=True, kw_only=True):
    """A program with the instant it holds from. `hash` names it on every entry."""

    hash: str
    effective_from: datetime
    program: Program
