"""What happens to a shop, and what goes wrong meanwhile: all of it made from one seed."""

from __future__ import annotations

import random
from collections.abc import Container, Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any, Literal, NamedTuple

import msgspec

from infra.simulator import at_the_counter, programs, together, what_waits
from infra.simulator.at_the_counter import Act, Return
from infra.simulator.programs import START
from infra.simulator.together import Union
from infra.simulator.what_waits import Ask, Back, Come, OfTime, Pass, Waiting
from loyalty.domain.transaction import Line, Refund, RefundLine, Sale, Void

TROUBLE = {
    "boundary": (
        "crash before", "crash after", "failure before", "failure after",
        "a message first", "a reply first", "news first", "news first",
    ),
    "delivery": ("lost", "not acknowledged"),
    "vendor": (
        "lost answer", "silence", "busy", "down", "refused", "credentials", "opted-out",
        "bad-address", "slow",
    ),
}  # fmt: skip
"""What may go wrong where: at a boundary, at the delivery of a message, in a vendor's answer."""
_MINUTES = (1, 7, 20, 45, 200, 900, 3000)
_WEEKS, _YEAR = 60_000, 580_000
_AFTER = timedelta(minutes=5)
"""What goes back does so after its sale."""
Fact = Sale | Refund | Void


class Tell(NamedTuple):
    """A till tells a fact; without a guest it does not know whose it is."""

    fact: Fact
    guest: int | None


class Join(NamedTuple):
    """A guest joins."""

    guest: int
    marketing: bool


class Say(NamedTuple):
    """A guest writes STOP or START."""

    guest: int
    keyword: Literal["stop", "start"]
    id: str


class Publish(NamedTuple):
    """The merchant publishes a version of the program."""

    program: int


class Wait(NamedTuple):
    """Time passes, and the scheduler asks for a sweep."""

    minutes: int


Event = Tell | Join | Say | Publish | Wait | Act | Union | Waiting


class Fault(NamedTuple):
    """Something that goes wrong at the n-th boundary, delivery or vendor call."""

    where: str
    place: int
    what: str


class Schedule(NamedTuple):
    """Everything that a run rests on. A message comes up to `copies` times.

    Where much `waits`, a `crowd` of guests was erased long ago, and as many timers are due.
    """

    seed: int
    program: int
    copies: int
    events: tuple[Event, ...]
    faults: tuple[Fault, ...]
    waits: bool = False
    crowd: int = 0

    def has_clocks_set_back(self) -> bool:
        """Tell whether instants need not follow each other as acts do."""
        return any(isinstance(event, Back) for event in self.events)


def made(seed: int) -> Schedule:
    """Make the schedule of a seed, always the same."""
    chance = random.Random(seed)  # noqa: S311 - it must be reproducible
    program, other = chance.randrange(programs.COUNT), chance.randrange(programs.COUNT)
    guests = chance.choice((1, 1, 2, 3))
    told = _merged(
        chance, [_life(chance, f"{n}", guests) for n in range(chance.choice((1, 2, 2, 3)))]
    )
    others: list[_Draft] = [Join(n, chance.random() < 0.7) for n in range(guests)]  # noqa: PLR2004
    others += [_say(chance, guests, n) for n in range(chance.choice((0, 0, 1, 2)))]
    others += [Publish(other)] if chance.random() < 0.3 else []  # noqa: PLR2004
    for each in others:
        told.insert(chance.randint(0, len(told)), each)
    events = tuple(_dated(chance, told))
    copies = chance.choice((1, 1, 1, 2))
    whole = Schedule(seed, program, copies, events, tuple(_faults(chance, len(events))))
    shop = whole if seed % 2 else _with_counter(whole, guests)  # every other shop has one
    shop = _with_unions(shop, guests) if seed % 3 == 2 else shop  # noqa: PLR2004 - every third
    return _that_waits(shop, guests) if seed % 7 == 5 else shop  # noqa: PLR2004 - every seventh


