"""Offers of campaigns: who has one and when, and the rule that one is for a receipt."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal

import msgspec

from loyalty.domain.campaigns import Budget, Offer
from loyalty.domain.program import Bonus, Multiply, Program

RULE = "campaign:"
"""What the names of offers begin with, among those of rules."""
ONE = 10_000
_replace = msgspec.structs.replace


class Offered(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An offer that a member has, on their account from entering the campaign until it is over.

    It holds for what is bought from `since` on and before `until`. `used`: the first purchase,
    where it is for that one, was made. `by` is who has it now if the member was merged.
    """

    campaign: str
    member: str
    title: str
    since: datetime
    until: datetime
    offer: Offer
    budget: Budget = Budget()
    used: bool = False
    by: str = ""


class Applied(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An offer that a receipt has from its first judgement on, at the level of that moment.

    `granted` are the points that were taken from the campaign's budget for it. `short`: it was
    worth more when it was looked at last than the budget had, and gives what was granted before.
    """

    campaign: str
    member: str
    title: str
    offer: Offer
    budget: Budget = Budget()
    granted: int = 0
    short: bool = False


def held(offers: Iterable[Offered], member: str, at: datetime) -> list[Offered]:
    """List the offers that a member has for what is bought at an instant."""
    return [
        each
        for each in sorted(offers, key=lambda each: each.campaign)
        if member in (each.member, each.by) and each.since <= at < each.until and not each.used
    ]


def applied(offered: Offered, level: int) -> Applied | None:
    """Apply an offer at so many percent of what it gives; None where nothing is left of it."""
    offer = _lowered(offered.offer, level)
    if offer is None:
        return None
    return Applied(
        campaign=offered.campaign, member=offered.member, title=offered.title, offer=offer,
        budget=offered.budget,
    )  # fmt: skip


def _lowered(offer: Offer, level: int) -> Offer | None:
    if level <= 0:
        return None
    if offer.factor is None:
        return _replace(offer, points=max(1, (offer.points or 0) * level // 100))
    return _replace(offer, factor=ONE + (offer.factor - ONE) * level // 100)


def with_rules(program: Program, found: Iterable[Applied]) -> Program:
    """Take offers for rules of a program, but for those whose budget is short."""
    own = {f"{RULE}{each.campaign}": _rule(each) for each in found if not each.short}
    if not own:
        return program
    rules = {**program.earning.rules, **own}
    return _replace(program, earning=_replace(program.earning, rules=rules))


def _rule(applied: Applied) -> Multiply | Bonus:
    offer, title = applied.offer, f"from campaign {applied.title}"
    if offer.factor is not None:
        told = {"": f"{Decimal(offer.factor) / ONE}x {title}"}
        return Multiply(title=told, factor=offer.factor, when=offer.when)
    points, what = offer.points or 0, "a visit" if offer.each == "visit" else "first purchase"
    return Bonus(title={"": f"{points} for {what} {title}"}, points=points, when=offer.when)


def without(offers: Iterable[Offered], campaign: str) -> tuple[Offered, ...]:
    """Leave a campaign's offers out."""
    return tuple(each for each in offers if each.campaign != campaign)


def marked(offers: Iterable[Offered], used: Iterable[Applied]) -> tuple[Offered, ...]:
    """Mark what is for a first purchase as used, where these were granted for it."""
    names = {(each.campaign, each.member) for each in used if each.offer.each == "first"}
    return tuple(
        _replace(each, used=True) if (each.campaign, each.member) in names else each
        for each in offers
    )


def taken_over(
    offers: Iterable[Offered], merged: str, person: str, led: Iterable[str]
) -> tuple[Offered, ...]:
    """Give the offers of a member who was merged to the person, but for campaigns that `led` them.

    Who was in one has its offer, or was left out of it, and stays so.
    """
    own, mine = set(led), (merged,)
    return tuple(
        _replace(each, by="" if each.campaign in own else person)
        if each.member in mine or each.by in mine
        else each
        for each in offers
    )


def joined(newer: Iterable[Offered], older: Iterable[Offered]) -> tuple[Offered, ...]:
    """Put offers of two accounts together; of what both have the first is what is so."""
    every = [*newer, *older]
    return tuple({(each.campaign, each.member): each for each in reversed(every)}.values())[::-1]


def of_people(offers: Iterable[Offered], people: Iterable[str]) -> tuple[Offered, ...]:
    """List the offers that these people have, or took over."""
    known = set(people)
    return tuple(each for each in offers if known & {each.member, each.by})


def given_back(
    offers: Iterable[Offered], people: Sequence[str], person: str, led: Mapping[str, str]
) -> tuple[Offered, ...]:
    """Leave the offers of these people, who part from others, as they were among themselves.

    `led` names by campaign the first of the `person`'s own names that was in it: an offer of that
    one is the person's, as it was before.
    """

    def own(each: Offered) -> Offered:
        if each.member not in people or each.by in people:
            return each
        theirs = each.member != person and led.get(each.campaign) == each.member
        return _replace(each, by=person if theirs else "")

    return tuple(map(own, offers))
