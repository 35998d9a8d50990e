"""A shop that can be made to crash at any boundary, once, and the story it lives through."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
from infra import vendors
from infra.simulator.boundaries import Crash, Fuse, FusedBus, FusedStore
from infra.simulator.store import MemoryStore
from tests.rig import Rig

from loyalty.adapters.clock import SystemClock
from loyalty.adapters.http import RequestsHttp
from loyalty.audit import audit
from loyalty.connectors.engine import Engine
from loyalty.delivery import Shop
from loyalty.programs import Programs
from loyalty.records import accounts, entries

STEP = timedelta(minutes=15)
SITTING = 60


class FusedHttp:
    """HTTP whose every call to a vendor is a boundary."""

    def __init__(self, fuse: Fuse) -> None:
        self._http, self._fuse = RequestsHttp(), fuse

    def send(self, request):
        vendor = request.url.split("/")[3]
        return self._fuse.around(f"{request.method} to {vendor}", lambda: self._http.send(request))

    def close(self):
        self._http.close()


class Newest(random.Random):
    """Draws the newest message and one copy: a message that comes back is delivered next."""

    def randrange(self, start, stop=None, step=1):  # noqa: ARG002 - the real one's arguments
        return start - 1

    def randint(self, low, _high):
        return low


class Chapter(NamedTuple):
    """Something that happens, told by somebody who tells it again if nobody answers."""

    name: str
    tell: Callable[[World], None]


class World:
    """A shop with vendors, that can be put back to where it was."""

    def __init__(self, folder: Path, sandbox: Any, program: str = "crash") -> None:
        self.fuse, self.sandbox = Fuse(), sandbox
        self.environment = vendors.environment(sandbox, "https://cafe.example")
        self.environment.pop("TWILIO_FEEDBACK_URL")  # nobody calls back while we count
        self.store = MemoryStore()
        self.plant: Callable[[Shop], Shop] = lambda shop: shop
        text = Path(f"tests/programs/{program}.yaml").read_text("utf-8")
        self.http = FusedHttp(self.fuse)
        self.rig = Rig(folder, text, store=self.store, shuffle=Newest())
        shop = self.rig.shop
        store, bus = FusedStore(shop.store, self.fuse), FusedBus(shop.bus, self.fuse)
        self.shop = shop._replace(store=store, bus=bus)
        self.start()

    @property
    def now(self) -> datetime:
        return self.rig.clock.now()

    def start(self) -> None:
        """Begin with empty hands, as a new process does; only reading the program is spared."""
        sleepless = {"sleep": lambda _: None, "random": random.Random(1)}
        programs = Programs(self.store, self.rig.clock)
        programs._parsed.update(self.shop.programs._parsed)
        engine = Engine(self.http, SystemClock(), self.environment, **sleepless)
        self.shop = self.shop._replace(programs=programs, vendors=engine)
        self.rig.shop = self.plant(self.shop)

    def live(self, chapter: Chapter) -> None:
        """Let it happen, and then let half an hour pass."""
        self.insist("told", lambda: chapter.tell(self))
        self.insist("delivered", self.rig.run)
        for _ in range(2):
            self.rig.clock.advance(STEP)
            self.insist("swept", self.rig.sweep)

    def insist(self, phase: str, act: Callable[[], Any]) -> None:
        """Do it, and after a crash start anew and do it again; the bus keeps its messages."""
        self.fuse.phase = phase
        try:
            act()
        except Crash:
            self.start()
            act()

    # -- time travel --------------------------------------------------------------------

    def mark(self) -> tuple[Any, ...]:
        """Remember this moment: documents, time, and whom the vendor may not text."""
        return dict(self.store.documents), self.now, set(self.sandbox.twilio.opted_out)

    def back(self, mark: tuple[Any, ...]) -> None:
        """Go back to it; the vendors forget what they sent since."""
        documents, now, opted_out = mark
        self.sandbox.reset()
        self.sandbox.twilio.opted_out |= opted_out
        self.store.documents = dict(documents)
        self.rig.clock.set(now, back=True)
        self.rig.bus.pending.clear()
        self.rig.bus.published.clear()
        self.fuse.crossed.clear()
        self.fuse.blows = None
        self.start()

    # -- what can be seen afterwards ----------------------------------------------------

    def seen(self) -> dict[str, Any]:
        """Every document, and every message that a vendor took, in order."""
        told = {m.id: f"{m.channel} to {m.to}: {m.text}" for m in self.sandbox.outbox}
        documents = {
            collection: [(key, named(msgspec.json.decode(body), told)) for key, body in found]
            for collection, found in self.rig.dump().items()
        }
        outbox = [(m.channel, m.to, m.subject, m.text) for m in self.sandbox.outbox]
        assert not self.rig.bus.dead
        assert not self.rig.bus.pending
        assert not self.recount()
        return {**documents, "outbox": outbox}

    def recount(self) -> tuple[Any, ...]:
        """Work every sum out again from the entries, as `verify` does; what does not add up."""
        everything = {"limit": 1000}
        found = entries.find(self.store, **everything), accounts.find(self.store, **everything)
        return audit(*found, lambda _day: SITTING).findings


def named(value: Any, told: dict[str, str]) -> Any:
    """Put what a message says in the place of its vendor's random id."""
    if isinstance(value, dict):
        return {key: named(each, told) for key, each in value.items()}
    if isinstance(value, list):
        return [named(each, told) for each in value]
    return told.get(value, value) if isinstance(value, str) else value
