"""Putting points into lots and taking them out again, in the order that is fair to the guest."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any, NamedTuple

import msgspec

from loyalty.domain.account import Lot

_FAR = datetime(9999, 12, 31, tzinfo=UTC)
_BEGINNING = datetime.min.replace(tzinfo=UTC)


class Taken(NamedTuple):
    """What a taking left, how each lot changed, and what could not be found."""

    lots: tuple[Lot, ...]
    moves: tuple[Lot, ...]
    missing: int


def add(lots: Iterable[Lot], lot: Lot) -> tuple[Lot, ...]:
    """Put a lot (or a change to one, with negative points) among the others; empty lots go."""
    by_key = {old.key: old for old in lots}
    points = lot.points + (by_key[lot.key].points if lot.key in by_key else 0)
    by_key[lot.key] = msgspec.structs.replace(lot, points=points)
    return tuple(sorted((kept for kept in by_key.values() if kept.points), key=_lapsing))


def take_back(lots: tuple[Lot, ...], points: int, origin: Lot | None, now: datetime) -> Taken:
    """Take points for a refund: its own lot, then spendable ones, then those still pending."""

    def order(lot: Lot) -> tuple[Any, ...]:
        own = origin is not None and lot.key == as_of(origin, now).key
        waits_until = now if lot.spendable(now) else lot.available_at or now
        return (not own, waits_until, *_lapsing(lot))

    return _take([lot for lot in lots if not lot.lapsed(now)], lots, points, order)


def spend(lots: tuple[Lot, ...], points: int, now: datetime) -> Taken:
    """Take spendable points: what lapses first, then the oldest."""
    return _take([lot for lot in lots if lot.spendable(now)], lots, points, _lapsing)


def as_of(lot: Lot, now: datetime) -> Lot:
    """Return a lot as it is named now: once its waiting is over, `available_at` is gone."""
    waits = lot.available_at is not None and lot.available_at > now
    return lot if waits else msgspec.structs.replace(lot, available_at=None)


def _lapsing(lot: Lot) -> tuple[Any, ...]:
    return (lot.expires_at or _FAR, lot.month, lot.available_at or _BEGINNING)


def _take(
    candidates: list[Lot], lots: tuple[Lot, ...], points: int, order: Callable[[Lot], Any]
) -> Taken:
    moves = []
    for lot in sorted(candidates, key=order):
        part = min(points, lot.points)
        if part > 0:
            moves.append(msgspec.structs.replace(lot, points=-part))
            points -= part
    for move in moves:
        lots = add(lots, move)
    return Taken(lots, tuple(moves), points)
