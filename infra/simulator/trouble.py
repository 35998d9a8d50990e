"""A schedule's faults at the boundaries of a process: it ends, it fails, others get there first."""

from __future__ import annotations

from collections.abc import Callable

from infra.simulator.boundaries import Crash, Fuse
from infra.simulator.schedule import Schedule
from loyalty.errors import InDoubt, TryAgain


class Trouble(Fuse):
    """A fuse with many faults: crashes, failures, and others who get there first."""

    def __init__(
        self, faults: dict[int, str], others: Callable[[str], None], say: Callable[[str], None]
    ) -> None:
        super().__init__()
        self._faults, self._others, self.say = faults, others, say

    def meets(self, place: int, side: str) -> None:
        """Do what the schedule has for this side of this boundary. Raises Crash or TryAgain."""
        what, _, when = self._faults.get(place, "").rpartition(" ")
        if when == side:
            del self._faults[place]
            self.say(f"{what} {when}: {self.crossed[place].what}")
            raise Crash if what == "crash" else self._failure(place, side)
        if when == "first" and side == "before" and "commit" not in self.crossed[place].what:
            self.interrupt(place)

    def _failure(self, place: int, side: str) -> Exception:
        asked = self.crossed[place].what.startswith(("send", "alert"))
        return InDoubt("no answer") if asked and side == "after" else TryAgain("no answer")

    def interrupt(self, place: int) -> None:
        """Let somebody else go first, if the schedule says so."""
        what = self._faults.get(place, "")
        if what.startswith("a reply") and self.crossed[place].what != "commit to people":
            self._faults.setdefault(place + 1, self._faults.pop(place))  # that is where it matters
        elif what.endswith("first"):
            self._others(self._faults.pop(place))


def faults_of(where: str, schedule: Schedule) -> dict[int, str]:
    """Name what goes wrong somewhere, by its place."""
    return {fault.place: fault.what for fault in schedule.faults if fault.where == where}
