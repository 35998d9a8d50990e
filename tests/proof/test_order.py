"""Facts in any order, each delivered one to five times, come to the same receipts and totals."""

from __future__ import annotations

import random
from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import permutations
from pathlib import Path

import msgspec
import pytest
from infra.simulator.store import MemoryStore
from tests.rig import Rig, refund, sale, void

from loyalty.connectors.spec import Guest
from loyalty.domain import facts
from loyalty.domain.transaction import Line

replace = msgspec.structs.replace
PROGRAMS = ("plain", "caps", "carry")
ORDERS = 30  # of the 720 in which six facts can come
SCHEDULES = 15  # of each program on the fast store, and fewer on the real one


def at(day, hour, minute=0):
    return datetime(2026, 11, day, hour, minute, tzinfo=UTC)


def line(name, amount, category="coffee", pieces=1, **more):
    return Line(id=name, amount=amount, category=category, quantity=1000 * pieces, **more)


CAKES = (line("1", 1260, "cake", 3, discount=60), line("2", 440))
LONG_AGO = datetime(2026, 9, 1, 10, 0, tzinfo=UTC)

STORY = [
    # A plain receipt, edited twice; the second edit moves it out of its sitting.
    sale("A", 890, at=at(21, 9)),
    sale("A", 1240, at=at(21, 9), revision=1),
    sale("A", 1190, at=at(21, 7, 30), revision=2),
    # Three more of that Saturday, in and out of one sitting, with money back twice.
    sale("B", 450, at=at(21, 9, 30)),
    sale("C", 1320, at=at(21, 10, 29), tip=120, total=1440),
    refund("c1", "C", 500, at=at(21, 11)),
    refund("c2", "C", 300, at=at(21, 12)),
    # Cakes: one back by name, then all that is left as money.
    sale("D", 1640, at=at(21, 15), lines=CAKES, total=1640),
    refund("d1", "D", 400, at=at(21, 16), lines={"1": 1000}),
    refund("d2", "D", 1240, at=at(21, 17)),
    # Two pieces stay.
    sale("E", 1640, at=at(21, 19), lines=CAKES, total=1640),
    refund("e1", "E", 400, at=at(21, 20), lines={"1": 1000}),
    # After midnight: still Saturday's business day, but Sunday's weekday. Then voided in part.
    sale("F", 710, at=at(22, 1, 30)),
    sale("G", 2100, at=at(22, 2)),
    void("G", at=at(22, 2, 10)),
    # In Kathmandu it is another day already.
    sale("H", 980, at=at(21, 22, 20), store="patan"),
    sale("H", 1480, at=at(21, 22, 20), store="patan", revision=4),
    # So long ago that the account has forgotten the day; and a refund of it.
    sale("I", 1750, at=LONG_AGO),
    sale("J", 820, at=LONG_AGO.replace(hour=13)),
    refund("i1", "I", 750, at=LONG_AGO.replace(hour=14)),
    # Voided after a refund and an edit.
    sale("K", 600, at=at(20, 12)),
    sale("K", 900, at=at(20, 12), revision=1),
    refund("k1", "K", 100, at=at(20, 13)),
    void("K", at=at(20, 14)),
]


