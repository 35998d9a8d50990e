"""One target under fire: whatever is thrown, it answers as it should, and soon."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

SLOWEST = 1.0
"""Seconds of the processor's time that an input may take, at the second try too."""


class Broken(Exception):  # noqa: N818 - says what became of a promise
    """A promise was broken, by this input."""


class Target(NamedTuple):
    """What reads input, and what holds whatever it is: `hold` raises Broken if it does not."""

    name: str
    inputs: st.SearchStrategy[Any]
    hold: Callable[[Any], None]
    patience: float = SLOWEST


class Result(NamedTuple):
    """What came of one target; `broken` is the smallest input that broke a promise, if one did."""

    name: str
    tried: int
    slowest: float
    broken: str = ""


def spent(work: Callable[[], object]) -> float:
    """Return the processor's seconds that a piece of work took."""
    began = time.process_time()
    work()
    return time.process_time() - began


class Meter:
    """Holds a target to its promise, counts inputs, remembers the slowest and the last."""

    def __init__(self, target: Target, told: Callable[[], None]) -> None:
        self._target, self._told = target, told
        self.tried, self.slowest = 0, 0.0
        self.last: Any = None

    def __call__(self, thrown: Any) -> None:
        self.last = thrown
        seconds = spent(lambda: self._target.hold(thrown))
        if seconds > self._target.patience:
            seconds = min(seconds, spent(lambda: self._target.hold(thrown)))
        self.tried, self.slowest = self.tried + 1, max(self.slowest, seconds)
        self._told()
        if seconds > self._target.patience:
            raise Broken(f"took {seconds:.1f} s")


def play(target: Target, count: int, number: int, told: Callable[[], None]) -> Result:
    """Throw so many inputs at a target, made from a seed; one that breaks it is made small."""
    meter = Meter(target, told)
    throw = given(target.inputs)(lambda thrown: meter(thrown))  # noqa: PLW0108 - given wants a function
    every = settings(
        max_examples=count, deadline=None, database=None, suppress_health_check=list(HealthCheck),
        phases=(Phase.generate, Phase.shrink),
    )  # fmt: skip
    try:
        seed(number)(every(throw))()
    except Exception as error:  # noqa: BLE001 - whatever it is, it is what we look for
        notes = " ".join(getattr(error, "__notes__", []))
        said = f"{error!r} thrown={meter.last!r} {notes}"  # the smallest is played last
        return Result(target.name, meter.tried, meter.slowest, said[:2000])
    return Result(target.name, meter.tried, meter.slowest)


@contextmanager
def only(*kinds: type[Exception]) -> Iterator[None]:
    """Allow these refusals; anything else is an uncaught error."""
    try:
        yield
    except kinds:
        return
