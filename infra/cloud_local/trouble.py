"""Trouble on purpose: functions killed in the middle of their work, emulators that stand still."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import partial

from infra.cloud_local.processes import Functions
from infra.emulators import Emulator

PAUSE = 3.0
"""Seconds that an emulator stands still."""
SOON = 0.3
"""Seconds after the first event of a group until the trouble begins: all are at work then."""


Strike = Callable[[], None]


def strikes(functions: Functions, services: Iterable[Emulator]) -> list[Strike]:
    """Kill each function once, and pause each emulator once."""
    kills = [partial(functions.kill, name) for name in functions.addresses]
    return [*kills, *(partial(service.pause, PAUSE) for service in services)]


class Trouble:
    """Spreads strikes evenly over a day's groups of events; none of them is peace."""

    def __init__(self, strikes: list[Strike], groups: int) -> None:
        self._strikes = strikes
        self._every = max(1, groups // (len(strikes) + 1))
        self.struck = 0

    @contextmanager
    def during(self, group: int) -> Iterator[None]:
        """Strike while a group is played, if it is time; returns when all runs again."""
        strike = self._due(group)
        if strike is None:
            yield
            return
        timer = threading.Timer(SOON, strike)
        timer.start()
        yield
        timer.join()
        self.struck += 1

    def _due(self, group: int) -> Strike | None:
        number, rest = divmod(group, self._every)
        due = rest == 0 and 0 < number <= len(self._strikes)
        return self._strikes[number - 1] if due else None
