"""Trouble on purpose: functions killed in the middle of their work, emulators that stand still."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial

from infra.cloud_local.processes import Functions
from infra.emulators import Emulator

PAUSE = 3.0
"""Seconds that an emulator stands still."""
SOON = 5.0
"""Seconds to wait for something to be on its way, at most."""


Strike = Callable[[], None]


def strikes(functions: Functions, services: Iterable[Emulator]) -> list[Strike]:
    """Kill each function once, and pause each emulator once."""
    kills = [partial(functions.kill, name) for name in functions.addresses]
    return [*kills, *(partial(service.pause, PAUSE) for service in services)]


class Trouble:
    """Spreads strikes evenly over a day's groups of events; none of them is peace.

    `busy` tells whether something is on its way: what strikes at rest shows nothing.
    """

    def __init__(
        self, strikes: list[Strike], groups: int, busy: Callable[[], bool], patience: float = SOON
    ) -> None:
        self._strikes = strikes
        self._patience = patience
        self._every = max(1, groups // (len(strikes) + 1))
        self._busy = busy
        self.struck = 0
        self.at_work = 0
        """How many of the strikes came while something was on its way."""

    @contextmanager
    def during(self, group: int) -> Iterator[None]:
        """Strike while a group is played, if it is time; raises what went wrong in striking."""
        strike = self._due(group)
        if strike is None:
            yield
            return
        with ThreadPoolExecutor(1) as hand:
            struck = hand.submit(self._strike, strike)
            yield
            struck.result()

    def _strike(self, strike: Strike) -> None:
        until = time.monotonic() + self._patience
        while not self._busy() and time.monotonic() < until:
            time.sleep(0.01)
        self.at_work += self._busy()
        strike()
        self.struck += 1

    def _due(self, group: int) -> Strike | None:
        number, rest = divmod(group, self._every)
        due = rest == 0 and 0 < number <= len(self._strikes)
        return self._strikes[number - 1] if due else None
