"""Ledger entries: one act each, frozen once written, whose postings sum to zero."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

import msgspec

from loyalty.domain.account import Held, Lot, Totals
from loyalty.domain.offers import Applied
from loyalty.domain.transaction import Refund, Sale, Void

Book = Literal["member", "debt", "held", "issued", "redeemed", "expired", "adjusted", "written-off",
    "transferred",
]  # fmt: skip
EntryKind = Literal[
    "sale", "edit", "refund", "void", "review", "award", "withdrawal", "release", "expire",
    "extend", "adjust", "tier", "hold", "capture", "hold-void", "hold-expire", "recapture",
    "restore", "referral", "activity", "merge", "unmerge", "move",
    "tag", "erase",
]  # fmt: skip


OF_REWARDS: frozenset[EntryKind] = frozenset(
    {"hold", "capture", "hold-void", "hold-expire", "recapture", "restore"}
)
"""The kinds of entries that are about a reward: `rule` names it."""
BY_TIME: frozenset[EntryKind] = frozenset({"release", "expire", "hold-expire"})
"""The kinds of entries that time alone brings, each at its instant, however late it is written."""
OF_MERGES: frozenset[EntryKind] = frozenset({"merge", "unmerge"})
"""The kinds of entries that move what one account has to another: one on each of the two."""


class Posting(msgspec.Struct, frozen=True, kw_only=True):
    """Points onto (or off) one book: `member`, `held` and `debt` are the member's."""

    book: Book
    points: int


class Entry(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One act. `points` is what the member's balance (lots less debt) gained by it.

    `moves` tell how each lot changed, so that any past moment can be shown. `at` is when it was
    committed, `occurred_at` when it happened at the till. `day` is the business day of its
    receipt; an act that moved the receipt to another day tells in `moved` what each day gained.
    `members` are the account and, if another's, the member whose act it is.
    `by` names the key or the person who asked for it, never the guest.
    `hold` is what a hold set aside, `voucher` the one it is about, `spent` the points that a
    capture spent, by their lots. A merge moves an account, with those that it kept (`joined`),
    `into` another, and tells in `moved` what each month gained; an unmerge moves it out of there.
    """

    id: str
    kind: EntryKind
    members: tuple[str, ...]
    at: datetime
    occurred_at: datetime
    points: int
    reason: str
    version: str = ""
    rule: str = ""
    by: str = ""
    receipt: str = ""
    revision: int = 0
    store: str = ""
    day: str = ""
    moved: dict[str, Totals] = {}
    postings: tuple[Posting, ...] = ()
    moves: tuple[Lot, ...] = ()
    cause: str = ""
    seq: int = 0
    before: Totals = Totals()
    after: Totals = Totals()
    tier_before: str | None = None
    tier_after: str | None = None
    hold: Held | None = None
    voucher: str = ""
    spent: tuple[Lot, ...] = ()
    into: str = ""
    joined: tuple[str, ...] = ()

    @property
    def instant(self) -> datetime:
        """When it counts: what time did, then, however late it was written."""
        return self.occurred_at if self.kind in BY_TIME else self.at


class Used(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A reward used on a receipt, and how many of its points came back since.

    `divisible`: a part of the receipt that goes back gives a part of the points back.
    """

    hold: str
    member: str
    reward: str
    lots: tuple[Lot, ...] = ()
    voucher: str = ""
    divisible: bool = False
    back: int = 0
    returned: bool = False


ReceiptState = Literal["awaiting-sale", "unclaimed", "review", "refused", "posted"]


class Receipt(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The part of a sale's document that later facts change.

    `sale` is its newest revision, `refunds` everything given back so far by refund id, `posted`
    those that have an entry. `version`, `tier`, `segments` and which `offers` it has are the
    context of the first judgement and never change. `points` is the net booked, of which `booked`
    without carry on its business day, and `away` on days that a revision moved it from; `carried`
    the receipt's shares in sums with carry; `counts` whether it counts for visits; `lot` the key
    its points were put under; `reviewed` a person's acts on it, and `cleared` the total that they
    approved; `rewards` what was used on it, `stamps` what it brought on which card.
    """

    id: str
    state: ReceiptState
    sale: Sale | None = None
    refunds: dict[str, Refund] = {}
    posted: tuple[str, ...] = ()
    void: Void | None = None
    voided: bool = False
    member: str = ""
    version: str = ""
    tier: str | None = None
    segments: tuple[str, ...] = ()
    day: str = ""
    points: int = 0
    kept: int = 0
    raw: int = 0
    booked: int = 0
    away: dict[str, int] = {}
    counts: bool = False
    carried: dict[str, int] = {}
    lot: Lot | None = None
    review: str = ""
    reviewed: tuple[str, ...] = ()
    cleared: int = 0
    rewards: tuple[Used, ...] = ()
    stamps: dict[str, int] = {}
    offers: tuple[Applied, ...] = ()
