"""A durable bus on one machine: its messages are rows of the store's own SQLite file."""

from __future__ import annotations

import logging
import random
import threading
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from functools import partial
from typing import NamedTuple

from loyalty.adapters import local_bus_rows as rows
from loyalty.adapters.local_bus_queue import DeliveryQueue
from loyalty.adapters.local_bus_rows import DeadLetter, Message
from loyalty.adapters.sqlite_writer import Work, Writer
from loyalty.errors import TryAgain
from loyalty.ports import Handler

_log = logging.getLogger(__name__)


class Backoff(NamedTuple):
    """How many seconds to wait after a failure: doubled each time, shortened by up to half."""

    first: float = 1.0
    longest: float = 600.0

    def seconds(self, attempt: int, chance: random.Random) -> float:
        """Tell how long to wait after this attempt, counted from 1."""
        full: float = min(self.longest, self.first * 2 ** (attempt - 1))
        return full * chance.uniform(0.5, 1.0)


class BusOptions(NamedTuple):
    """How the local bus delivers.

    `lease` is how many seconds a handler has, before the message may be given to another as well.
    `shuffle` picks what is ready at random. Without it, subscriptions that stand later in
    `pipeline` go first, and of one subscription the oldest message.
    """

    workers: int = 4
    backoff: Backoff = Backoff()
    max_attempts: int = 8
    lease: float = 600.0
    shuffle: random.Random | None = None
    pipeline: Sequence[str] = ()


class LocalBus:
    """A Bus with a thread per worker; at least once, in any order.

    `topology` names the subscriptions of every topic. What is not acknowledged is on disk and in
    memory, and is delivered again by the next process that opens the file.
    """

    def __init__(
        self,
        writer: Writer,
        topology: Mapping[str, Sequence[str]],
        options: BusOptions = BusOptions(),  # noqa: B008 - cannot be changed
    ) -> None:
        self._writer = writer
        self._topology = topology
        self._options = options
        self._chance = options.shuffle or random.Random()  # noqa: S311 - guards nothing
        self._queue = DeliveryQueue(options.lease, options.shuffle, options.pipeline)
        self._workers: list[threading.Thread] = []
        writer.run(rows.load, self._queue.put)

    def publish(self, topic: str, events: Sequence[bytes]) -> None:
        """Return once every event is on disk for every subscription; else raise TryAgain."""
        if topic not in self._topology:
            raise ValueError(f"there is no topic {topic!r}")
        subscriptions = self._topology[topic]
        if events and subscriptions:
            self._writer.run(partial(rows.insert, topic, subscriptions, events), self._queue.put)

    def start(self, handler: Handler) -> None:
        """Deliver on worker threads until `stop`."""
        if self._workers:
            raise RuntimeError("the bus is started already")
        self._queue.open()
        for number in range(self._options.workers):
            name = f"bus-{number}"
            worker = threading.Thread(target=self._work, args=(handler,), name=name, daemon=True)
            self._workers.append(worker)
            worker.start()

    def stop(self) -> None:
        """Let running handlers finish and write down how they ended; the rest stays for later."""
        self._queue.stop()
        while self._workers:
            self._workers.pop().join()
        self._writer.submit(rows.nothing).exception()  # done after all that was submitted before

    def idle(self) -> bool:
        """Whether nothing is ready, running or waiting to be tried again."""
        return self.wait_idle(0)

    def wait_idle(self, timeout: float | None = None) -> bool:
        """Wait at most so many seconds until idle; tell whether it is."""
        return self._queue.wait_empty(timeout)

    def dead_letters(self) -> list[DeadLetter]:
        """Messages that failed too often, in the order they were published."""
        return self._writer.run(rows.dead_letters)

    def replay(self, number: int | None = None) -> int:
        """Deliver the dead letter of this id again, or all, with fresh attempts; tell how many."""
        return len(self._writer.run(partial(rows.revive, number), self._queue.put))

    def _work(self, handler: Handler) -> None:
        while message := self._queue.take():
            if message.attempts > self._options.max_attempts:
                self._give_up(message)
            else:
                self._deliver(handler, message)

    def _give_up(self, message: Message) -> None:
        """Bury a message whose handlers never came back; this attempt was not made."""
        tried = message._replace(attempts=message.attempts - 1)
        self._settle(message, partial(rows.bury, tried, "TimeoutError: the lease ran out"))

    def _deliver(self, handler: Handler, message: Message) -> None:
        try:
            handler(message.subscription, message.event, message.attempts)
        except Exception as error:  # noqa: BLE001 - whatever it was, the message comes back
            self._failed(message, error)
        else:
            self._settle(message, partial(rows.delete, message))

    def _failed(self, message: Message, error: Exception) -> None:
        kind = type(error).__name__
        _log.warning("%s: attempt %d: %s", message.subscription, message.attempts, kind)
        if not self._queue.give_back(message):
            return
        if message.attempts < self._options.max_attempts:
            self._retry(message, error)
        else:
            self._settle(message, partial(rows.bury, message, f"{kind}: {error}"))

    def _retry(self, message: Message, error: BaseException | None) -> None:
        """Try again after what a vendor asked for, else after a longer and longer while."""
        wait = error.after if isinstance(error, TryAgain) else None
        if wait is None:
            wait = self._options.backoff.seconds(message.attempts, self._chance)
        later = message._replace(due=time.time() + wait)
        self._writer.submit(partial(rows.postpone, later))
        self._queue.put([later])

    def _settle(self, message: Message, work: Work[None]) -> None:
        """Write its end without waiting for it, so that the worker can go on."""
        self._queue.give_back(message)
        self._writer.submit(work).add_done_callback(partial(self._settled, message))

    def _settled(self, message: Message, written: Future[None]) -> None:
        if written.exception():
            self._retry(self._uncounted(message), written.exception())
        else:
            self._queue.forget(message)

    def _uncounted(self, message: Message) -> Message:
        """Leave one attempt: the file was in trouble, and a full disk is no fault of a message."""
        return message._replace(attempts=min(message.attempts, self._options.max_attempts - 1))
