"""What keeps messages from leaving at all: the brand's switch, and a list of test numbers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, timedelta

from loyalty.campaigns.campaign_records import Switch
from loyalty.ports import Clock, Store, Unit
from loyalty.records import switches

NAME = "messages"
CACHE = timedelta(seconds=5)
"""So long after the switch was thrown, a process may still send."""
STOPPED, NOT_A_TEST = "all-stopped", "not-a-test-number"


class Silence:
    """Tells of an address whether anything may go there now. Alerts to the team never ask."""

    def __init__(self, store: Store, clock: Clock, test_numbers: str = "") -> None:
        self._store, self._clock = store, clock
        self._tests = frozenset(_listed(test_numbers))
        self._read_at: datetime | None = None
        self._stopped = False

    @property
    def tests(self) -> int:
        """How many test numbers there are; none: messages go to everybody."""
        return len(self._tests)

    def why(self, address: str) -> str:
        """Say why nothing may go to an address; empty if it may."""
        if self._tests and address.casefold() not in self._tests:
            return NOT_A_TEST
        return STOPPED if self._is_stopped() else ""

    def _is_stopped(self) -> bool:
        now = self._clock.now()
        if self._read_at is None or abs(now - self._read_at) >= CACHE:
            found = switches.get(self._store, NAME)
            self._stopped, self._read_at = bool(found and found.stopped), now
        return self._stopped


def _listed(text: str) -> Iterator[str]:
    """Read test numbers as people write them; to what cannot be read nothing ever goes."""
    for each in text.split(","):
        number = each.translate(_AIR)
        yield from [number] if _NUMBER.fullmatch(number) else each.casefold().split()


_AIR = str.maketrans("", "", " -()/.")
_NUMBER = re.compile(r"\+[1-9][0-9]{6,14}")


def turn(store: Store, asked: Switch) -> Switch:
    """Stop all messages to guests, or let them go again; what is so already stays as it was."""

    def work(unit: Unit) -> Switch:
        found = switches.get(unit, NAME)
        if found and found.stopped == asked.stopped:
            return found
        switches.put(unit, NAME, asked)
        return asked

    return store.atomically("ledger", work)
