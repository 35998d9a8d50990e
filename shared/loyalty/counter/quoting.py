"""What the counter shows before payment: the guest, what they can take now, what a basket earns."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

import msgspec

from loyalty.campaigns import offering
from loyalty.campaigns.budgeting import Purse
from loyalty.delivery import Shop
from loyalty.domain import reviews, rewards
from loyalty.domain.account import Account
from loyalty.domain.entry import Receipt
from loyalty.domain.ledger import Passbook
from loyalty.domain.milestones import crossings
from loyalty.domain.program import Program, Version
from loyalty.domain.transaction import Sale
from loyalty.guests import homes
from loyalty.records import Voucher, vouchers


class Choice(msgspec.Struct, frozen=True, kw_only=True):
    """A reward that points can buy here. `missing` points are lacking; 0: it can be taken now."""

    reward: str
    title: str
    points: int
    missing: int
    value: int
    most: int
    """The most points that can pay at once: more than `points` only of points as money."""


class Given(msgspec.Struct, frozen=True, kw_only=True):
    """A voucher that can be used now, and until when."""

    voucher: str
    reward: str
    title: str
    code: str
    value: int
    expires_at: datetime


class Stamped(msgspec.Struct, frozen=True, kw_only=True):
    """How full a stamp card is: `have` of `full`, and what a full one gives."""

    card: str
    title: str
    have: int
    full: int
    gives: str


class Takeable(msgspec.Struct, frozen=True, kw_only=True):
    """What a guest can take, the affordable first, how many points they can spend, their stamps."""

    points: int
    stamps: tuple[Stamped, ...]
    rewards: tuple[Choice, ...]
    vouchers: tuple[Given, ...]


class Quote(msgspec.Struct, frozen=True, kw_only=True):
    """What a basket would earn if it were paid now, and why; nothing is booked."""

    eligible: int
    points: int
    reasons: tuple[str, ...]
    balance_after: int
    milestones: tuple[str, ...]
    takeable: Takeable | None


def takeable(account: Account, store: str, language: str, shop: Shop) -> Takeable:
    """List what a guest can take at a store now."""
    now, program = shop.clock.now(), shop.programs.current().program
    given = [
        voucher
        for member in homes.everybody(account)
        for voucher in vouchers.find(shop.store, ("member", "==", member), limit=200)
    ]
    held = {each.voucher for each in account.held(now)}
    usable = [v for v in given if v.state == "open" and v.expires_at > now and v.id not in held]
    balance = account.points(now)
    return Takeable(
        points=balance,
        stamps=tuple(stamped(account, program, language)),
        rewards=tuple(
            _choice(offer, balance, program, language)
            for offer in rewards.offers(program, balance, account.tier, store)
        ),
        vouchers=tuple(_given(each, language, shop) for each in usable),
    )


def stamped(account: Account, program: Program, language: str) -> Iterator[Stamped]:
    """Tell how full each stamp card is."""
    for milestone in program.milestones.values():
        if milestone.stamps and milestone.every:
            reward = program.rewards.get(milestone.reward or "")
            yield Stamped(
                card=milestone.stamps, full=milestone.every,
                title=program.words(program.stamps[milestone.stamps].title, language),
                have=account.totals.of("stamps", milestone.stamps) % milestone.every,
                gives=program.words((reward or milestone).title, language),
            )  # fmt: skip


def _choice(offer: rewards.Offer, balance: int, program: Program, language: str) -> Choice:
    reward = offer.reward
    flexible = reward.kind == "points_as_money"
    return Choice(
        reward=offer.name, title=program.words(reward.title, language), points=offer.points,
        missing=offer.missing, value=rewards.worth(reward, offer.points),
        most=max(balance, 0) // offer.points * offer.points if flexible else offer.points,
    )  # fmt: skip


def _given(voucher: Voucher, language: str, shop: Shop) -> Given:
    program = shop.programs.named(voucher.version)
    reward = program.rewards[voucher.reward]
    return Given(
        voucher=voucher.id, reward=voucher.reward, title=program.words(reward.title, language),
        code=voucher.code, value=reward.value, expires_at=voucher.expires_at,
    )  # fmt: skip


def quote(sale: Sale, member: str, language: str, shop: Shop) -> Quote:
    """Say what a basket would earn this guest (or a new one) if it were paid now."""
    version = shop.programs.judging(sale.occurred_at, sale.store)
    record = homes.find(shop.store, member) if member else None
    account = record.account if record else Account(id=member)
    book = Passbook(account, version.program, shop.clock.now(), of_day=shop.programs.of_day)
    book.settle()
    book.told = record.person if record else member
    before = book.account
    receipt = _judged(sale, member, account, version)
    receipt = offering.begun(book, receipt, version.program, Purse(shop.store))
    book.book(receipt, "sale", f"sale:{receipt.id}", version.program, sale.occurred_at)
    entry = next(entry for entry, _ in book.pages if entry.kind == "sale")
    reached = crossings(version.program, before.totals, book.account.totals)
    titles = (version.program.milestones[each.name].title for each in reached if each.up)
    return Quote(
        eligible=entry.after.spend - entry.before.spend,
        points=entry.points,
        reasons=tuple(entry.reason.split("; ")),
        balance_after=book.account.points(book.now),
        milestones=tuple(version.program.words(title, language) for title in titles),
        takeable=takeable(account, sale.store, language, shop) if record else None,
    )


def _judged(sale: Sale, member: str, account: Account, version: Version) -> Receipt:
    """Make the receipt that a basket would become, held for review if it would be."""
    receipt = Receipt(id=sale.receipt_id, state="posted", sale=sale, member=member)
    held = reviews.at_first(version.program, receipt, account.facts)
    return msgspec.structs.replace(
        held, version=version.hash, tier=account.tier, segments=account.segments
    )
