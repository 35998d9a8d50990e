"""A bus in memory, single-threaded and reproducible from a seed: for tests and simulations."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from loyalty.ports import Handler


class Pending(NamedTuple):
    """One event on its way to one subscription; `attempts` were made already."""

    subscription: str
    topic: str
    event: bytes
    attempts: int = 0


class Dead(NamedTuple):
    """A message that failed too often, with its last error: the class, then the text."""

    subscription: str
    topic: str
    event: bytes
    attempts: int
    error: str


class MemoryBus:
    """A Bus that delivers only inside `run`, in an order drawn from `shuffle`.

    Every message comes 1 to `copies` times; each copy is tried at most `max_attempts` times.
    """

    def __init__(
        self,
        topology: Mapping[str, Sequence[str]],
        shuffle: random.Random,
        copies: int = 1,
        max_attempts: int = 8,
    ) -> None:
        self._topology = topology
        self._shuffle = shuffle
        self._copies = copies
        self._max_attempts = max_attempts
        self.pending: list[Pending] = []
        self.published: list[tuple[str, bytes]] = []
        self.dead: list[Dead] = []

    def publish(self, topic: str, events: Sequence[bytes]) -> None:
        """Put events on their way. Raises ValueError for an unknown topic."""
        if topic not in self._topology:
            raise ValueError(f"there is no topic {topic!r}")
        for event in events:
            self.published.append((topic, event))
            for subscription in self._topology[topic]:
                copies = self._shuffle.randint(1, self._copies)
                self.pending += [Pending(subscription, topic, event)] * copies

    def run(self, handler: Handler, *, until_empty: bool = True) -> int:
        """Deliver until nothing is pending, or once per message pending now; tell how many.

        Whatever is no Exception (a simulated crash, say) comes through, and its message is kept.
        """
        count, enough = 0, len(self.pending)
        while self.pending and (until_empty or count < enough):
            self._deliver(handler, self._draw())
            count += 1
        return count

    def _draw(self) -> Pending:
        place = self._shuffle.randrange(len(self.pending))
        self.pending[place], self.pending[-1] = self.pending[-1], self.pending[place]
        return self.pending.pop()

    def _deliver(self, handler: Handler, message: Pending) -> None:
        tried = message._replace(attempts=message.attempts + 1)
        try:
            handler(message.subscription, message.event, tried.attempts)
        except Exception as error:  # noqa: BLE001 - whatever it was, the message comes back
            self._failed(tried, error)
        except BaseException:
            self.pending.append(message)
            raise

    def _failed(self, message: Pending, error: Exception) -> None:
        if message.attempts < self._max_attempts:
            self.pending.append(message)
        else:
            self.dead.append(Dead(*message, error=f"{type(error).__name__}: {error}"))
