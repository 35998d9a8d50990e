"""A receipt without a card is claimed by its code: once, in time, before or after it comes."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from infra.simulator.store import MemoryStore
from tests.rig import NOON, Rig, refund, sale

from loyalty.connectors.spec import Guest
from loyalty.counter import claiming
from loyalty.errors import Problem

SITA, HARI = "+4915112345671", "+4915112345673"
PROGRAM = Path("tests/programs/rewards.yaml").read_text("utf-8")


@pytest.fixture
def rig():
    return Rig(Path(), PROGRAM, store=MemoryStore())


def buys(rig, receipt="R1", amount=1000, **more):
    rig.tell(sale(receipt, amount, **more))
    rig.run()


def code(rig, receipt="R1"):
    return claiming.code(f"generic:{receipt}", rig.shop.pepper)


def claims(rig, member, typed):
    """Tell what came of a claim, or why it was refused."""
    try:
        found = claiming.claim(member, typed, rig.shop)
    except Problem as refused:
        return refused.code
    rig.run()
    return found


def test_a_receipt_is_the_guests_who_types_its_code(rig):
    member = rig.join(phone=SITA)
    buys(rig)
    assert claims(rig, member, f" {code(rig).lower()} ") == "claimed"
    assert rig.points(member) == 10
    assert rig.receipt("R1").member == member


def test_a_receipt_that_comes_after_its_claim_finds_the_guest(rig):
    member = rig.join(phone=SITA)
    assert claims(rig, member, code(rig)) == "waiting"
    buys(rig)
    assert rig.points(member) == 10


def test_a_receipt_is_claimed_once_ever(rig):
    sita, hari = rig.join(phone=SITA), rig.join("Hari", HARI)
    buys(rig)
    assert [claims(rig, each, code(rig)) for each in (sita, sita, hari)] == [
        "claimed", "claimed", "receipt_used",
    ]  # fmt: skip
    assert (rig.points(sita), rig.points(hari)) == (10, 0)


def test_what_went_back_before_the_claim_earns_nothing(rig):
    member = rig.join(phone=SITA)
    buys(rig)
    rig.tell(refund("F1", "R1", 400))
    rig.run()
    claims(rig, member, code(rig))
    assert rig.points(member) == 6


def test_a_receipt_can_be_claimed_for_seven_days(rig):
    member = rig.join(phone=SITA)
    buys(rig)
    buys(rig, "R2")
    rig.clock.set(NOON + claiming.WINDOW - timedelta(seconds=1))
    assert claims(rig, member, code(rig)) == "claimed"
    rig.clock.set(NOON + claiming.WINDOW)
    assert claims(rig, member, code(rig, "R2")) == "receipt_too_old"


def test_a_slip_is_no_claim(rig):
    member, right = rig.join(phone=SITA), code(rig)
    slips = (right[:-1], f"{right}X", f"{'B' if right[0] == 'A' else 'A'}{right[1:]}", "")
    assert {claims(rig, member, each) for each in slips} == {"invalid_receipt_code"}


def test_ten_tries_a_day_are_enough(rig):
    member = rig.join(phone=SITA)
    buys(rig)
    tried = [claims(rig, member, "AAAA-AAAAA") for _ in range(10)]
    assert claims(rig, member, code(rig)) == "too_many_claims"
    rig.clock.advance(timedelta(days=1))
    assert (len(tried), claims(rig, member, code(rig))) == (10, "claimed")


def test_a_receipt_with_a_guest_has_no_code_that_works(rig):
    sita, hari = rig.join(phone=SITA), rig.join("Hari", HARI)
    rig.tell(sale("R1", 1000), Guest(phone=SITA))
    rig.run()
    assert claims(rig, hari, code(rig)) == "waiting"
    assert (rig.points(sita), rig.points(hari)) == (10, 0)
