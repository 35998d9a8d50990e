"""Which of the local bus's messages is delivered next, and what the others wait for."""

from __future__ import annotations

import heapq
import random
import threading
import time
from collections.abc import Iterable, Sequence
from itertools import takewhile

from loyalty.adapters.local_bus_rows import Message


class DeliveryQueue:
    """Messages that are ready, on lease to a worker, or waiting to be tried again.

    Thread safe. `lease` is in seconds; `shuffle` picks among what is ready. Without it the
    subscription that stands last in `pipeline` goes first, so that what was begun is finished
    before the next is begun, and of its messages the oldest. A message stays until `forget`.
    """

    def __init__(
        self, lease: float, shuffle: random.Random | None = None, pipeline: Sequence[str] = ()
    ) -> None:
        self._lease = lease
        self._shuffle = shuffle
        self._rank = {name: -place for place, name in enumerate(pipeline)}
        lock = threading.RLock()
        self._arrived = threading.Condition(lock)
        self._emptied = threading.Condition(lock)
        self._held: set[int] = set()
        self._ready: list[tuple[float, int, Message]] = []  # a heap
        self._leased: dict[int, Message] = {}  # oldest lease first
        self._later: list[tuple[float, Message]] = []  # a heap
        self._stopped = False

    def put(self, messages: Iterable[Message]) -> None:
        """Take in messages, new or to be tried again; each is ready once it is due."""
        now = time.time()
        with self._arrived:
            for message in messages:
                self._held.add(message.id)
                if message.due > now:
                    heapq.heappush(self._later, (message.due, message))
                else:
                    self._make_ready(message)
                self._arrived.notify()

    def take(self) -> Message | None:
        """Wait for a message and lease it, with one more attempt; None once stopped."""
        with self._arrived:
            while not self._stopped:
                wait = self._wake_due(time.time())
                if not self._ready:
                    self._arrived.wait(wait)
                elif message := self._lease_one():
                    return message
        return None

    def give_back(self, message: Message) -> bool:
        """End a lease. False if it had run out: then another delivery decides."""
        with self._arrived:
            current = self._leased.get(message.id) is message
            if current:
                del self._leased[message.id]
            return current

    def forget(self, message: Message) -> None:
        """Drop a message for good, wherever it is."""
        with self._arrived:
            self._held.discard(message.id)
            self._leased.pop(message.id, None)
            if not self._held:
                self._emptied.notify_all()

    def wait_empty(self, timeout: float | None) -> bool:
        """Wait at most so many seconds until nothing is left; tell whether it is so."""
        with self._emptied:
            return self._emptied.wait_for(lambda: not self._held, timeout)

    def open(self) -> None:
        """Let `take` hand out messages (again)."""
        self._stopped = False

    def stop(self) -> None:
        """Send everybody who waits in `take` home."""
        with self._arrived:
            self._stopped = True
            self._arrived.notify_all()

    def _make_ready(self, message: Message) -> None:
        rank = self._shuffle.random() if self._shuffle else self._rank.get(message.subscription, 0)
        heapq.heappush(self._ready, (rank, message.id, message))

    def _lease_one(self) -> Message | None:
        """Lease what is ready; None if it was acknowledged by whoever let its lease run out."""
        message = heapq.heappop(self._ready)[2]
        if message.id not in self._held:
            return None
        taken = message._replace(attempts=message.attempts + 1, due=time.time() + self._lease)
        self._leased[message.id] = taken
        if self._later:
            self._arrived.notify()  # this worker waited for the earliest retry: another must now
        return taken

    def _wake_due(self, now: float) -> float:
        """Make ready what is due; tell how many seconds to wait for the next at the most."""
        while self._later and self._later[0][0] <= now:
            self._make_ready(heapq.heappop(self._later)[1])
        for message in list(takewhile(lambda leased: leased.due <= now, self._leased.values())):
            self._make_ready(self._leased.pop(message.id))
        return min(self._lease, self._later[0][0] - now) if self._later else self._lease
