"""The running system in the cloud's shape, with a driver's seat: clock, sweeps, rest."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec

from infra.cloud_local import wiring
from infra.cloud_local.processes import Functions
from infra.cloud_local.watch import Watch
from infra.local_schedules import LocalSchedules
from infra.topology import topology
from loyalty import app as composition
from loyalty import programs
from loyalty.adapters.clock import FileClock
from loyalty.adapters.firestore import FirestoreStore
from loyalty.adapters.pubsub import PubSubBus
from loyalty.events import SweepRequested, decode, encode
from loyalty.ports import Bus, Clock
from loyalty.settings import Settings
from loyalty.web import auth

PATIENCE = 120.0
"""Seconds without any progress, or an answer, until the system is called stuck."""
PEPPER = "p1:the-pepper-of-a-system-that-lives-for-minutes"
KEY = "rk_the-key-of-a-system-that-lives-for-minutes"


class CloudLocal:
    """A project of its own on both emulators, with every function as a process.

    The environment names the emulators, as Google's clients want it.
    """

    def __init__(
        self, environment: Mapping[str, str], clock: Path, packages: Mapping[str, Path]
    ) -> None:
        project = f"regulars-{uuid.uuid4().hex[:12]}"
        given = {
            "LOYALTY_STORE": f"firestore:{project}",
            "LOYALTY_BUS": f"pubsub:{project}",
            "LOYALTY_CLOCK": f"virtual:{clock}",
            "LOYALTY_PEPPER": PEPPER,
            "LOYALTY_LOG": "debug",
            "HOST": "127.0.0.1",
        }
        self.settings = Settings({**environment, **given})
        self.key = KEY
        store, bus = FirestoreStore(project, patience=PATIENCE), PubSubBus(project)
        self.shop = composition.shop(self.settings, store, bus, FileClock(clock))
        self._project, self._wiring = project, topology()
        self._watch = Watch(self._wiring.topics())
        watched = self.shop._replace(bus=_Watched(bus, self._watch, self.shop.clock))
        self._schedules = LocalSchedules(watched, clock.parent)
        self.functions = Functions(packages, self.settings.environment, self._watch)

    def start(self) -> None:
        """Publish the program, wire everything, start every function."""
        program = Path(self.settings["LOYALTY_PROGRAM"]).read_text("utf-8")
        programs.first(self.shop.store, program, self.shop.clock.now())
        auth.seed(self.shop.store, self.key)
        wiring.connect(self._project, self._wiring, self.functions.addresses)
        self.functions.start()

    def address(self, function: str) -> str:
        """Tell where a function listens."""
        return self.functions.addresses[function]

    def sweep(self) -> None:
        """Ask for everything that is due by now, as the scheduler does."""
        now = self.shop.clock.now()
        event = SweepRequested(id=f"sweep:{now.isoformat()}", at=now, subject="sweep")
        self._watch.expect("sweep-requested", event.id)
        self.shop.bus.publish("sweep-requested", [encode(event)])

    def look(self) -> list[str]:
        """Ask for every job whose time has come, as Cloud Scheduler does; name them."""
        return self._schedules.look()

    def settle(self, calls: Mapping[str, int]) -> bool:
        """Wait until so many calls of each function, and all they led to, are done."""
        return self._watch.settle(calls, PATIENCE)

    def unfinished(self) -> str:
        """Name what is still on its way."""
        return str(self._watch)

    def busy(self) -> bool:
        """Tell whether something is on its way between the functions."""
        return self._watch.busy

    def stop(self) -> None:
        """End all processes; the emulators forget the rest."""
        self.functions.stop()
        self.shop.store.close()


class _Watched:
    """A bus on which each asking for a job has a name of its own, so that it can be waited for."""

    def __init__(self, inner: Bus, watch: Watch, clock: Clock) -> None:
        self._inner, self._watch, self._clock = inner, watch, clock

    def publish(self, topic: str, events: Sequence[bytes]) -> None:
        """Publish what the scheduler asks for, named by the time."""
        for body in events:
            event, now = decode(body), self._clock.now()
            event = msgspec.structs.replace(event, id=f"{event.id}:{now.isoformat()}", at=now)
            self._watch.expect(topic, event.id)
            self._inner.publish(topic, [encode(event)])