def _that_waits(schedule: Schedule, guests: int) -> Schedule:
    """Let much wait in a shop; in some of them only once a later program has it."""
    chance = random.Random(f"waiting {schedule.seed}")  # noqa: S311 - it must be reproducible
    events = what_waits.lasting(chance, map(_that_has_more, schedule.events), _length)
    lives: list[list[Any]] = list(what_waits.stories(chance, guests))
    if programs.has_counter(schedule.program) and schedule.seed % 3 == 2:  # noqa: PLR2004 - as above
        lives.append(list(what_waits.sharing(chance, guests)))
    woven = what_waits.woven(chance, events, lives)
    first = programs.that_waits(schedule.program)
    if chance.random() < 0.2:  # noqa: PLR2004 - few begin without
        at = chance.randint(0, len(woven))
        late: list[Event] = [Publish(first), Pass(3), Ask("arm")]
        woven[at:at], first = late, schedule.program
    if any(isinstance(event, Publish) for event in woven):  # a version holds from an instant on
        woven = [event for event in woven if not isinstance(event, Back)]
    whole = (*_with_visits(woven), *what_waits.ending(chance))
    more = [fault for _ in range(4) for fault in _faults(chance, len(whole))]
    more = [fault for fault in more if fault.where != "vendor"]
    return schedule._replace(
        program=first, events=whole, faults=(*schedule.faults, *more), waits=True,
        crowd=chance.choice((0, 0, 105, 130)),
    )  # fmt: skip


def _with_visits(events: Iterable[Event | Come]) -> Iterator[Event]:
    """Date the visits of guests who come back by the time that has passed until then."""
    now = START
    for event in events:
        if isinstance(event, Come):
            coffee = Line(id="1", amount=500, category="coffee")
            bought = Sale(
                source="generic", receipt=event.receipt, revision=0, currency="EUR", store="main",
                channel="in_store", lines=(coffee,), total=500, occurred_at=now,
            )  # fmt: skip
            yield Tell(bought, event.guest)
        else:
            passed = event.minutes if isinstance(event, Wait | Pass) else 0
            now += timedelta(minutes=passed)
            yield event


def _that_has_more(event: Event) -> Event:
    return Publish(programs.that_waits(event.program)) if isinstance(event, Publish) else event


def _length(event: Event) -> int:
    return event.minutes if isinstance(event, Wait) else 0


def _with_unions(schedule: Schedule, guests: int) -> Schedule:
    """Let guests come together and part; an only guest has joined twice."""
    chance = random.Random(f"together {schedule.seed}")  # noqa: S311 - it must be reproducible
    events = list(schedule.events)
    if guests == 1:
        events.insert(chance.randint(0, len(events)), Join(1, chance.random() < 0.7))  # noqa: PLR2004
    lives = together.stories(chance, max(2, guests))
    woven = tuple(together.woven(chance, events, lives, _joined(events)))
    more = [fault for fault in _faults(chance, len(woven)) if fault.where != "vendor"]
    return schedule._replace(events=woven, faults=(*schedule.faults, *more))


def _joined(events: list[Event]) -> dict[int, int]:
    """Tell where each guest has joined."""
    return {e.guest: place + 1 for place, e in enumerate(events) if isinstance(e, Join)}


def _with_counter(schedule: Schedule, guests: int) -> Schedule:
    """Open a counter in a shop, whose till does not know the guest of some receipts."""
    chance = random.Random(f"counter {schedule.seed}")  # noqa: S311 - it must be reproducible
    told = dict.fromkeys(e.fact.receipt for e in schedule.events if isinstance(e, Tell))
    nobodys = {name for name in told if chance.random() < 0.2}  # noqa: PLR2004 - few
    paid = [(f"generic:{name}", _payer(name, schedule)) for name in told]
    events = [_at_a_counter(event, nobodys) for event in schedule.events]
    lives = at_the_counter.stories(chance, guests, paid)
    found = at_the_counter.woven(chance, events, lives, _joined(events))
    woven = tuple(_with_returns(found, schedule))
    more = [fault for fault in _faults(chance, len(woven)) if fault.where != "vendor"]
    return schedule._replace(
        program=programs.with_counter(schedule.program), events=woven,
        faults=(*schedule.faults, *more),
    )  # fmt: skip


