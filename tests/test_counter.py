"""What the counter knows before payment: what a guest can take, and what a basket earns."""

from __future__ import annotations

from pathlib import Path

import pytest
from infra.simulator.store import MemoryStore
from tests.rig import Rig, sale

from loyalty.connectors.spec import Guest
from loyalty.counter import quoting, redeeming
from loyalty.counter.redeeming import Asking

PROGRAM = Path("tests/programs/rewards.yaml").read_text("utf-8")
PHONE = "+4915112345671"


@pytest.fixture
def rig():
    """A guest with 25 points of one sale."""
    rig = Rig(Path(), PROGRAM, store=MemoryStore())
    rig.member = rig.join(phone=PHONE)
    rig.tell(sale("R1", 2_500), Guest(phone=PHONE))
    rig.run()
    return rig


def takeable(rig, store="main"):
    return quoting.takeable(rig.account(rig.member), store, "en", rig.shop)


def quote(rig, amount, member=None, **more):
    basket = sale("quote", amount, at=rig.clock.now(), **more)
    who = rig.member if member is None else member
    return quoting.quote(basket, who, "en", rig.shop)


def test_what_a_guest_can_take_comes_first_then_what_is_nearest(rig):
    found = takeable(rig)
    assert found.points == 25
    assert [(each.reward, each.missing) for each in found.rewards] == [
        ("pay", 0), ("coffee", 0), ("two_off", 5),
    ]  # fmt: skip


def test_points_as_money_tell_the_most_that_can_pay(rig):
    assert next(each.most for each in takeable(rig).rewards if each.reward == "pay") == 20


def test_a_store_offers_what_is_to_be_had_there(rig):
    assert "cruise" in [each.reward for each in takeable(rig, "pier").rewards]


def test_a_voucher_is_listed_until_it_is_set_aside(rig):
    rig.tell(sale("R2", 100, at=rig.clock.now().replace(hour=17)), Guest(phone=PHONE))
    rig.run()
    (cake,) = takeable(rig).vouchers
    assert (cake.title, len(cake.code)) == ("a cake", 9)
    redeeming.hold(Asking("H1", rig.member, voucher=cake.voucher), rig.shop)
    assert takeable(rig).vouchers == ()


def test_a_quote_is_what_the_sale_then_books(rig):
    said = quote(rig, 1_290)
    rig.tell(sale("R2", 1_290, at=rig.clock.now()), Guest(phone=PHONE))
    rig.run()
    assert (said.eligible, said.points, said.balance_after) == (1_290, 12, 37)
    assert said.reasons == ("EUR 12.90: 1 point per euro",)
    assert rig.points(rig.member) == 37


def test_a_quote_books_nothing(rig):
    before = rig.dump()
    quote(rig, 1_000)
    assert rig.dump() == before


def test_a_quote_tells_what_would_be_reached(rig):
    later = rig.clock.now().replace(hour=17)
    rig.clock.set(later)
    assert quote(rig, 500).milestones == ("Second visit",)


def test_a_stranger_hears_what_they_would_have_earned(rig):
    said = quote(rig, 1_000, member="")
    assert (said.points, said.takeable) == (10, None)
