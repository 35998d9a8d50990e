"""Where commands work: the data folder of one machine, or the ledger of a Google Cloud project."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Protocol, TypeVar

import click

from loyalty import timekeeping
from loyalty.adapters.clock import SystemClock, clock_from
from loyalty.adapters.http import RequestsHttp
from loyalty.adapters.local_bus_rows import DeadLetter
from loyalty.cli.cloud import Cloud
from loyalty.cli.data_folder import DataFolder
from loyalty.connectors.engine import Engine
from loyalty.delivery import Shop
from loyalty.identity import Pepper, digest
from loyalty.logs import QUIET
from loyalty.outgoing import Outgoing
from loyalty.ports import Clock, Store
from loyalty.programs import Programs
from loyalty.settings import Settings
from loyalty.silence import Silence

Command = TypeVar("Command", bound=Callable[..., object])


class DeadLetters(Protocol):
    """What failed too often."""

    def dead_letters(self) -> list[DeadLetter]:
        """List them."""
        ...

    def replay(self, number: int | None = None) -> int:
        """Have the one of this id delivered again, or all; tell how many."""
        ...


class Place:
    """A ledger, and what commands need to read or change it."""

    def __init__(self, named: str | None = None) -> None:
        self.settings = Settings()
        in_cloud = self.settings["LOYALTY_STORE"].startswith("firestore:") and not named
        self.home: Cloud | DataFolder = (
            Cloud(self.settings) if in_cloud else DataFolder(self.settings, named)
        )

    @property
    def soon(self) -> str:
        """Say when that goes out which commands publish."""
        return self.home.soon

    def clock(self) -> Clock:
        """Return the clock that the functions would go by."""
        return clock_from(self.settings["LOYALTY_CLOCK"])

    def reading(self) -> AbstractContextManager[Store]:
        """Look at the ledger as it is at this moment, whatever else goes on."""
        return self.home.reading()

    def writing(self, *, fresh: bool = False, call: str = "") -> AbstractContextManager[Store]:
        """Change the ledger; `fresh` starts one where there is none.

        `call` is what the member API does just as well, for who cannot stop the server.
        """
        return self.home.writing(fresh=fresh, call=call)

    def letters(self, store: Store) -> DeadLetters:
        """Return what keeps the dead letters; only a store lent for writing can replay them."""
        return self.home.letters(store)  # type: ignore[return-value]  # a reader has no replay

    def shop(self, store: Store) -> Shop:
        """Put together what the steps have at hand, around a store."""
        clock = self.clock()
        return Shop(
            store=store, bus=LaterBus(store, clock), clock=clock, programs=Programs(store, clock),
            vendors=Engine(RequestsHttp(), SystemClock(), {}), pepper=Pepper(self.home.pepper()),
            log=QUIET, silence=Silence(store, clock),
        )  # fmt: skip


class LaterBus:
    """A Bus for commands: what they publish goes out when a sweep looks at what is due."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    def publish(self, topic: str, events: Sequence[bytes]) -> None:
        """Keep the events as a timer that is due at once."""
        outcome = tuple(Outgoing(topic=topic, body=event.decode()) for event in events)
        name = f"command:{topic}:{digest(b''.join(events))}"
        now = self._clock.now()
        self._store.atomically(
            "ledger", lambda unit: timekeeping.publish_at(unit, name, outcome, now)
        )


def place_option(command: Command) -> Command:
    """Add `--data` to a command; it gets the place as `place`."""
    option = click.option(
        "--data",
        "place",
        metavar="FOLDER",
        callback=lambda _context, _option, named: Place(named),
        help="The data folder.  [default: LOYALTY_STORE, else LOYALTY_DATA, else `data`]",
    )
    return option(command)