def _at_a_counter(event: Event, nobodys: Container[str]) -> Event:
    if isinstance(event, Publish):
        return Publish(programs.with_counter(event.program))
    if isinstance(event, Tell) and event.fact.receipt in nobodys:
        return Tell(event.fact, None)
    return event


def _with_returns(found: list[Event | Return], schedule: Schedule) -> Iterator[Event]:
    """Let a till tell what went back; a receipt is voided once."""
    told = [event.fact for event in schedule.events if isinstance(event, Tell)]
    voided = {fact.receipt_id for fact in told if isinstance(fact, Void)}
    sales = {fact.receipt_id: fact for fact in told if isinstance(fact, Sale)}
    for event in found:
        if isinstance(event, Return):
            whole = event.percent == 0 and event.receipt not in voided
            voided |= {event.receipt} if whole else set()
            yield Tell(_gone_back(event, sales[event.receipt], whole=whole), None)
        else:
            yield event


def _gone_back(back: Return, sale: Sale, *, whole: bool) -> Fact:
    at = sale.occurred_at + _AFTER
    if whole:
        return Void(source=sale.source, receipt=sale.receipt, occurred_at=at)
    amount = max(1, sale.total * (back.percent or 100) // 100)
    return Refund(source=sale.source, receipt=sale.receipt, id=back.id, amount=amount,
                  occurred_at=at)  # fmt: skip


def _payer(name: str, schedule: Schedule) -> int:
    """Tell who pays a receipt, whether or not a till knows it."""
    told = (e.guest for e in schedule.events if isinstance(e, Tell) and e.fact.receipt == name)
    return next(guest for guest in told if guest is not None)


def plain(schedule: Schedule, owners: Mapping[str, int] = {}) -> Schedule:
    """Take the trouble out: guests and programs first, then facts as they came about.

    `owners` tell whose receipts of nobody became by what was done at the counter.
    """
    told = [event for event in schedule.events if isinstance(event, Tell)]
    told.sort(key=lambda event: _place(event.fact))
    told = [e._replace(guest=owners.get(e.fact.receipt_id, e.guest)) for e in told]
    joins = [event for event in schedule.events if isinstance(event, Join)]
    rest = [event for event in schedule.events if isinstance(event, Publish | Wait | OfTime)]
    return schedule._replace(events=(*joins, *rest, *told), faults=(), copies=1)


def _place(fact: Fact) -> tuple[str, int, int]:
    if isinstance(fact, Sale):
        return fact.receipt, 0, fact.revision
    return fact.receipt, 1 if isinstance(fact, Refund) else 2, 0


# -- a receipt's life, in words that have no date yet -------------------------------------


class _Mark(NamedTuple):
    """One moment of a receipt's life: by how many minutes it moved, and the fact without date."""

    fact: Fact
    guest: int | None


_Draft = _Mark | Event


def _life(chance: random.Random, name: str, guests: int) -> list[_Mark]:
    guest, lines = chance.randrange(guests), _lines(chance)
    found = [_Mark(_sale(chance, name, lines, 0), guest)]
    for revision in range(1, chance.choice((1, 1, 1, 2, 3))):
        edited = _sale(chance, name, _lines(chance), revision)
        found.append(_Mark(edited, chance.choice((guest, None))))
    times = range(chance.choice((0, 0, 1, 2, 3)))
    found += [_Mark(_refund(chance, name, lines, number), None) for number in times]
    if chance.random() < 0.15:  # noqa: PLR2004 - few receipts are voided
        found.append(_Mark(Void(source="generic", receipt=name, occurred_at=START), None))
    if chance.random() < 0.3:  # noqa: PLR2004 - tills that tell out of order are rarer
        chance.shuffle(found)
    return found


def _lines(chance: random.Random) -> tuple[Line, ...]:
    cake = chance.random() < 0.4  # noqa: PLR2004 - less than half
    coffee = Line(id="1", amount=chance.randint(100, 3500), category="coffee")
    pieces = chance.randint(1, 3)
    cakes = Line(id="2", amount=pieces * 399, category="cake", quantity=1000 * pieces)
    return (coffee, cakes) if cake else (coffee,)


def _sale(chance: random.Random, name: str, lines: tuple[Line, ...], revision: int) -> Sale:
    return Sale(
        source="generic", receipt=name, revision=revision, currency="EUR", channel="in_store",
        store=chance.choice(("main", "main", "patan")) if revision == 0 else "main",
        lines=lines, total=sum(line.amount for line in lines), occurred_at=START,
    )  # fmt: skip


def _refund(chance: random.Random, name: str, lines: tuple[Line, ...], number: int) -> Refund:
    line = chance.choice(lines)
    named = chance.random() < 0.4  # noqa: PLR2004 - less than half name their lines
    part = (RefundLine(line=line.id, quantity=1000),) if named else ()
    total = sum(each.amount for each in lines)
    amount = line.amount * 1000 // line.quantity if named else chance.randint(1, total)
    return Refund(source="generic", receipt=name, id=f"{name}.{number}", amount=amount,
                  lines=part, occurred_at=START)  # fmt: skip


def _merged(chance: random.Random, lives: list[list[_Mark]]) -> list[_Draft]:
    left, told = [life[::-1] for life in lives], list[_Draft]()
    while left := [life for life in left if life]:
        told.append(chance.choice(left).pop())
    return told


def _say(chance: random.Random, guests: int, number: int) -> Say:
    keyword: Literal["stop", "start"] = "start" if chance.random() < 0.3 else "stop"  # noqa: PLR2004
    return Say(chance.randrange(guests), keyword, f"R{number}")


# -- dates and trouble --------------------------------------------------------------------


def _dated(chance: random.Random, drafts: list[_Draft]) -> Iterator[Event]:
    """Date each receipt by when it is first told of, and let time pass in between."""
    now, dates, weeks = START, dict[str, datetime](), chance.choice((0.1, 0.1, 0.4))
    for draft in drafts:
        if isinstance(draft, _Mark):
            earlier = timedelta(minutes=chance.randint(0, 90))
            at = dates.setdefault(draft.fact.receipt, now - earlier)
            yield Tell(_at(draft.fact, at), draft.guest)
        else:
            yield draft
        if chance.random() < 0.5:  # noqa: PLR2004 - every other time
            minutes = _pause(chance, weeks)
            now += timedelta(minutes=minutes)
            yield Wait(minutes)


def _at(fact: Fact, at: datetime) -> Fact:
    if isinstance(fact, Sale):
        return _replaced(fact, at)
    return _replaced(fact, at + _AFTER)


def _replaced(fact: Fact, at: datetime) -> Fact:
    return msgspec.structs.replace(fact, occurred_at=at)


def _pause(chance: random.Random, often: float) -> int:
    draw = chance.random()
    if draw < 0.03:  # noqa: PLR2004 - rarely a year
        return _YEAR
    return _WEEKS if draw < often else chance.choice(_MINUTES)


def _faults(chance: random.Random, events: int) -> Iterator[Fault]:
    places = {"boundary": 12 * events, "delivery": 5 * events, "vendor": 2 * events}
    for _ in range(chance.choice((0, 2, 4, 8, 12))):
        where = chance.choice(("boundary", "boundary", "delivery", "vendor"))
        yield Fault(where, chance.randrange(places[where]), chance.choice(TROUBLE[where]))
