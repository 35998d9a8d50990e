"""Knows from the functions' own log lines when nothing is on its way any more."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from typing import IO

import msgspec


class Published(msgspec.Struct, frozen=True):
    """One event that a function published."""

    topic: str
    id: str


class Line(msgspec.Struct):
    """What a function writes when it has handled something, before it answers."""

    function: str
    event: str
    outcome: str
    published: list[Published]

    @property
    def handled(self) -> bool:
        """Whether it need not come again."""
        return self.outcome not in ("again", "failed")


class Watch:
    """Reads log lines. What was published more often than all who hear it handled is on its way.

    Lines of two processes come in any order: what was handled may be told of before what published
    it. What waited for the morning is published a second time, and has to be handled again.
    """

    def __init__(self, hearing: Mapping[str, list[str]]) -> None:
        self._hearing = hearing
        self._on_its_way: set[tuple[str, str]] = set()
        self._published = Counter[tuple[str, str]]()
        self._handled = Counter[tuple[str, str]]()
        self._answered = Counter[str]()
        self._changed = threading.Condition()

    def follow(self, stream: IO[bytes]) -> None:
        """Read the lines of a process in the background, until it ends."""
        threading.Thread(target=self._read, args=(stream,), daemon=True).start()

    def expect(self, topic: str, name: str) -> None:
        """Tell of an event that was published from outside."""
        with self._changed:
            self._publish(Published(topic=topic, id=name))

    def settle(self, calls: Mapping[str, int], patience: float) -> bool:
        """Wait until so many calls of each function were answered, and all they led to was done.

        False if that takes longer than so many seconds without any progress.
        """
        with self._changed:
            while not self._settled(calls):
                if not self._changed.wait(patience):
                    return False
            return True

    @property
    def busy(self) -> bool:
        """Whether something is on its way."""
        return bool(self._on_its_way)

    def __str__(self) -> str:
        """Name what is on its way, and how many calls were answered."""
        with self._changed:
            waits = sorted(f"{event} to {name}" for name, event in self._on_its_way)
            return f"{', '.join(waits) or 'nothing'}; answered {dict(self._answered)}"

    def _settled(self, calls: Mapping[str, int]) -> bool:
        answered = all(self._answered[function] >= count for function, count in calls.items())
        return answered and not self._on_its_way

    def _read(self, stream: IO[bytes]) -> None:
        with stream:
            for text in stream:
                with suppress(msgspec.MsgspecError):  # other lines, and a server's own words
                    self._note(msgspec.json.decode(text, type=Line))

    def _note(self, line: Line) -> None:
        with self._changed:
            if line.handled:
                self._answered[line.function] += 1
                self._handled[line.function, line.event] += 1
                self._weigh(line.function, line.event)
            for each in line.published:
                self._publish(each)
            self._changed.notify_all()

    def _publish(self, each: Published) -> None:
        for function in self._hearing.get(each.topic, ()):
            self._published[function, each.id] += 1
            self._weigh(function, each.id)

    def _weigh(self, function: str, name: str) -> None:
        one = (function, name)
        if self._published[one] > self._handled[one]:
            self._on_its_way.add(one)
        else:
            self._on_its_way.discard(one)
