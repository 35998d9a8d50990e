"""How a step is run: once for every delivery, with the same outcome each time.

A step reads, decides and writes in one unit, and returns what to publish. It is published after
the commit and before the acknowledgement; a crash in between is healed by the next delivery,
which finds the recorded outcome and publishes the same bytes again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple, Protocol, TypeVar

from loyalty.connectors.engine import Engine
from loyalty.errors import AlreadyExists, Rejected, TryAgain
from loyalty.events import Event, decode, encode, peek, topic_of
from loyalty.identity import Pepper, digest
from loyalty.logs import Log, Severity
from loyalty.ports import Bus, Clock, Store
from loyalty.programs import Programs
from loyalty.records import Outgoing, Quarantined, quarantine

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


class Step(Protocol):
    """A module under `steps`: the event it hears, and what it does about it."""

    HEARS: type[Event]

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


def deliver(name: str, step: Step, body: bytes, shop: Shop) -> None:
    """Run a step on one delivery. Raises to be given it again; poison is put aside."""
    try:
        publish(shop.bus, step.handle(_heard(name, step, body), shop))
    except Rejected as rejected:
        put_aside(shop, rejected, body)
    about = peek(body)
    severity: Severity = "DEBUG" if about["subject"] == "sweep" else "INFO"  # every few seconds
    shop.log(severity, name, event=about["id"], subject=about["subject"])


def _heard(name: str, step: Step, body: bytes) -> Event:
    event = decode(body)
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
