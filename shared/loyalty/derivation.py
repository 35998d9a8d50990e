"""How the exact points of rules become the whole points that are booked, in words."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from fractions import Fraction

from loyalty.domain import calendar
from loyalty.domain.earning import Judgement, rate
from loyalty.domain.entry import Receipt
from loyalty.domain.program import Multiply, Program, Spend


def exact(points: str) -> str:
    """Write exact points as a person reads them: `4.7`, or `15.67 (47/3)` if they never end."""
    value = Fraction(points)
    decimal = f"{float(value):.4f}".rstrip("0").rstrip(".")
    return decimal if Fraction(decimal) == value else f"{float(value):.2f} ({points})"


def rounded(judgement: Judgement, program: Program) -> Iterator[str]:
    """Say how the rules come together: factors combined, added exactly, rounded down, capped."""
    rules = program.earning.rules
    matched = [tried for tried in judgement.tried if tried.matched]
    times = [tried.rule for tried in matched if isinstance(rules.get(tried.rule), Multiply)]
    if len(times) > 1:
        how = program.earning.stacking.replace("_", " ")
        yield f"The factors of {' and '.join(times)} combine as: {how}."
    plain = [Fraction(tried.points) for tried in matched if not _has_carry(tried.rule, program)]
    total = sum(plain, Fraction())
    if total:
        yield f"Rules without carry come to {exact(str(total))}, rounded down to {int(total)}."
    yield from _receipt_cap(int(total), program)
    for key, share in judgement.carried.items():
        worth = exact(str(Fraction(share, rate(key))))
        yield f"{key.partition(':')[0]} adds exactly {worth} points to the member's running sum."


def booked(receipt: Receipt, judgement: Judgement, program: Program) -> Iterator[str]:
    """Say what the day's cap and running sums made of it, and from when to when it can be spent."""
    yield from _day_cap(receipt, program)
    yield from _running_sums(receipt, judgement)
    lot = receipt.lot if receipt.points > 0 else None
    if lot and lot.available_at:
        yield f"Its points can be spent from {_when(lot.available_at, program)} on."
    if lot and lot.expires_at:
        yield f"What is left of them lapses at {_when(lot.expires_at, program)}."


def _receipt_cap(points: int, program: Program) -> Iterator[str]:
    cap = program.earning.caps.per_receipt
    if cap is not None:
        took = f"leaves {cap} of them" if points > cap else "takes nothing off"
        yield f"The cap of {cap} points per receipt {took}."


def _day_cap(receipt: Receipt, program: Program) -> Iterator[str]:
    cap = program.earning.caps.per_day
    if cap is not None:
        left = f"had room for {receipt.booked} of its {receipt.raw} points"
        took = left if receipt.booked != receipt.raw else "takes nothing off"
        yield f"The cap of {cap} points per day (its day is {receipt.day}) {took}."


def _running_sums(receipt: Receipt, judgement: Judgement) -> Iterator[str]:
    if judgement.carried or receipt.points != receipt.booked:
        whole = receipt.points - receipt.booked
        yield f"With this receipt the running sum gained {whole} whole points."


def _has_carry(name: str, program: Program) -> bool:
    rule = program.earning.rules.get(name)  # none: what an offer gives whose budget is spent
    return isinstance(rule, Spend) and rule.carry


def _when(at: datetime, program: Program) -> str:
    return f"{calendar.local(at, program.zone):%d %b %Y %H:%M}"
