"""A member's account: lots, debt, standing and the compact facts that decisions rest on."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Literal

import msgspec

from loyalty.domain.offers import Offered

REMEMBERED_DAYS = 40
"""So many business days back, facts are kept on the account itself."""


class Lot(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Points that came together. `available_at` None: spendable; `expires_at` None: never lapse."""

    points: int
    month: str
    available_at: datetime | None = None
    expires_at: datetime | None = None

    @property
    def key(self) -> tuple[datetime | None, datetime | None, str]:
        """Lots with the same key are one lot."""
        return (self.available_at, self.expires_at, self.month)

    def lapsed(self, now: datetime) -> bool:
        """Tell whether the points are gone by time."""
        return self.expires_at is not None and self.expires_at <= now

    def spendable(self, now: datetime) -> bool:
        """Tell whether the points can be spent."""
        return not self.lapsed(now) and (self.available_at is None or self.available_at <= now)


class ReceiptFact(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What later decisions need of a receipt. `minute` counts from the epoch.

    `booked` are points of rules without carry, after the day's cap; `raw` before it.
    """

    receipt: str
    day: str
    store: str
    minute: int
    kept: int = 0
    raw: int = 0
    booked: int = 0
    counts: bool = False


class Totals(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What tiers and milestones look at: kept eligible money, visits, points of purchases, stamps.

    `stamps` are kept pieces by stamp card; a card without any is not there.
    """

    spend: int = 0
    visits: int = 0
    points: int = 0
    stamps: dict[str, int] = {}

    def plus(self, other: Totals) -> Totals:
        """Add up."""
        return Totals(
            spend=self.spend + other.spend,
            visits=self.visits + other.visits,
            points=self.points + other.points,
            stamps=_added(self.stamps, other.stamps, 1),
        )

    def minus(self, other: Totals) -> Totals:
        """Take away."""
        return Totals(
            spend=self.spend - other.spend,
            visits=self.visits - other.visits,
            points=self.points - other.points,
            stamps=_added(self.stamps, other.stamps, -1),
        )

    def of(self, metric: Literal["spend", "visits", "points", "stamps"], card: str = "") -> int:
        """Return one of them; of stamps those on a card."""
        if metric == "stamps":
            return self.stamps.get(card, 0)
        return {"spend": self.spend, "visits": self.visits, "points": self.points}[metric]


def _added(mine: dict[str, int], others: dict[str, int], sign: int) -> dict[str, int]:
    if not mine and not others:
        return mine  # most programs have no cards, and every act adds up
    sums = {card: mine.get(card, 0) + sign * others.get(card, 0) for card in mine | others}
    return {card: number for card, number in sorted(sums.items()) if number}


class Held(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A reward set aside until an instant, with the points it holds and where they came from.

    A hold of a voucher holds no points. One whose time is over binds nothing any more.
    """

    id: str
    reward: str
    until: datetime
    lots: tuple[Lot, ...] = ()
    voucher: str = ""

    @property
    def points(self) -> int:
        """The points it holds."""
        return sum(lot.points for lot in self.lots)


class Standing(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A tier held, since when, by which act, and when it is looked at again (None: never)."""

    tier: str
    since: datetime
    cause: str
    until: datetime | None = None


class Account(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """All that is known of a member's points; a cache that `verify` can rebuild from entries.

    `seq` grows with every commit, `count` and `digest` (a sum of hashes, modulo 2^256) cover
    its entries. `armed_at` is when its timer is due, `occasions` of which occasion each automation
    was told last (see `occasions`; no entry tells of them). `facts` begin with the business day
    `facts_from`, which only rises: what was forgotten stays so. `came` is the newest receipt (in
    minutes) of those that were forgotten when the account parted from another.

    An account that was merged is kept `into` another, which names it among its `others`; the
    carried sums of those begin with their name.

    `tags` are given and taken by people and automations; while it keeps others, `brought` says
    whose each is. `segments`, `stage` and `rfm` (fifths, as
    in `543`) are what was found of it last night, and no act: nothing is rebuilt from them. `likes`
    are favorite category, store and channel, as they were after the act `liked_at`. `offers` are
    those that people have from campaigns: no act either. `taken` tells when each reward was last
    paid for with points.
    """

    id: str
    seq: int = 0
    count: int = 0
    digest: str = ""
    lots: tuple[Lot, ...] = ()
    debt: int = 0
    carry: dict[str, int] = {}
    totals: Totals = Totals()
    months: dict[str, Totals] = {}
    facts: tuple[ReceiptFact, ...] = ()
    facts_from: str = ""
    came: int = 0
    standing: Standing | None = None
    holds: tuple[Held, ...] = ()
    armed_at: datetime | None = None
    occasions: dict[str, str] = {}
    into: str = ""
    others: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    brought: dict[str, tuple[str, ...]] = {}
    segments: tuple[str, ...] = ()
    stage: str = ""
    rfm: str = ""
    likes: tuple[str, ...] = ()
    liked_at: int = 0
    offers: tuple[Offered, ...] = ()
    taken: dict[str, datetime] = {}

    def points(self, now: datetime) -> int:
        """Return the balance: what can be spent now, less what is owed."""
        let_go = (lot for held in self.holds if held.until <= now for lot in held.lots)
        return sum(lot.points for lot in (*self.lots, *let_go) if lot.spendable(now)) - self.debt

    def held(self, now: datetime) -> tuple[Held, ...]:
        """List the rewards that are set aside."""
        return tuple(held for held in self.holds if held.until > now)

    def pending(self, now: datetime) -> int:
        """Return the points that cannot be spent yet."""
        waiting = (lot for lot in self.lots if not lot.spendable(now) and not lot.lapsed(now))
        return sum(lot.points for lot in waiting)

    @property
    def last_visit(self) -> datetime | None:
        """The newest receipt that counts for visits, of those that are remembered."""
        counted = [fact.minute for fact in self.facts if fact.counts]
        return datetime.fromtimestamp(max(counted) * 60, UTC) if counted else None

    @property
    def tier(self) -> str | None:
        """The tier held, if any."""
        return self.standing.tier if self.standing else None

    def due_at(self) -> datetime | None:
        """Find the next instant at which something happens to it by time alone."""
        instants = [lot.available_at or lot.expires_at for lot in self.lots]
        instants += [self.standing.until] if self.standing else []
        instants += [held.until for held in self.holds]
        return min((at for at in instants if at), default=None)
