"""Who comes together in a shop, and parts: guests who joined twice, people who share an account."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple, TypeVar

T = TypeVar("T")
_LATER = 0.6
"""How often it is a while until somebody goes on with it."""


class Merge(NamedTuple):
    """Staff keep a guest's account in another one's: they are one person, or share it."""

    act: str
    guest: int
    into: int
    shared: bool = False


class Part(NamedTuple):
    """Staff find that it was a mistake, or somebody leaves a household."""

    guest: int


Union = Merge | Part


def stories(chance: random.Random, guests: int) -> Iterator[list[Union]]:
    """Make what comes of the guests, each story in its order."""
    for number in range(chance.choice((1, 1, 1, 2))):
        one, other = chance.sample(range(guests), 2)
        wish = Merge(f"M{number}", one, other, shared=chance.random() < 0.35)  # noqa: PLR2004 - most are one
        yield [wish, *_again(chance, wish), *_parting(chance, wish)]


def woven(
    chance: random.Random,
    events: list[T],
    lives: Iterable[list[Union]],
    joined: Mapping[int, int],
) -> list[T | Union]:
    """Let it happen among other events. `joined` tells where each guest joins."""
    places: dict[int, list[Union]] = {}
    for life in lives:
        at = _begins(chance, life[0], joined, len(events))
        for act in life:
            at = chance.randint(at, len(events)) if chance.random() < _LATER else at
            places.setdefault(at, []).append(act)
    found: list[T | Union] = []
    for number in range(len(events) + 1):
        found += [*places.get(number, ()), *events[number : number + 1]]
    return found


def _begins(chance: random.Random, first: Union, joined: Mapping[int, int], end: int) -> int:
    """Choose where it begins: mostly when both are known, and early enough to see what follows."""
    early = chance.random() < 0.1  # noqa: PLR2004 - few are asked for before
    both = (first.guest, first.into) if isinstance(first, Merge) else (first.guest,)
    least = 0 if early else max(joined.get(guest, 0) for guest in both)
    return min(chance.randint(least, end) for _ in range(2))


def _again(chance: random.Random, wish: Merge) -> Iterator[Union]:
    """Ask twice: the same again, the other way round, or by somebody else."""
    draw = chance.random()
    if draw < 0.3:  # noqa: PLR2004 - who got no answer asks again
        yield wish
    elif draw < 0.4:  # noqa: PLR2004 - few did not hear of it
        yield Merge(
            f"{wish.act}x", *chance.choice(((wish.guest, wish.into), (wish.into, wish.guest)))
        )


def _parting(chance: random.Random, wish: Merge) -> Iterator[Union]:
    if chance.random() < 0.35:  # noqa: PLR2004 - less than half stay together
        return
    yield Part(wish.guest)
    draw = chance.random()
    if draw < 0.2:  # noqa: PLR2004 - few ask twice
        yield Part(wish.guest)
    elif draw < 0.4:  # noqa: PLR2004 - an old request comes late
        yield wish
    elif draw < 0.65:  # noqa: PLR2004 - they were one after all
        yield wish._replace(act=f"{wish.act}b")
        yield Part(wish.guest)
