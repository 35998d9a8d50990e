"""A receipt of the wrong guest goes to the right one, with all that it brought."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from infra.simulator.store import MemoryStore
from tests.rig import NOON, Rig, refund, sale, void

from loyalty.audit import audit
from loyalty.connectors.spec import Guest
from loyalty.counter import reassigning
from loyalty.errors import Problem
from loyalty.guests import merging
from loyalty.guests.merging import Wish
from loyalty.records import accounts, entries, vouchers

ANNA, BEN = "+4915112345671", "+4915112345672"
TEXT = Path("tests/programs/rewards.yaml").read_text("utf-8")
CARRY = TEXT.replace("points: 1, per: 1.00}", "points: 1, per: 1.00, carry: true}")
CAPPED = TEXT.replace("expiry:", "  caps: {per_day: 30}\nexpiry:")


def made(text):
    rig = Rig(Path(), text, store=MemoryStore())
    rig.anna, rig.ben = rig.join(phone=ANNA), rig.join(phone=BEN)
    rig.sitting = lambda day: rig.shop.programs.of_day(day).visits.sitting
    return rig


@pytest.fixture
def rig():
    rig = made(TEXT)
    yield rig
    adds_up(rig)


def adds_up(rig):
    rig.run()
    found = audit(entries.each(rig.store), accounts.each(rig.store), rig.sitting)
    assert found.findings == ()


def buy(rig, receipt, amount, phone=ANNA):
    rig.tell(sale(receipt, amount, at=rig.clock.now()), Guest(phone=phone))
    rig.run()


def move(rig, receipt, to):
    reassigning.move(f"generic:{receipt}", to, "staff:maya", rig.shop)
    rig.run()


def refusal(call):
    with pytest.raises(Problem) as refused:
        call()
    return refused.value.status, refused.value.code


def test_all_that_it_brought_goes_along(rig):
    buy(rig, "R1", 2000)
    before = rig.account(rig.anna)
    move(rig, "R1", rig.ben)
    anna, ben = rig.account(rig.anna), rig.account(rig.ben)
    assert (anna.totals.spend, anna.totals.visits, rig.points(rig.anna)) == (0, 0, 0)
    assert (ben.totals, ben.lots) == (before.totals, before.lots)
    assert rig.receipt("R1").member == rig.ben
    assert [e.by for e in rig.history(rig.anna) if e.kind == "move"] == ["staff:maya"]


def test_moved_twice_it_is_moved_once_and_it_can_be_moved_back(rig):
    buy(rig, "R1", 2000)
    for _ in range(2):
        move(rig, "R1", rig.ben)
    assert (rig.points(rig.anna), rig.points(rig.ben)) == (0, 20)
    move(rig, "R1", rig.anna)
    assert (rig.points(rig.anna), rig.points(rig.ben)) == (20, 0)
    move(rig, "R1", rig.ben)
    assert (rig.points(rig.anna), rig.points(rig.ben)) == (0, 20)


def test_a_refund_and_a_void_after_it_are_the_new_guests(rig):
    buy(rig, "R1", 2000)
    rig.tell(refund("F1", "R1", 500, at=rig.clock.now()))
    rig.run()
    move(rig, "R1", rig.ben)
    assert rig.points(rig.ben) == 15
    rig.tell(refund("F2", "R1", 500, at=rig.clock.now()))
    rig.run()
    assert (rig.points(rig.anna), rig.points(rig.ben)) == (0, 10)
    rig.tell(void("R1", at=rig.clock.now()))
    rig.run()
    assert (rig.points(rig.anna), rig.points(rig.ben)) == (0, 0)


def test_what_was_spent_meanwhile_is_owed(rig):
    buy(rig, "R1", 2000)
    from loyalty.counter import redeeming  # noqa: PLC0415 - only here

    redeeming.hold(redeeming.Asking(id="H", member=rig.anna, reward="coffee"), rig.shop)
    redeeming.capture(redeeming.Capturing("H"), rig.shop)
    move(rig, "R1", rig.ben)
    assert (rig.account(rig.anna).debt, rig.points(rig.ben)) == (20, 20)


def test_a_milestone_that_it_reached_is_withdrawn_where_the_program_says_so(rig):
    for number in range(5):
        buy(rig, f"R{number}", 300)
        rig.clock.advance(timedelta(hours=5))
    (full,) = [v for v in vouchers.find(rig.store, ("member", "==", rig.anna)) if "full" in v.cause
               or "full" in v.id]  # fmt: skip
    assert full.state == "open"
    move(rig, "R4", rig.ben)
    assert vouchers.get(rig.store, full.id).state == "withdrawn"


def test_on_a_day_that_both_have_forgotten_it_moves_just_so(rig):
    buy(rig, "R1", 2000)
    rig.clock.advance(timedelta(days=60))
    buy(rig, "R2", 1000)
    buy(rig, "R3", 1000, BEN)
    move(rig, "R1", rig.ben)
    assert (rig.points(rig.anna), rig.points(rig.ben)) == (10, 30)


def test_carried_remainders_go_along():
    rig = made(CARRY)
    buy(rig, "R1", 160)
    buy(rig, "R2", 160)
    buy(rig, "R3", 250, BEN)
    move(rig, "R2", rig.ben)
    assert (rig.points(rig.anna), rig.points(rig.ben)) == (1, 4)
    adds_up(rig)
    move(rig, "R2", rig.anna)
    assert (rig.points(rig.anna), rig.points(rig.ben)) == (3, 2)
    adds_up(rig)


def test_a_day_with_a_cap_adds_up_after_it():
    rig = made(CAPPED)
    buy(rig, "R1", 2500)
    buy(rig, "R2", 2500)
    buy(rig, "R3", 2500, BEN)
    move(rig, "R1", rig.ben)
    adds_up(rig)
    assert rig.points(rig.ben) == 30
    buy(rig, "R4", 100)
    assert rig.points(rig.anna) == 26
    adds_up(rig)


def test_a_receipt_that_made_room_in_a_days_cap_takes_it_along():
    rig = made(CAPPED)
    buy(rig, "R1", 4000)
    buy(rig, "R2", 1900)
    for name, receipt, amount in (("F1", "R1", 4000), ("F2", "R2", 1800)):
        rig.tell(refund(name, receipt, amount, at=rig.clock.now()))
        rig.run()
    move(rig, "R2", rig.ben)
    adds_up(rig)


def test_what_is_nobodys_or_of_the_same_account_is_not_moved(rig):
    rig.tell(sale("R1", 2000, at=NOON))
    rig.run()
    assert refusal(lambda: move(rig, "R1", rig.ben)) == (409, "receipt_waits")
    assert refusal(lambda: move(rig, "R9", rig.ben)) == (404, "not_found")
    merging.merge(Wish("S1", rig.ben, rig.anna, "x", shared=True), rig.shop)
    buy(rig, "R2", 2000)
    assert refusal(lambda: move(rig, "R2", rig.ben)) == (409, "same_account")
