"""Lets 64 threads race for the points of ten guests (`make races`): never a wrong sum."""

from __future__ import annotations

import argparse
import io
import random
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple, cast

from rich.progress import track

from infra import evidence
from infra.evidence import Row
from infra.topology import topology
from loyalty import programs
from loyalty.adapters.clock import VirtualClock
from loyalty.adapters.local_bus import LocalBus
from loyalty.adapters.sqlite import SqliteStore
from loyalty.audit import audit
from loyalty.delivery import Shop, hear
from loyalty.domain.transaction import Line, Refund, Sale
from loyalty.errors import TryAgain
from loyalty.events import TransactionRecorded, encode
from loyalty.guests import members
from loyalty.identity import Pepper
from loyalty.logs import Log
from loyalty.programs import Programs
from loyalty.records import accounts, entries
from loyalty.silence import Silence
from loyalty.steps import points_calculation, transaction_ingest

NOW = datetime(2026, 11, 21, 11, 0, tzinfo=UTC)
BETWEEN = timedelta(hours=1)
"""Between two receipts: no guest buys ten thousand times in a month."""
THREADS, GUESTS = 64, 10
AGAIN = 10
"""One delivery in so many comes twice."""
NEARBY = 100
"""A delivery may overtake about so many others: refunds come before their sales, too."""
STEP: Any = points_calculation
PROGRAM = """
engine: 1
title: Racing Cafe
currency: EUR
zone: Europe/Berlin
country: DE
languages: [en]
stores:
  main: {title: Main Street, tills: ["generic:main"]}
earning:
  rules:
    spend: {earn: spend, title: {en: 1 point per euro}, points: 1, per: 1.00}
"""


class Race(NamedTuple):
    """What a race is about: the deliveries in their order, what was told, and what it is worth."""

    deliveries: list[bytes]
    facts: int
    points: list[int]


class Found(NamedTuple):
    """What came of it; `retried` counts deliveries that had to come again."""

    rows: list[Row]
    retried: int
    seconds: float


class Receipt(NamedTuple):
    """A purchase, and how much of it comes back."""

    name: str
    guest: int
    euros: int
    back: int
    at: datetime


def drawn(number: int, pepper: Pepper, seed: int) -> Race:
    """Draw so many deliveries. Every receipt is given back in part, or not, or whole."""
    chance, points, facts = random.Random(seed), [0] * GUESTS, 0  # noqa: S311 - reproducible
    told: list[tuple[float, bytes]] = []
    for receipt in _receipts(chance, number):
        points[receipt.guest] += receipt.euros - receipt.back
        for fact in _facts(receipt, pepper):
            facts += 1
            told += [(len(told) + chance.random() * NEARBY, _event(fact))] * _copies(chance)
        if len(told) >= number:
            break
    return Race([body for _, body in sorted(told)], facts, points)


def _receipts(chance: random.Random, number: int) -> Iterator[Receipt]:
    for each in range(number):
        euros = chance.randint(1, 9)
        back = min(euros, chance.choice((0, 1, 9)))
        at = NOW - BETWEEN * (number - each)
        yield Receipt(f"R{each}", each % GUESTS, euros, back, at)


def _copies(chance: random.Random) -> int:
    return 2 if chance.randrange(AGAIN) == 0 else 1


def _facts(receipt: Receipt, pepper: Pepper) -> Iterator[Sale | Refund]:
    name, at = receipt.name, receipt.at
    line = Line(id="1", name="Flat white", category="coffee", amount=100 * receipt.euros)
    yield Sale(
        source="generic", receipt=name, revision=0, store="main", channel="in_store",
        occurred_at=at, currency="EUR", lines=(line,), total=line.amount,
        guest=(pepper.hash("phone", phone(receipt.guest)),),
    )  # fmt: skip
    if receipt.back:
        back = 100 * receipt.back
        yield Refund(source="generic", receipt=name, id="back", amount=back, occurred_at=at)


def _event(fact: Sale | Refund) -> bytes:
    name = transaction_ingest.event_id(fact)
    return encode(TransactionRecorded(id=name, at=NOW, subject=fact.receipt_id, transaction=fact))


