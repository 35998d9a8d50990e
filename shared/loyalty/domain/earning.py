"""What a receipt earns, by which rule, and why: a pure function of receipt, program and context."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from math import prod
from typing import NamedTuple

import msgspec

from loyalty.domain import calendar
from loyalty.domain.conditions import When
from loyalty.domain.money import show
from loyalty.domain.program import Bonus, Items, Multiply, Program, Rule, Spend
from loyalty.domain.transaction import Line, Refund, Sale, eligible, kept, kept_quantity

ONE = 10_000
"""A factor of 1, in basis points."""


class Tried(msgspec.Struct, frozen=True, kw_only=True):
    """One rule and what came of it. `points` is exact, as text (`37/2`), before any rounding."""

    rule: str
    matched: bool
    why: str
    points: str = "0"


class Judgement(msgspec.Struct, frozen=True, kw_only=True):
    """What a receipt is worth as it stands.

    `raw` are the points of rules without carry, floored once and capped per receipt. `carried`
    holds, for each rule with carry, the receipt's exact share (see `rate`), `stamps` what it
    brings on each stamp card.
    """

    eligible: int
    kept: int
    raw: int = 0
    carried: dict[str, int] = {}
    stamps: dict[str, int] = {}
    tried: tuple[Tried, ...] = ()


NOTHING = Judgement(eligible=0, kept=0)


def carry_key(name: str, rule: Spend) -> str:
    """Name the sum that a rule with carry adds to: a new rate is a new sum."""
    return f"{name}:{rule.points}/{rule.per}"


def rate(key: str) -> int:
    """How much of a carried sum is one point (minor units times basis points)."""
    return int(key.rpartition("/")[2]) * ONE


def carried_by(member: str, account: str) -> str:
    """Begin the names of sums that a member carries on an account, if it is not their own."""
    return f"{member}|" if member not in ("", account) else ""


def named(carried: Mapping[str, int], begin: str) -> dict[str, int]:
    """Name carried sums by whose they are."""
    return {f"{begin}{key}": amount for key, amount in carried.items()}


class _Basket(NamedTuple):
    """A receipt on the counter: what is kept of each line, and what each line is multiplied by."""

    program: Program
    sale: Sale
    amounts: Sequence[int]
    refunds: Sequence[Refund]
    tier: str | None
    segments: Collection[str]

    @property
    def total(self) -> int:
        return sum(self.amounts)

    def refusal(self, when: When) -> str:
        """Say why the rule does not apply to this receipt; empty if it does."""
        sale, zone = self.sale, self.program.zone_of(self.sale.store)
        checks = (
            (not when.channels or sale.channel in when.channels, f"not for {sale.channel}"),
            (not when.stores or sale.store in when.stores, "not at this store"),
            (not when.weekdays or calendar.weekday(sale.occurred_at, zone) in when.weekdays,
             "not on this weekday"),
            (calendar.within(sale.occurred_at, zone, when.start, when.end), "not at this hour"),
            (not when.tiers or self.tier in when.tiers, "not for this tier"),
            (not when.segments or not {*when.segments}.isdisjoint(self.segments),
             "not for this guest's segments"),
            (self.total >= when.minimum, "below the minimum"),
        )  # fmt: skip
        return next((why for holds, why in checks if not holds), "")

    def lines(self, when: When) -> list[int]:
        """Find the positions of the lines a rule is about."""
        return [i for i, line in enumerate(self.sale.lines) if _about(when, line)]

    def factors(self, line: Line | None) -> list[int]:
        """List the factors on a line; without a line, those of the receipt as a whole."""
        found = [rule for rule in self.program.earning.rules.values() if isinstance(rule, Multiply)]
        return [
            rule.factor
            for rule in found
            if not self.refusal(rule.when)
            and (_about(rule.when, line) if line else not _selects(rule.when))
        ]

    def factor(self, line: Line | None) -> int:
        """Combine the factors as the program declares, in basis points."""
        return _stack(self.factors(line), self.program.earning.stacking)


def judge(
    program: Program, sale: Sale, refunds: Sequence[Refund] = (), tier: str | None = None,
    segments: Collection[str] = (),
) -> Judgement:  # fmt: skip
    """Judge a receipt as it stands after these refunds, for who was of this tier and segments."""
    full = eligible(sale, frozenset(program.earning.excluded_categories))
    basket = _Basket(program, sale, kept(sale, full, refunds), refunds, tier, segments)
    rules = program.earning.rules
    worth = {name: _worth(basket, rule) for name, rule in rules.items()}
    carry = {name for name, rule in rules.items() if isinstance(rule, Spend) and rule.carry}
    raw = int(sum(points for name, (points, _) in worth.items() if name not in carry))
    cap = program.earning.caps.per_receipt
    return Judgement(
        eligible=sum(full),
        kept=basket.total,
        raw=raw if cap is None else min(cap, raw),
        carried=_carried(worth, rules, carry),
        stamps=_stamps(basket),
        tried=tuple(_tried(name, rules[name], *worth[name]) for name in rules),
    )


def factors(
    program: Program, sale: Sale, refunds: Sequence[Refund] = (), tier: str | None = None,
    segments: Collection[str] = (),
) -> list[int]:  # fmt: skip
    """Tell what each line's points are multiplied by, in basis points."""
    full = eligible(sale, frozenset(program.earning.excluded_categories))
    basket = _Basket(program, sale, kept(sale, full, refunds), refunds, tier, segments)
    return [basket.factor(line) for line in sale.lines]


