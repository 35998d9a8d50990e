"""A shop that lives through a schedule: the real steps, and everything around them in memory."""

from __future__ import annotations

import io
import random
from collections import Counter, deque
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from functools import cache
from typing import Any, cast

from infra.simulator import programs as shops
from infra.simulator.boundaries import Crash, FusedBus, FusedStore
from infra.simulator.crowd import crowd
from infra.simulator.desk import Desk
from infra.simulator.guests import address_of, joining, reply_of
from infra.simulator.households import beyond, holding
from infra.simulator.mail import RestingBus
from infra.simulator.office import Office
from infra.simulator.passing import Passing
from infra.simulator.programs import START
from infra.simulator.recording import Commit, Delivered, Line, RecordingStore, Work
from infra.simulator.schedule import Event, Join, Publish, Say, Schedule, Tell, Wait
from infra.simulator.store import Write
from infra.simulator.till import Till
from infra.simulator.together import Merge, Part
from infra.simulator.trouble import Trouble, faults_of
from infra.simulator.vendors import Asked, Vendors
from infra.simulator.what_waits import Ask, Back, Begin, Born, Halt, Hush, Pass
from infra.topology import topology
from loyalty import programs
from loyalty.adapters.clock import VirtualClock
from loyalty.connectors.engine import Engine
from loyalty.connectors.spec import Delivery, Guest, Heard, Verb
from loyalty.delivery import Shop, hear
from loyalty.errors import TryAgain
from loyalty.events import peek, tick
from loyalty.guests import members
from loyalty.identity import Pepper
from loyalty.logs import Log
from loyalty.ports import Database, Key
from loyalty.records import timers
from loyalty.silence import Silence
from loyalty.steps import (
    journey_start,
    lifecycle_sweep,
    message_feedback,
    milestone_check,
    notification_dispatch,
    points_calculation,
    transaction_ingest,
)

STEPS: dict[str, Any] = {
    "points_calculation": points_calculation,
    "milestone_check": milestone_check,
    "journey_start": journey_start,
    "notification_dispatch": notification_dispatch,
    "lifecycle_sweep": lifecycle_sweep,
}
PEPPER = Pepper("p1:a pepper for simulations only")
DEEPEST = 3
"""So many things at once get into each other's way."""
AGAIN = timedelta(minutes=1)
"""When a vendor who got no answer calls back again."""
PROMISED = ("publish", "merge")
"""The timers of what was promised: the shop does not rest before it is done."""
PATIENCE = 400
"""So many turns of the clock a shop has to come to rest after its schedule, or to answer all."""


