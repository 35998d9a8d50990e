"""How a step is run: once for every delivery, with the same outcome each time.

A step reads, decides and writes in one unit, and returns what to publish. It is published after
the commit and before the acknowledgement; a crash in between is healed by the next delivery,
which finds the recorded outcome and publishes the same bytes again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import NamedTuple, Protocol, TypeVar

from loyalty.connectors.engine import Engine
from loyalty.errors import AlreadyExists, Rejected, TryAgain
from loyalty.events import Event, decode, encode, topic_of
from loyalty.identity import Pepper, digest
from loyalty.logs import Log
from loyalty.outgoing import Outgoing
from loyalty.ports import Bus, Clock, Store
from loyalty.programs import Programs
from loyalty.records import Quarantined, quarantine
from loyalty.reporting import Report, ReportingBus
from loyalty.silence import Silence

T = TypeVar("T")
Outcome = tuple[Outgoing, ...]
RACES = 8
"""How often a decision is looked at again when another delivery got there first."""


class Shop(NamedTuple):
    """What a step has at hand."""

    store: Store
    bus: Bus
    clock: Clock
    programs: Programs
    vendors: Engine
    pepper: Pepper
    log: Log
    silence: Silence


class Step(Protocol):
    """A module under `steps`: the event (or events) it hears, and what it does about it."""

    HEARS: type[Event] | tuple[type[Event], ...]

    def handle(self, event: Event, shop: Shop) -> Outcome:
        """Decide and write; return what to publish."""
        ...


def outgoing(events: Iterable[Event]) -> Outcome:
    """Write events as they will be published."""
    return tuple(Outgoing(topic=topic_of(type(e)), body=encode(e).decode()) for e in events)


def publish(bus: Bus, outcome: Outcome) -> None:
    """Publish an outcome, topic by topic; returns once all of it is durable."""
    for topic in dict.fromkeys(each.topic for each in outcome):
        bus.publish(topic, [each.body.encode() for each in outcome if each.topic == topic])


@contextmanager
def in_hand(function: str, shop: Shop, request: str = "") -> Iterator[Shop]:
    """Lend the shop for one message or call; what came of it is told in one line at the end.

    `request` is the id of the HTTP request that brought it.
    """
    report = Report(shop.log, function, request)
    try:
        yield shop._replace(bus=ReportingBus(shop.bus, report), log=report)
    except Exception as error:
        report.end(error)
        raise
    report.end()


def deliver(name: str, step: Step, body: bytes, shop: Shop) -> None:
    """Run a step on one delivery, and tell of it. Raises to be given it again."""
    with in_hand(name, shop) as lent:
        hear(name, step, body, lent)


def hear(name: str, step: Step, body: bytes, shop: Shop) -> None:
    """Run a step on one delivery. Raises to be given it again; poison is put aside."""
    try:
        publish(shop.bus, step.handle(_heard(name, step, body, shop.log), shop))
    except Rejected as rejected:
        put_aside(shop, rejected, body)


def _heard(name: str, step: Step, body: bytes, log: Log) -> Event:
    event = decode(body)
    log.note(event=event.id, subject=event.subject)
    if not isinstance(event, step.HEARS):
        raise Rejected("wrong-topic", f"{name} does not hear {type(event).__name__}")
    return event


def put_aside(shop: Shop, rejected: Rejected, body: bytes, topic: str = "") -> None:
    """Keep what can never be processed, with the reason, so that the queue behind it moves."""
    name = f"{rejected.code}:{digest(body)}"
    kept = Quarantined(
        id=name, code=rejected.code, why=rejected.why, at=shop.clock.now(), topic=topic,
        body=body.decode(errors="replace")[:200_000],
    )  # fmt: skip
    shop.store.atomically("ledger", lambda unit: quarantine.put(unit, name, kept))
    shop.log.note(outcome="quarantined", code=rejected.code)
    shop.log("WARNING", "quarantined", code=rejected.code)


def first_then_look(decide: Callable[[bool], T], *, look: bool = False) -> T:
    """Decide on the bet that this is new; if it is not, look at what is there and decide again.

    The bet saves a read on every ordinary purchase.
    """
    for attempt in range(RACES):
        try:
            return decide(look or attempt > 0)
        except AlreadyExists:
            continue
    raise TryAgain("others keep changing the same receipt")