def reason(program: Program, sale: Sale, judgement: Judgement) -> str:
    """Say in one line why a receipt is worth what it is."""
    earned = [tried.why for tried in judgement.tried if tried.matched]
    if judgement.kept <= 0:
        return "nothing on the receipt earns points" if sale.lines else "an empty receipt"
    money = show(judgement.kept, program.currency_of(sale.store))
    return f"{money}: " + ("; ".join(earned) if earned else "no rule applies")


def _worth(basket: _Basket, rule: Rule) -> tuple[Fraction, str]:
    """Return a rule's exact points on a receipt, and why there are none (or empty)."""
    if why := basket.refusal(rule.when):
        return Fraction(0), why
    if isinstance(rule, Spend):
        points = Fraction(rule.points * _weighed(basket, rule), rule.per * ONE)
        return points, "" if points else "no line it is about"
    if isinstance(rule, Items):
        points = Fraction(rule.points * _pieces(basket, rule), ONE)
        return points, "" if points else "no line it is about"
    if isinstance(rule, Bonus):
        points = Fraction(rule.points * basket.factor(None) * (basket.total > 0), ONE)
        return points, "" if points else "nothing is kept"
    return Fraction(0), "" if basket.lines(rule.when) else "no line it is about"


def _weighed(basket: _Basket, rule: Spend) -> int:
    lines = basket.sale.lines
    return sum(basket.amounts[i] * basket.factor(lines[i]) for i in basket.lines(rule.when))


def _pieces(basket: _Basket, rule: Items) -> int:
    chosen = [basket.sale.lines[i] for i in basket.lines(rule.when) if basket.amounts[i] > 0]
    return sum(kept_quantity(ln, basket.refunds) // 1000 * basket.factor(ln) for ln in chosen)


def _carried(
    worth: dict[str, tuple[Fraction, str]], rules: dict[str, Rule], carry: set[str]
) -> dict[str, int]:
    shares = {}
    for name in carry:
        rule, points = rules[name], worth[name][0]
        if isinstance(rule, Spend) and points:
            key = carry_key(name, rule)
            shares[key] = int(points * rate(key))
    return dict(sorted(shares.items()))


def _stamps(basket: _Basket) -> dict[str, int]:
    """Count the whole pieces kept for each stamp card."""
    cards = basket.program.stamps
    counted = {name: _whole(basket, card.when) for name, card in cards.items()} if cards else {}
    return {name: number for name, number in counted.items() if number}


def _whole(basket: _Basket, when: When) -> int:
    if basket.refusal(when):
        return 0
    lines = (basket.sale.lines[i] for i in basket.lines(when) if basket.amounts[i] > 0)
    return sum(kept_quantity(line, basket.refunds) // 1000 for line in lines)


def _tried(name: str, rule: Rule, points: Fraction, refusal: str) -> Tried:
    title = next(iter(rule.title.values()), name)
    told = isinstance(rule, Multiply) and "" not in rule.title  # an offer's title tells it
    factor = f" (x{Decimal(rule.factor) / ONE})" if isinstance(rule, Multiply) and told else ""
    return Tried(
        rule=name, matched=not refusal, why=refusal or f"{title}{factor}", points=str(points)
    )


def _selects(when: When) -> bool:
    return bool(when.skus or when.categories)


def _about(when: When, line: Line) -> bool:
    if line.kind != "item":
        return False
    return (not when.skus or line.sku in when.skus) and (
        not when.categories or line.category in when.categories
    )


def _stack(factors: Sequence[int], mode: str) -> int:
    if not factors:
        return ONE
    if mode == "best_of":
        return max(factors)
    if mode == "sum_of_bonuses":
        return ONE + sum(factor - ONE for factor in factors)
    return int(prod(factors) // ONE ** (len(factors) - 1))
