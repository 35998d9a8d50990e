"""What happens at a shop's counter besides sales: rewards held, and what becomes of each."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple, TypeVar

PRICE = {"cake": 8, "money": 10, "pay": 5}
"""What a reward costs in points; of points as money, so many at a time."""
DIVISIBLE = "pay"
LIMIT = 30
"""So many points one person may adjust for a guest in a day."""
STAFF = ("maya", "ravi")
_GIVEN = ("first:1", "first:1", "second:2", "card:3")
"""What a shop's milestones give vouchers for."""
_LATER = 0.45
"""How often a guest does not go on at once with what they began."""

T = TypeVar("T")


class Hold(NamedTuple):
    """A till sets a reward aside for a guest: for points, or a voucher by what it was given for."""

    id: str
    guest: int
    reward: str
    points: int | None = None
    given: str = ""
    online: bool = False


class Capture(NamedTuple):
    """A till spends what is held, all or less of it, on a receipt if it knows one."""

    hold: str
    points: int | None = None
    receipt: str = ""


class GiveUp(NamedTuple):
    """A till gives up a hold."""

    hold: str


class TakeBack(NamedTuple):
    """A till undoes a capture."""

    hold: str


class Adjust(NamedTuple):
    """Somebody gives or takes points by their word."""

    key: str
    guest: int
    points: int
    by: str


class Decide(NamedTuple):
    """Somebody agrees to an adjustment that waits, or refuses it."""

    key: str
    by: str
    agrees: bool


class Undo(NamedTuple):
    """Somebody takes an adjustment back."""

    key: str
    by: str


class Return(NamedTuple):
    """A guest brings back what they paid: so many percent of a receipt, or 0 if it is voided."""

    id: str
    receipt: str
    percent: int


Act = Hold | Capture | GiveUp | TakeBack | Adjust | Decide | Undo
Receipts = list[tuple[str, int]]
"""The receipts there are, each with who pays it."""


def stories(chance: random.Random, guests: int, receipts: Receipts) -> Iterator[list[Act | Return]]:
    """Make what happens at the counter, each in its order: adjustments, and rewards."""
    for number in range(chance.choice((1, 1, 2))):
        yield list(_adjustment(chance, f"A{number}", chance.randrange(guests)))
    for number in range(chance.choice((1, 2, 2, 3))):
        yield list(_reward(chance, f"H{number}", chance.randrange(guests), receipts))


def woven(
    chance: random.Random,
    events: list[T],
    lives: Iterable[list[Act | Return]],
    joined: Mapping[int, int],
) -> list[T | Act | Return]:
    """Let it happen among other events: most of a life at once, some of it later.

    `joined` tells where each guest joins: before that little is to be had.
    """
    places: dict[int, list[Act | Return]] = {}
    for life in lives:
        at = _begins(chance, life[0], joined, len(events))
        for act in life:
            at = chance.randint(at, len(events)) if chance.random() < _LATER else at
            places.setdefault(at, []).append(act)
    found: list[T | Act | Return] = []
    for number in range(len(events) + 1):
        found += [*places.get(number, ()), *events[number : number + 1]]
    return found


def _begins(chance: random.Random, first: Act | Return, joined: Mapping[int, int], end: int) -> int:
    """Choose where a life begins: rewards are wanted later than points are given."""
    early = chance.random() < 0.1  # noqa: PLR2004 - few come before they are known
    least = 0 if early or not isinstance(first, Hold | Adjust) else joined.get(first.guest, 0)
    draws = [chance.randint(least, end) for _ in range(3)]
    return min(draws) if isinstance(first, Adjust) else sorted(draws)[1]


def _adjustment(chance: random.Random, key: str, guest: int) -> Iterator[Act]:
    by = chance.choice(STAFF)
    asked = Adjust(key, guest, chance.choice((30, 30, 25, 20, 40, 60, -5, -40)), by)
    yield asked
    if chance.random() < 0.2:  # noqa: PLR2004 - few ask twice
        yield asked
    if abs(asked.points) > LIMIT or chance.random() < 0.2:  # noqa: PLR2004 - or by mistake
        yield Decide(key, chance.choice(STAFF), chance.random() < 0.8)  # noqa: PLR2004 - mostly
        yield Decide(key, next(name for name in STAFF if name != by), agrees=True)
    if chance.random() < 0.2:  # noqa: PLR2004 - few are wrong
        yield Undo(key, by)


def _reward(
    chance: random.Random, name: str, guest: int, receipts: Receipts
) -> Iterator[Act | Return]:
    held = _hold(chance, name, guest)
    yield held
    if chance.random() < 0.15:  # noqa: PLR2004 - a till that got no answer asks again
        yield held
    mine = [receipt for receipt, payer in receipts if payer == guest]
    told = chance.choice(mine) if mine and chance.random() < 0.8 else ""  # noqa: PLR2004 - most
    ending = [*_ending(chance, held, told)]
    other = held._replace(id=f"{name}b")
    if chance.random() < 0.3:  # noqa: PLR2004 - another till wants the same
        ending.insert(chance.randint(0, len(ending)), other)
        ending.append(Capture(other.id))
    yield from ending
    if told and chance.random() < 0.4:  # noqa: PLR2004 - more often than in life
        parts = ((0,), (100,), (30,), (30, 25), (50, 50))
        for number, part in enumerate(chance.choice(parts)):
            yield Return(f"{name}.{number}", told, part)


def _hold(chance: random.Random, name: str, guest: int) -> Hold:
    online = chance.random() < 0.3  # noqa: PLR2004 - most are at the till
    if chance.random() < 0.35:  # noqa: PLR2004 - most are for points
        return Hold(name, guest, "", given=chance.choice(_GIVEN), online=online)
    reward = chance.choice(("cake", "money", "pay", "pay"))
    points = PRICE[reward] * chance.randint(1, 3) if reward == DIVISIBLE else None
    return Hold(name, guest, reward, points, online=online)


def _ending(chance: random.Random, held: Hold, told: str) -> Iterator[Act]:
    """Tell how a hold ends, on a receipt if one is told; nobody comes for some."""
    less = held.points - PRICE[DIVISIBLE] if held.points else 0
    part = less if less and chance.random() < 0.4 else None  # noqa: PLR2004 - less than half
    taken, name = Capture(held.id, part, told), held.id
    again: tuple[tuple[Act, ...], ...] = (
        (taken,), (taken,), (taken,), (taken,), (taken,), (taken, taken), (taken, TakeBack(name)),
        (taken, TakeBack(name), TakeBack(name)), (GiveUp(name),), (GiveUp(name), taken),
        (taken, GiveUp(name)), (),
    )  # fmt: skip
    yield from chance.choice(again)
