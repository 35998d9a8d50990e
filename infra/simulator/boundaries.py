"""The boundaries of a process with the world: what is cut there is what a crash can cut."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, TypeVar

from loyalty.ports import Bus, Database, Store, Unit

T = TypeVar("T")


class Crash(BaseException):
    """The process ended here, as if by kill -9."""


class Boundary(NamedTuple):
    """What was crossed while something was `told` from outside, `delivered` or `swept`."""

    phase: str
    what: str


class Fuse:
    """Counts the boundaries that are crossed, and blows at one of them: before or after it."""

    def __init__(self) -> None:
        self.phase = "told"
        self.crossed: list[Boundary] = []
        self.blows: tuple[int, str] | None = None

    def around(self, what: str, act: Callable[[], T]) -> T:
        """Do what crosses a boundary."""
        place = len(self.crossed)
        self.crossed.append(Boundary(self.phase, what))
        self.meets(place, "before")
        try:
            return act()
        finally:
            self.meets(place, "after")

    def meets(self, place: int, side: str) -> None:
        """Stand at a side of a boundary. Raises what happens there."""
        if self.blows == (place, side):
            self.blows = None
            raise Crash


class FusedStore:
    """A store whose every commit is a boundary."""

    def __init__(self, store: Store, fuse: Fuse) -> None:
        self._store, self._fuse = store, fuse

    def atomically(self, database: Database, work: Callable[[Unit], T]) -> T:
        """Run a unit."""
        commit = f"commit to {database}"
        return self._fuse.around(commit, lambda: self._store.atomically(database, work))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)


class FusedBus:
    """A bus whose every publishing is a boundary."""

    def __init__(self, bus: Bus, fuse: Fuse) -> None:
        self._bus, self._fuse = bus, fuse

    def publish(self, topic: str, events: Sequence[bytes]) -> None:
        """Publish."""
        self._fuse.around(f"publish {topic}", lambda: self._bus.publish(topic, events))
