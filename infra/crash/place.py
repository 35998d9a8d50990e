"""A shop in two folders: its data, and what the world outside knows of it."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple, cast

from infra.crash.vendors import FileVendors, append
from infra.topology import Topology, topology
from loyalty import program_file
from loyalty.adapters.clock import VirtualClock
from loyalty.adapters.local_bus import Backoff, BusOptions, LocalBus
from loyalty.adapters.sqlite import SqliteStore
from loyalty.delivery import Shop, deliver
from loyalty.domain.program import Program
from loyalty.events import SweepRequested, encode
from loyalty.identity import Pepper, digest
from loyalty.logs import Log
from loyalty.programs import Programs
from loyalty.silence import Silence

NOON = datetime(2026, 11, 21, 11, 0, tzinfo=UTC)
PATIENCE = 60.0
HASTE = Backoff(0.01, 0.1)
MINUTE, STEP = timedelta(minutes=1), timedelta(minutes=15)
PEPPER = Pepper("p1:a pepper for crashes only")


class Folders(NamedTuple):
    """Where a shop lives: a crash may damage `data`; `outside` is on other machines."""

    data: Path
    outside: Path

    @property
    def acknowledged(self) -> Path:
        """Name the file of what callers were told is done."""
        return self.outside / "acknowledged"

    @property
    def outbox(self) -> Path:
        """Name the file of what vendors took."""
        return self.outside / "outbox"


class Input(NamedTuple):
    """Something that somebody tells the shop, and tells again until it is acknowledged."""

    name: str
    tell: Callable[[Shop], object]


class Place:
    """A running shop: the real store, bus and steps. `play` may be asked again after a crash."""

    def __init__(self, folders: Folders, backoff: Backoff = HASTE) -> None:
        self.folders, self.clock = folders, VirtualClock(NOON)
        self.store = SqliteStore(folders.data / "loyalty.db", clock=self.clock)
        wiring, self._steps = _wiring(), _steps()
        options = BusOptions(workers=1, backoff=backoff, pipeline=list(wiring.functions))
        self.bus = LocalBus(self.store.writer, wiring.topics(), options)
        versions = Programs(self.store, self.clock)
        versions._parsed.update(parsed())  # noqa: SLF001 - reading them takes longest by far
        self.shop = Shop(
            store=self.store, bus=self.bus, clock=self.clock, programs=versions,
            vendors=cast("Any", FileVendors(folders.outbox)), pepper=PEPPER,
            log=Log("error", io.StringIO()), silence=Silence(self.store, self.clock),
        )  # fmt: skip

    def play(self, inputs: Sequence[Input]) -> None:
        """Tell what was not acknowledged yet, each once everything before it came to rest."""
        told = self.acknowledged()
        self.bus.start(self._deliver)
        self.settle()
        if told or self.folders.outbox.exists():
            self.rest()
        for each in inputs:
            if each.name not in told:
                self.clock.advance(MINUTE)
                each.tell(self.shop)
                append(self.folders.acknowledged, each.name.encode())
                self.settle()
        self.rest()

    def acknowledged(self) -> set[str]:
        """Name what callers were told is done."""
        path = self.folders.acknowledged
        return set(path.read_text("utf-8").splitlines()) if path.exists() else set()

    def settle(self) -> None:
        """Wait until nothing is left to deliver. Raises TimeoutError if it takes too long."""
        if not self.bus.wait_idle(PATIENCE):
            raise TimeoutError("the bus does not come to rest")

    def rest(self) -> None:
        """Let half an hour pass, for what is in doubt and for what is promised by timers."""
        for _ in range(2):
            self.clock.advance(STEP)
            now = self.clock.now()
            event = SweepRequested(id=f"sweep:{now.isoformat()}", at=now, subject="sweep")
            self.bus.publish("sweep-requested", [encode(event)])
            self.settle()

    def close(self) -> None:
        """End as a process should."""
        self.bus.stop()
        self.store.close()

    def _deliver(self, subscription: str, body: bytes, _attempt: int) -> None:
        deliver(subscription, self._steps[subscription], body, self.shop)


@contextmanager
def opened(folders: Folders) -> Iterator[Place]:
    """Open a shop, and end it as a process should."""
    place = Place(folders)
    try:
        yield place
    finally:
        place.close()


@cache
def texts() -> tuple[str, str]:
    """Give two versions of the program; the second gives two points per euro."""
    first = Path(__file__).with_name("program.yaml").read_text("utf-8")
    return first, first.replace("points: 1, per", "points: 2, per")


@cache
def program(number: int) -> Program:
    """Read a version of the program."""
    return program_file.read(texts()[number])


@cache
def parsed() -> dict[str, Program]:
    """Give both versions under the names they get when they are published in this order."""
    return {digest(f"{n}:{text}")[:16]: program(n) for n, text in enumerate(texts())}


@cache
def _wiring() -> Topology:
    return topology()  # once: reading it takes longer than a whole story


@cache
def _steps() -> dict[str, Any]:
    return {name: import_module(f"loyalty.steps.{name}") for name in _wiring().hearing()}