class World:
    """One store in which every schedule has a guest and receipts of its own."""

    def __init__(self, folder, name, store):
        text = Path(f"tests/programs/order-{name}.yaml").read_text("utf-8")
        self.rig = Rig(folder, text, store=store, copies=5)
        self.name = name
        self.empty = dict(store.documents) if store else None
        self.rig.clock.set(at(25, 12))

    def play(self, number, order, joins_at, *, early=0.2):
        """Tell facts in this order; the bus shuffles and repeats them. Return what came of it."""
        self.clear()
        rig, phone = self.rig, f"+4915112{number:06d}"
        chance = rig.bus._shuffle = random.Random(number)
        member = ""
        for place, fact in enumerate(order):
            if place == joins_at:
                member = rig.join(phone=phone)
            rig.tell(replace(fact, receipt=f"{number}.{fact.receipt}"), Guest(phone=phone))
            if chance.random() < early:
                rig.bus.run(self.handler, until_empty=False)
        member = member or rig.join(phone=phone)
        rig.bus.run(self.handler)
        assert not rig.bus.dead
        return self.outcome(number, member)

    def handler(self, subscription, body, attempt):
        """Book facts; what follows from them is not about their order."""
        if subscription == "points_calculation":
            self.rig.handler(subscription, body, attempt)

    def clear(self):
        """Leave nothing but the program, where that is quick."""
        if self.empty is not None:
            self.rig.store.documents = dict(self.empty)
            self.rig.bus.published.clear()

    def outcome(self, number, member):
        account = self.rig.account(member)
        names = sorted({fact.receipt for fact in STORY})
        receipts = {name: self.rig.receipt(f"{number}.{name}") for name in names}
        tails = {name: self.tail(receipt) for name, receipt in receipts.items()}
        days = Counter()
        for receipt in receipts.values():
            days[receipt.day] += receipt.booked
        now = self.rig.clock.now()
        known = {
            facts.short(f"generic:{number}.{name}"): name for name in names
        }  # the compact facts name receipts by hashes
        compact = sorted(
            (known[f.receipt], f.day, f.store, f.minute, f.kept, f.raw, f.counts)
            for f in account.facts
        )
        return {
            "receipts": tails,
            "days": dict(days),
            "totals": account.totals,
            "months": {
                month: replace(sums, points=0) if self.name == "carry" else sums
                for month, sums in account.months.items()
            },
            "carry": account.carry,
            "points": account.points(now),
            "debt": account.debt,
            "facts": compact,
            "last visit": account.last_visit,
        }

    def tail(self, receipt):
        """What of a receipt is a fact; with carry or a cap its points depend on other receipts."""
        shown = {
            "revision": receipt.sale.revision,
            "state": receipt.state,
            "kept": receipt.kept,
            "raw": receipt.raw,
            "counts": receipt.counts,
            "day": receipt.day,
            "carried": receipt.carried,
            "refunds": sorted(receipt.refunds),
            "posted": sorted(receipt.posted),
            "voided": receipt.voided,
        }
        return shown | {"points": receipt.points} if self.name == "plain" else shown


# The same, worked by hand. Kept: A 11.90 (its newest revision). B 4.50. C 13.20 of which 13.20 was
# paid beside the tip, 8.00 back: 5.20. D nothing. E cakes 12.60 - 0.60 = 12.00, one of three back:
# 8.00, and 4.40: 12.40. F 7.10, G nothing. H 14.80. I 10.00. J 8.20. K nothing.
KEPT = {
    "A": 1190, "B": 450, "C": 520, "D": 0, "E": 1240, "F": 710, "G": 0, "H": 1480, "I": 1000,
    "J": 820, "K": 0,
}  # fmt: skip
# Saturday 21 in Berlin: A 08:30, B 10:30 with C 11:29 (one sitting), E 20:00, F 02:30: 4 visits.
# H is Sunday 04:05 in Patan: 1. The first of September: I 12:00, J 15:00: 2.
VISITS = 7
POINTS = {
    # A 11.9 + 4 = 15. B 4. C 5. E 12.4 + 2 cakes x 3 + 4 = 22. F Sunday: 7.1 x 2 = 14. H is Sunday
    # in Patan: (14.8 + 4) x 2 = 37. I 10 + 4 = 14. J 8.
    "plain": 15 + 4 + 5 + 22 + 14 + 37 + 14 + 8,
    # Saturday: A 11, B 4, C 5, E 12.4 + 6 = 18, F 7: 45, at most 25. H 14. September: 10 + 8 = 18.
    "caps": 25 + 14 + 18,
    # Sunday is worth half as much again: F 10.65, H 22.20. 11.90 + 4.50 + 5.20 + 12.40 + 10.65 +
    # 22.20 + 10.00 + 8.20 = 85.05, by 7.00: 12. And two cakes: 6.
    "carry": 12 + 6,
}


def schedule(number):
    chance = random.Random(f"schedule {number}")
    order = list(STORY)
    chance.shuffle(order)
    order += chance.sample(order, 3)
    return order, chance.randrange(len(order) + 1)


@pytest.mark.parametrize("name", PROGRAMS)
@pytest.mark.parametrize("kind", ["fast", "real"])
def test_any_order_of_facts_comes_to_the_same(name, kind, tmp_path, capsys):
    number = SCHEDULES if kind == "fast" else 3
    world = World(tmp_path, name, MemoryStore() if kind == "fast" else None)
    first = world.play(0, STORY, 0, early=1)
    assert {name: each["kept"] for name, each in first["receipts"].items()} == KEPT
    assert (first["totals"].visits, first["totals"].spend) == (VISITS, sum(KEPT.values()))
    assert first["totals"].points == first["points"] == POINTS[name]
    for n in range(1, number):
        assert world.play(n, *schedule(n)) == first, f"schedule {n}"
    world.rig.close()
    with capsys.disabled():
        print(f"\n{name} on the {kind} store: {number} schedules of {len(STORY)} facts")


