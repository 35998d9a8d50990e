"""The shuffling bus with the patience of a real one: what failed rests before it comes again."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from loyalty.adapters.memory import MemoryBus, Pending
from loyalty.ports import Clock, Handler

LONGEST = 600
ATTEMPTS = 60
"""So often a message is tried: more than any schedule can make fail."""


class RestingBus(MemoryBus):
    """A memory bus in which a message that failed waits 1, 2, 4 … up to 600 seconds."""

    def __init__(
        self,
        topology: Mapping[str, Sequence[str]],
        shuffle: random.Random,
        clock: Clock,
        copies: int = 1,
    ) -> None:
        super().__init__(topology, shuffle, copies, ATTEMPTS)
        self._clock = clock
        self.resting: list[tuple[datetime, Pending]] = []
        self.in_order = False

    def _draw(self) -> Pending:
        return self.pending.pop(0) if self.in_order else super()._draw()

    def step(self, handler: Handler) -> bool:
        """Deliver one message; tell whether there was one."""
        self._wake()
        if not self.pending:
            return False
        self._deliver(handler, self._draw())
        return True

    def wakes_at(self) -> datetime | None:
        """Tell when the next message is over its rest."""
        return min((due for due, _ in self.resting), default=None)

    def _wake(self) -> None:
        now = self._clock.now()
        self.pending += [message for due, message in self.resting if due <= now]
        self.resting = [each for each in self.resting if each[0] > now]

    def _failed(self, message: Pending, error: Exception) -> None:
        super()._failed(message, error)
        if self.pending and self.pending[-1] is message:
            rest = timedelta(seconds=min(LONGEST, 2 ** min(message.attempts, 10)))
            self.resting.append((self._clock.now() + rest, self.pending.pop()))