class World:
    """A shop and its surroundings. `wrong` is what was seen to be wrong on the way.

    `broken` counts for each event the runs of its steps that had no end.
    """

    def __init__(self, schedule: Schedule, watch: Callable[[World, Asked], None]) -> None:
        self.schedule, self.story = schedule, list[Line]()
        self.clock, self.store = VirtualClock(START), RecordingStore()
        chance = random.Random(f"bus {schedule.seed}")  # noqa: S311 - it must be reproducible
        self.chance = chance
        self.bus = RestingBus(_topics(schedule.waits), chance, self.clock, schedule.copies)
        self.fuse = Trouble(faults_of("boundary", schedule), self._interrupted, self.say)
        self._lost, self._deliveries, self._depth = faults_of("delivery", schedule), 0, 0
        self.news: deque[Event] = deque(schedule.events)
        self.callbacks: list[tuple[datetime, Delivery]] = []
        self.vendors = Vendors(
            self.clock, faults_of("vendor", schedule), self._called_back,
            lambda asked: watch(self, asked),
        )  # fmt: skip
        self.store.documents.update(shops.published(schedule.program))
        self.store.documents.update(crowd(schedule.crowd))
        self.beginning = dict(self.store.documents)
        self.looked, self.looked_at = dict[Key, bytes](), START
        self.refused: tuple[frozenset[str], frozenset[str]] = (frozenset(), frozenset())
        self.rested: list[datetime] = []
        self._passing = Passing(self)
        self._unheard: Event | None = None
        self._log = Log("error", io.StringIO())
        self.commits: list[Commit] = []
        self._decided = START
        self.wrong: list[str] = []
        self.broken: Counter[str] = Counter()
        self._unanswered = 0
        self.store.record, self.store.meanwhile = self._record, self._meanwhile
        self._programs = {
            schedule.program,
            *(event.program for event in schedule.events if isinstance(event, Publish)),
        }
        self.shop, self.till, self.desk = self._started(), Till(self), Desk(self)
        self.office = Office(self)

    def _started(self) -> Shop:
        """Begin with empty hands, as a new process does; only reading programs is spared."""
        versions = programs.Programs(self.store, self.clock)
        for number in self._programs:
            versions._parsed.update(shops.versions(number))  # noqa: SLF001 - it takes longest
        return Shop(
            store=cast("Any", FusedStore(self.store, self.fuse)), bus=FusedBus(self.bus, self.fuse),
            clock=self.clock, programs=versions, vendors=cast("Engine", _Counted(self)),
            pepper=PEPPER, log=self._log, silence=Silence(self.store, self.clock),
        )  # fmt: skip

    # -- what happens ---------------------------------------------------------------------

    def book(self) -> None:
        """Only book what is told, in the order in which it is told."""
        self.bus.in_order = True
        for event in self.news:
            self._happens(event)
            while self.bus.step(self._book):
                pass

    def _book(self, subscription: str, body: bytes, _attempt: int) -> None:
        if subscription == "points_calculation":
            hear(subscription, STEPS[subscription], body, self.shop)

    def live(self) -> None:
        """Live through the schedule, then come to rest. Raises TimeoutError if it never does."""
        while self.news:
            self._insist(self.tell_next)
            for _ in range(self.chance.choice((0, 1, 3, 30))):
                self._insist(self.hear_next)
        for _ in range(PATIENCE):
            while self._insist(self.hear_next):
                pass
            due = self.next_due()
            if due is None:
                self.rested.append(self.clock.now())
                return
            self.clock.set(max(due, self.clock.now()))
            self.bus.publish("sweep-requested", [tick()])
            self._insist(self.call_back_due)
        raise TimeoutError("the shop does not come to rest")

    def _insist(self, act: Callable[[], bool]) -> bool:
        """Do it; after a crash a new process begins, and the bus and the tellers come again."""
        try:
            return act()
        except Crash:
            self.say("the process ends, and begins anew")
            self.shop, self._depth = self._started(), 0
            return True

    def tell_next(self) -> bool:
        """Let the next thing from outside happen; who gets no answer tells it again.

        Raises TimeoutError if there never is one.
        """
        self.call_back_due()
        if not self.news:
            return False
        event = self.news.popleft()
        self.say(event)
        try:
            if isinstance(event, Pass):
                self._put_back(event, unless=self._passing.is_over(event))
            else:
                self._happens(event)
        except TryAgain as unanswered:
            self._put_back(event)
            self._unanswered += 1
            if self._unanswered > PATIENCE:
                raise TimeoutError(f"{event} is never answered") from unanswered
        except Crash:
            self._put_back(event)
            raise
        return True

    def _put_back(self, event: Event, *, unless: bool = False) -> None:
        """Let it come next; but time passes only after who was not heard told it again."""
        waits = isinstance(event, Pass) and self.is_owed_an_answer()
        self._unheard = self._unheard if isinstance(event, Pass) else event
        if not unless:
            self.news.insert(1 if waits else 0, event)

    def is_owed_an_answer(self) -> bool:
        """Tell whether somebody was not heard, and is the next to come."""
        return bool(self.news) and self.news[0] is self._unheard

    def hear_next(self) -> bool:
        """Let the bus deliver one message."""
        return self.bus.step(self._handle)

    def _handle(self, subscription: str, body: bytes, _attempt: int) -> None:
        fault = self._lost.pop(self._deliveries, "")
        self._deliveries += 1
        self.say(Delivered(subscription, body, fault))
        if fault == "lost":
            raise TryAgain("lost on the way")
        try:
            hear(subscription, STEPS[subscription], body, self.shop)
        except (Crash, TryAgain):
            self.broken[peek(body)["id"]] += 1
            raise
        if fault:
            raise TryAgain("not acknowledged in time")

    def _happens(self, event: Event) -> None:
        now = self.clock.now()
        match event:
            case Tell(fact, guest):
                known = Guest() if guest is None else Guest(**address_of(guest))
                heard = Heard(transaction=fact, guest=known)
                transaction_ingest.record("generic", "", [heard], "", self.shop)
            case Join(guest, marketing):
                members.enroll(joining(guest, marketing=marketing), "", self.shop)
                self.desk.knows(event)
            case Say():
                self.desk.hears(event, told=False)
                message_feedback._hear(reply_of(event), self.shop)  # noqa: SLF001 - as `receive` does
                self.desk.hears(event)
            case Publish(number):
                programs.append(self.store, shops.text(number), shops.parsed(number), now)
            case Wait(minutes):
                self.clock.advance(_minutes(minutes))
                self.bus.publish("sweep-requested", [tick()])
            case Pass(minutes):
                self.clock.advance(_minutes(minutes))
            case Back(minutes):
                self.clock.set(now - _minutes(minutes), back=True)
            case _:
                self._is_asked(event)

    def _is_asked(self, event: Any) -> None:
        match event:
            case Ask() | Begin() | Halt() | Hush() | Born():
                self.office.does(event)
            case Merge() | Part():
                self.desk.does(event)
            case _:
                self.till.does(event)

    # -- others who get there first -------------------------------------------------------

    def _meanwhile(self) -> None:
        decided = self.clock.now()
        self.fuse.interrupt(len(self.fuse.crossed) - 1)
        self._decided = decided  # time may have passed since, in a vendor's slow answer

    def _interrupted(self, what: str) -> None:
        """Let something else happen right now, if time need not pass for it."""
        if self._depth >= DEEPEST:
            return
        self._depth += 1
        self.say(f"but {what}:")
        if what.startswith("a reply"):
            self._hasten()
        if not what.startswith("a message") and self._may_come_now():
            self.tell_next()
        else:
            self.hear_next()
        self._depth -= 1

    def _may_come_now(self) -> bool:
        """Tell whether what comes next can come right now: it has a date, if time is passing."""
        dated = (Tell, Publish) if self._passing.goes_on else ()
        return bool(self.news) and not isinstance(self.news[0], (Wait, Pass, Back, *dated))

    def _hasten(self) -> None:
        """Let the next guest who writes do so now."""
        reply = next((event for event in self.news if isinstance(event, Say)), None)
        if reply:
            self.news.remove(reply)
            self.news.appendleft(reply)

    def _called_back(self, at: datetime, delivery: Delivery) -> None:
        self.callbacks.append((at, delivery))
        self.call_back_due()  # it may come before we could write down that it was sent

    def call_back_due(self) -> bool:
        """Let vendors call back whose time has come."""
        now = self.clock.now()
        for each in [each for each in self.callbacks if each[0] <= now]:
            if each not in self.callbacks:  # somebody got there first
                continue
            self.callbacks.remove(each)
            self.callbacks.append((now + AGAIN, each[1]))
            with suppress(TryAgain):
                message_feedback._hear(each[1], self.shop)  # noqa: SLF001 - as `receive` does
                self.callbacks.remove((now + AGAIN, each[1]))
        return False

    # -- coming to rest, and what is remembered -------------------------------------------

    def next_due(self, *, every: bool = False) -> datetime | None:
        """Find the next instant at which something is left to do; by time alone, if `every`."""
        found, now = timers.each(self.store), self.clock.now()
        promised = [
            t.due_at for t in found if every or t.kind in PROMISED or t.tries or t.due_at <= now
        ]
        called = [at for at, _ in self.callbacks]
        wakes = self.bus.wakes_at()
        return min([*promised, *called, *([wakes] if wakes else [])], default=None)

    def _record(self, database: Database, work: Work, writes: list[Write]) -> None:
        self.commits.append(Commit(self._decided, database, work, writes, self.store.stale))
        if self.schedule.waits and (held := holding(writes)):
            limited = self.shop.programs.current().program.household.points_per_day
            self.wrong += beyond(self.store, held) if limited else ()

    def begin_again(self) -> None:
        """Forget every commit and let nobody interfere from here on: they are replayed."""
        self.commits.clear()
        self.store.meanwhile = lambda: setattr(self, "_decided", self.clock.now())

    def say(self, what: object) -> None:
        """Add to the story."""
        self.story.append(Line(self.clock.now(), self._depth, what))


def _minutes(number: int) -> timedelta:
    return timedelta(minutes=number)


class _Counted:
    """Vendors whose every call is a boundary."""

    def __init__(self, world: World) -> None:
        self._world = world

    def run(self, connector: str, verb: Verb, *more: Any) -> Any:
        world = self._world
        looked = dict(world.store.documents), world.clock.now()
        refused = frozenset(world.desk.stopped), frozenset(world.desk.unwilling)

        def call() -> Any:
            (world.looked, world.looked_at), world.refused = looked, refused
            return world.vendors.run(connector, verb, *more)

        return world.fuse.around(f"{verb} by {connector}", call)


@cache
def _topics(waits: bool) -> dict[str, list[str]]:  # noqa: FBT001 - as the schedule has it
    """List who hears what. No guest here has a card at a partner: nobody would hear of one.

    Where nothing waits for it, nobody hears what begins automations.
    """
    heard, here = topology().topics(), STEPS.keys() - (set() if waits else {"journey_start"})
    return {topic: [name for name in names if name in here] for topic, names in heard.items()}
