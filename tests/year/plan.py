"""What a thousand guests do in a year, drawn from a seed: plain facts, and nothing of the product.

Facts are told half past a minute, so that no fact comes at the instant of a sweep.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

BERLIN = ZoneInfo("Europe/Berlin")
START = datetime(2026, 2, 28, 23, 0, tzinfo=UTC)
"""Midnight in Berlin, the first of March 2026."""
END = datetime(2027, 3, 16, 23, 0, tzinfo=UTC)
"""A year later, and the fortnight in which most guests have been there for one."""
DOWN, UP = datetime(2026, 9, 29, 15, 10, tzinfo=UTC), datetime(2026, 10, 2, 15, 10, tzinfo=UTC)
"""In between no scheduler asks for anything: over the end of a month."""
NEW_PROGRAM = datetime(2026, 11, 16, 1, 54, 30, tzinfo=UTC)
"""A new version of the program is published: a guest is missed 40 days after a visit, not 45."""
ZONES = {"main": BERLIN, "patan": ZoneInfo("Asia/Kathmandu"),
         "harbor": ZoneInfo("America/St_Johns"), "market": BERLIN}  # fmt: skip
DAY, HOUR, MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)
EVERY = {"often": 3.6, "mostly": 6.1, "seldom": 24.0}
"""Days between two visits, at the mean."""


class Guest(NamedTuple):
    """Who comes."""

    number: int
    store: str
    joined: datetime
    birthday: str = ""
    pages: bool = False
    """They joined on their page, and so proved their phone."""
    friend_of: int | None = None

    @property
    def phone(self) -> str:
        return phone(self.number)


class Fact(NamedTuple):
    """What is told of a guest, and when. `what` says which of the rest is meant."""

    at: datetime
    what: str
    guest: int
    name: str = ""
    amount: int = 0
    occurred_at: datetime = START
    store: str = ""
    channel: str = "in_store"
    other: str = ""


class Plan(NamedTuple):
    """A year."""

    guests: list[Guest]
    facts: list[Fact]


def phone(number: int) -> str:
    return f"+49151{(number * 7919) % 100_000_000:08d}"


def drawn(members: int, seed: int = 1) -> Plan:
    """Draw a year of so many guests."""
    chance = random.Random(f"a year {seed}")
    guests = [_guest(number, chance) for number in range(members)]
    facts = [fact for guest in guests for fact in _life(guest, chance)]
    facts += list(_feasts(guests, facts))
    facts.append(Fact(NEW_PROGRAM, "publish", -1))
    told = (fact for fact in facts if fact.at < END and _can_be(fact, guests))
    return Plan(guests, sorted(told, key=lambda fact: fact.at))


def _feasts(guests: list[Guest], facts: list[Fact]) -> Iterator[Fact]:
    """Have who buys little pay for a feast that lifts them, and get all of it back.

    Some do before it is said who is about to drop, and some only after it.
    """
    spent: Counter[int] = Counter()
    for fact in facts:
        if fact.what == "sale":
            spent[fact.guest] += fact.amount
    for guest in guests:
        simple = guest.number % 50 not in (17, 23, 29, 31) and guest.store != "market"
        if simple and spent[guest.number] < 45_000:
            at, name = guest.joined + 30 * DAY, f"{guest.number}-feast"
            late = guest.number % 4 == 0
            back = datetime(2027, 1, 20, 10, 0, 30, tzinfo=UTC) - (0 if late else 31) * DAY
            yield Fact(at, "sale", guest.number, name, 70_000, at, guest.store)
            yield Fact(back, "refund", guest.number, name, 70_000)


def _can_be(fact: Fact, guests: list[Guest]) -> bool:
    """Who is merged is merged into somebody who has joined."""
    return fact.what != "merge" or guests[fact.guest - 1].joined < fact.at


def _guest(number: int, chance: random.Random) -> Guest:
    store = chance.choices(["main", "patan", "harbor", "market"], [56, 22, 12, 10])[0]
    early = chance.random() < 0.8
    day = chance.randrange(14) if early else chance.randrange(14, 260)
    joined = _instant(START.astimezone(BERLIN).date() + day * DAY, ZONES[store], chance, 8, 19)
    birthday = f"{date(2028, 1, 1) + chance.randrange(366) * DAY:%m-%d}"
    if number % 25 == 7:
        birthday = "02-29"
    elif chance.random() < 0.3:
        birthday = ""
    friend_of = number - 1 if number % 20 == 9 and number else None
    return Guest(number, store, joined, birthday, number % 20 in (9, 13), friend_of)


def _instant(
    day: date, zone: ZoneInfo, chance: random.Random, first: int = 8, last: int = 20
) -> datetime:
    minutes = chance.randrange(first * 60, last * 60)
    there = datetime.combine(day, time(minutes // 60, minutes % 60, 30), zone)
    return there.astimezone(UTC)


def _life(guest: Guest, chance: random.Random) -> Iterator[Fact]:
    """Tell what one guest does, and what befalls them."""
    number = guest.number
    yield Fact(guest.joined, "join", number)
    over = END
    kind = number % 50
    later = guest.joined + chance.randrange(60, 120) * DAY
    if kind == 17:
        yield Fact(later, "stop", number)
    elif kind == 23:
        over = later
        yield Fact(later + 2 * HOUR, "erase", number)
    elif kind == 29:
        yield Fact(later, "move", number, other=phone(number + 500_000))
    elif kind == 31:  # into who came before; they never bought anything
        yield Fact(guest.joined + chance.randrange(4, 14) * DAY, "merge", number)
    if guest.birthday == "" and chance.random() < 0.7:
        told = f"{date(2028, 1, 1) + chance.randrange(366) * DAY:%m-%d}"
        at = guest.joined + chance.randrange(1, 200) * DAY
        yield Fact(at, "birthday", number, told)
        if chance.random() < 0.3:
            yield Fact(at + 20 * DAY, "birthday", number, "06-15")  # too soon: it is refused
    if kind != 31:
        yield from _visits(guest, over, chance)
        yield from _surveys(guest, over, chance)


def _surveys(guest: Guest, over: datetime, chance: random.Random) -> Iterator[Fact]:
    for round_ in range(chance.choice((0, 0, 1, 2))):
        at = guest.joined + chance.randrange(3, 300) * DAY + 7 * MINUTE
        if at < min(over, END):
            what = chance.choice(("survey", "survey", "survey-cut"))
            yield Fact(at, what, guest.number, f"S{guest.number}-{round_}", chance.randrange(1, 6))


def _visits(guest: Guest, over: datetime, chance: random.Random) -> Iterator[Fact]:
    """Come on some days; some guests stay away for long, or for good."""
    kind = chance.choices(["often", "mostly", "seldom"], [47, 38, 15])[0]
    zone = ZONES[guest.store]
    day, last = guest.joined.astimezone(zone).date(), END.astimezone(zone).date() - DAY
    away = _away(guest, chance)
    count = 0
    while True:
        day += max(1, round(chance.expovariate(1 / (EVERY[kind] - 0.5)) + 0.5)) * DAY
        if day in away:
            day = max(away)
            continue
        at = _instant(day, zone, chance)
        if day >= last or at >= over:
            return
        yield from _visit(guest, f"{guest.number}-{count}", at, over, chance)
        count += 1


def _away(guest: Guest, chance: random.Random) -> set[date]:
    """Draw the days on which a guest stays away."""
    if chance.random() < 0.6:
        return set()
    first = guest.joined.date() + chance.randrange(40, 250) * DAY
    days = chance.choice((35, 55, 70, 110, 400))
    return {first + n * DAY for n in range(days)}


def _visit(
    guest: Guest, name: str, at: datetime, over: datetime, chance: random.Random
) -> Iterator[Fact]:
    """Buy something, and sometimes what goes with it."""
    amount = chance.choice((300, 450, 780, 990, 1250, 1999, 2600, 4210))
    channel = "online" if chance.random() < 0.1 and guest.store != "market" else "in_store"
    fact = Fact(at, "sale", guest.number, name, amount, at, guest.store, channel)
    luck = chance.random()
    if guest.store == "market":
        yield fact._replace(at=_read(at))
        return
    if luck < 0.03:
        fact = fact._replace(at=at + chance.randrange(1, 40) * HOUR)  # the till tells it late
    if fact.at < over:
        yield fact
        yield from _later(fact, luck, chance)


def _later(fact: Fact, luck: float, chance: random.Random) -> Iterator[Fact]:
    """Tell what happens to a receipt, or at the counter, after it was told."""
    after = fact.at + chance.randrange(60, 2880) * MINUTE
    soon = fact.at + chance.randrange(10, 100) * MINUTE
    changed = fact.amount + chance.choice((-200, 350))
    part = chance.choice((100, 250, fact.amount))
    told = {
        0.05: fact._replace(what="refund", at=after, amount=part),
        0.065: fact._replace(what="edit", at=after, amount=changed),
        0.07: fact._replace(what="void", at=after),
        0.10: fact._replace(name=f"{fact.name}b", at=soon, occurred_at=soon),
        0.20: None,
        0.97: None,
        1.01: fact._replace(at=soon),  # the till tells it again
    }
    if luck >= 0.03:
        found = next(each for most, each in told.items() if luck < most)
        yield from [found] if found else []
    if 0.10 <= luck < 0.20:
        yield from _reward(fact, chance)


def _reward(fact: Fact, chance: random.Random) -> Iterator[Fact]:
    """Ask for a coffee, and have it, give it up, or leave without it."""
    fate = chance.choices(["take", "give-up", "leave"], [60, 15, 25])[0]
    hold = Fact(fact.at + 2 * MINUTE, "hold", fact.guest, f"H{fact.name}")
    yield hold
    if fate != "leave":
        yield hold._replace(at=fact.at + 5 * MINUTE, what=fate)


def _read(at: datetime) -> datetime:
    """Tell when the file is read that a market's day ends in: the next morning, if it can be."""
    there = at.astimezone(BERLIN)
    early = there.hour < 4  # the business day before
    day = there.date() + (0 if early else 1) * DAY
    read = datetime.combine(day, time(5, 5), BERLIN).astimezone(UTC)
    return UP if DOWN <= read < UP else read