def test_every_order_of_one_receipts_life_comes_to_the_same(tmp_path, capsys):
    """Sale, edit, refund by line, refund of money, joining: all 120 orders, over three programs."""
    life = [
        sale("D", 1640, lines=CAKES, total=1640),
        sale("D", 1240, lines=(CAKES[0], line("2", 40)), total=1240, revision=1),
        refund("1", "D", 400, lines={"1": 1000}),
        refund("2", "D", 100),
        None,
    ]
    worlds = [World(tmp_path, name, MemoryStore()) for name in PROGRAMS]
    seen = {name: set() for name in PROGRAMS}
    for number, order in enumerate(permutations(life)):
        world = worlds[number % len(worlds)]
        account, receipt = live(world, number, order)
        # Cakes 12.00 + 0.40 = 12.40; one of three back: 8.40, paid 8.40; 1.00 back: 7.40.
        assert receipt.kept == 740
        seen[world.name].add((str(account.totals), receipt.points, account.lots))
    assert all(len(outcomes) == 1 for outcomes in seen.values())
    with capsys.disabled():
        print(f"\none receipt's life: {number + 1} orders")


def live(world, number, order):
    """Tell facts one by one (None: the guest joins); return the account and the receipt."""
    world.clear()
    rig, phone = world.rig, f"+4915112{number:06d}"
    rig.bus._shuffle = random.Random(number)
    for fact in order:
        if fact is None:
            member = rig.join(phone=phone)
        else:
            rig.tell(replace(fact, receipt=f"{number}.{fact.receipt}"), Guest(phone=phone))
        rig.bus.run(world.handler)
    return rig.account(member), rig.receipt(f"{number}.{order[0 if order[0] else 1].receipt}")


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_revision_may_move_a_receipt_to_another_business_day(tmp_path, name):
    """Over midnight and a month's end, past a day's cap, out of and into sittings; then money back.

    Saturday 30 May, after midnight: A 20 euros, B 20. June 1: C 20. Then A moves to June 1.
    """

    def may(day, hour):
        return datetime(2026, 5, day, hour, tzinfo=UTC)

    night, june = may(30, 22), datetime(2026, 6, 1, 9, tzinfo=UTC)
    story = [
        sale("A", 2000, at=night),
        sale("B", 2000, at=may(30, 23)),
        sale("C", 2000, at=june),
        sale("A", 2000, at=june + timedelta(minutes=30), revision=1),
        refund("b1", "B", 1500, at=june),
        sale("C", 1000, at=june, revision=3),
    ]
    world = World(tmp_path, name, MemoryStore())
    seen = []
    orders = random.Random(name).sample(list(permutations(story)), ORDERS)
    for number, order in enumerate(orders):
        account, _ = live(world, number, [None, *order])
        moved = world.rig.receipt(f"{number}.A")
        assert moved.day == "2026-06-01"
        months = dict(account.months)
        if name == "carry":  # whose receipt brings a point depends on what came before it
            months = {month: replace(sums, points=0) for month, sums in months.items()}
        seen.append((account.totals, months, account.carry, account.points(world.rig.clock.now())))
    assert all(each == seen[0] for each in seen)
    # May: B 5.00 is left, one visit. June 1: A 20.00 and C 10.00 in one sitting.
    sums = {month: (each.spend, each.visits) for month, each in seen[0][1].items()}
    assert sums == {"2026-05": (500, 1), "2026-06": (3000, 1)}
    # B is Sunday's on the calendar: 5 x 2, or 5.00 x 1.5 to 30.00 by 7.00. The cap of a day is 25.
    points = {"plain": 10 + 20 + 4 + 10 + 4, "caps": 5 + 25, "carry": 5}
    assert seen[0][3] == points[name]


def test_a_guest_whom_only_an_older_revision_names_is_credited_in_any_order(tmp_path):
    world = World(tmp_path, "plain", MemoryStore())
    rig, earned = world.rig, set()
    for order in ((0, 1), (1, 0)):
        world.clear()
        member = rig.join(phone="+4915112000000")
        for revision in order:
            guest = Guest(phone="+4915112000000" if revision == 0 else "")
            rig.tell(sale("D", 900, revision=revision), guest)
            rig.bus.run(world.handler)
        earned.add(rig.points(member))
    assert earned == {9}