def phone(guest: int) -> str:
    """Name the phone of a guest."""
    return f"+49151123456{guest:02d}"


def opened(folder: Path) -> Shop:
    """Open a shop whose guests have joined; what follows from points is published to nobody."""
    store, clock = SqliteStore(folder / "loyalty.db"), VirtualClock(NOW)
    programs.first(store, PROGRAM, NOW)
    bus = LocalBus(store.writer, dict.fromkeys(topology().topics(), ()))
    shop = Shop(
        store=store, bus=bus, clock=clock, programs=Programs(store, clock),
        vendors=cast("Any", None), pepper=Pepper("p1:a pepper for races only"),
        log=Log("error", io.StringIO()), silence=Silence(store, clock),
    )  # fmt: skip
    for guest in range(GUESTS):
        members.enroll(members.Joining(name="Sita", phone=phone(guest)), f"guest {guest}", shop)
    return shop


def run(shop: Shop, race: Race, watch: Callable[[Iterator[int]], Iterator[int]]) -> Found:
    """Deliver everything on 64 threads, then work every sum out again."""
    began = time.monotonic()
    with ThreadPoolExecutor(THREADS) as pool:
        retried = sum(watch(pool.map(lambda body: _insist(body, shop), race.deliveries)))
    return Found(list(judged(shop, race)), retried, time.monotonic() - began)


def _insist(body: bytes, shop: Shop) -> int:
    """Deliver until it is taken, as a bus does; how often it had to come again."""
    tries = 0
    while True:
        try:
            hear("points_calculation", STEP, body, shop)
        except TryAgain:
            tries += 1
        else:
            return tries


def judged(shop: Shop, race: Race) -> Iterator[Row]:
    """Compare balances with what was put in, and entries with what was told."""
    had = balances(shop)
    wrong = sum(had.get(guest) != points for guest, points in enumerate(race.points))
    yield Row("wrong balances", "0", f"{wrong} of {GUESTS}", not wrong)
    counted = audit(entries.each(shop.store), accounts.each(shop.store))
    found = len(counted.findings)
    yield Row("sums that do not follow from entries", "0", str(found), not found)
    said = sum(1 for record in entries.each(shop.store) for _ in _acts(record.receipt))
    yield Row("facts lost or doubled", "0", str(race.facts - said), race.facts == said)


def _acts(receipt: Any) -> Iterator[str]:
    """Name what a receipt was told of: itself, and each refund that was booked."""
    if receipt:
        yield receipt.id
        yield from receipt.posted


def balances(shop: Shop) -> dict[int, int]:
    """Tell what each guest has."""
    names = {guest: members.find(shop, phone=phone(guest)) for guest in range(GUESTS)}
    found = {guest: accounts.get(shop.store, name) for guest, name in names.items() if name}
    return {guest: each.account.points(NOW) for guest, each in found.items() if each}


def main() -> int:
    """Race, show and keep what came of it. Returns 1 if a sum is wrong."""
    parser = argparse.ArgumentParser(prog="python -m infra.races", description=__doc__)
    parser.add_argument("--acts", type=int, default=100_000, help="how many deliveries")
    parser.add_argument("--seed", type=int, default=1, help="what they are drawn from")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        shop = opened(Path(folder))
        race = drawn(chosen.acts, shop.pepper, chosen.seed)
        most = len(race.deliveries)
        found = run(shop, race, lambda each: iter(track(each, "Racing", total=most)))
        shop.store.close()
    command = f"python -m infra.races --acts {chosen.acts} --seed {chosen.seed}"
    done = Row("deliveries raced", f"{chosen.acts:,}", f"{most:,}", most >= chosen.acts)
    pace = f"{most / found.seconds:,.0f} deliveries a second, {found.retried:,} came again"
    notes = (
        f"{THREADS} threads, {GUESTS} guests, {race.facts:,} sales and refunds in any order,\n"
        f"one in {AGAIN} told twice; {pace}"
    )
    return 0 if evidence.keep("races", command, notes, [done, *found.rows]) else 1


if __name__ == "__main__":
    sys.exit(main())
