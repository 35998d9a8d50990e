"""A reward on its way to a guest: how a hold stands, and what the till takes off for it."""

from __future__ import annotations

from datetime import datetime
from typing import Literal, NamedTuple

import msgspec

from loyalty import bookkeeping
from loyalty.delivery import Shop
from loyalty.domain import rewards
from loyalty.domain.account import Held
from loyalty.domain.entry import Entry
from loyalty.domain.ledger import Passbook
from loyalty.domain.program import Program
from loyalty.errors import Problem, TryAgain
from loyalty.guests import homes
from loyalty.ports import Unit
from loyalty.records import entries

State = Literal["held", "captured", "voided", "expired"]
_ENDS: tuple[tuple[str, State], ...] = (
    ("restore", "voided"), ("recapture", "captured"), ("capture", "captured"),
    ("hold-void", "voided"),
)  # fmt: skip
"""What ended a hold, the last first: its entry is told by the hold's id."""


class Taking(msgspec.Struct, frozen=True, kw_only=True):
    """A hold as it stands, and what the till takes off for it.

    `value` is money in minor units; it is 0 for something for free of these `categories` (of any,
    if there are none). `points` are those held, or once it is captured those spent.
    """

    id: str
    member: str
    reward: str
    title: str
    state: State
    points: int
    value: int
    currency: str
    categories: tuple[str, ...]
    until: datetime
    voucher: str
    receipt: str
    store: str


class Open(NamedTuple):
    """A hold looked at in a unit: its entry, how it ended, and its member's passbook."""

    entry: Entry
    held: Held
    ended: Entry | None
    state: State
    book: Passbook
    rules: Program

    def taking(self, state: State | None = None, ended: Entry | None = None) -> Taking:
        """Say how it stands, after this if it is given."""
        entry, end = self.entry, ended or self.ended
        reward = self.rules.rewards[self.held.reward]
        points = spent(end) if end and "capture" in end.kind else self.held.points
        return Taking(
            id=self.held.id, member=entry.members[-1], reward=self.held.reward,
            title=title(self.rules, self.held.reward), state=state or self.state, points=points,
            value=rewards.worth(reward, points), currency=self.rules.currency_of(entry.store),
            categories=reward.categories, until=self.held.until, voucher=self.held.voucher,
            receipt=end.receipt if end else "", store=entry.store,
        )  # fmt: skip


def opened(unit: Unit, name: str, shop: Shop) -> Open:
    """Look up a hold by its id, with everything that time did. Raises Problem 404."""
    record = entries.get(unit, f"hold:{name}")
    entry = record.entry if record else None
    if entry is None or entry.hold is None:
        raise Problem(404, "not_found", "There is no such hold.")
    home = homes.of_act(unit, entry)
    if home is None:
        raise TryAgain("the account is not there")
    book = bookkeeping.opened_from(home, shop.programs.at(shop.clock.now()), shop)
    rules = shop.programs.named(entry.version)
    if any(held.id == name for held in book.account.holds):
        return Open(entry, entry.hold, None, "held", book, rules)
    ended, state = _ended(unit, name)
    return Open(entry, entry.hold, ended, state, book, rules)


def _ended(unit: Unit, name: str) -> tuple[Entry | None, State]:
    for kind, state in _ENDS:
        found = entries.get(unit, f"{kind}:{name}")
        if found and found.entry:
            return found.entry, state
    return None, "expired"


def spent(entry: Entry) -> int:
    """Tell how many points a capture cost."""
    return sum(posting.points for posting in entry.postings if posting.book == "redeemed")


def title(program: Program, reward: str) -> str:
    """Name a reward in the program's first language."""
    return program.words(program.rewards[reward].title, program.languages[0])
