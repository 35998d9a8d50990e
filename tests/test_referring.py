"""Who brings a friend is paid once what the friend bought was kept, and so is the friend."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from infra.simulator.store import MemoryStore
from tests.rig import Rig, refund, sale

from loyalty.audit import audit
from loyalty.connectors.spec import Guest
from loyalty.errors import Problem
from loyalty.friends import referring
from loyalty.guests import merging
from loyalty.records import Staff, accounts, entries, referrals, staff, timers

TEXT = Path("tests/programs/rewards.yaml").read_text("utf-8").partition("messages:")[0]
TERMS = "referral: {referrer: 30, friend: 10, minimum: 5.00, after_days: 7, per_month: 2}\n"
WEEK = timedelta(days=7)


@pytest.fixture
def rig():
    """Sita, who tells her friends."""
    rig = Rig(Path(), TEXT + TERMS, store=MemoryStore())
    rig.sita = rig.join(phone=phone(0))
    rig.code = referring.code(rig.sita, rig.shop)
    yield rig
    assert audit(entries.each(rig.store), accounts.each(rig.store)).findings == ()


def phone(number):
    return f"+49151123456{number:02d}"


def friend(rig, number, code=None):
    member = rig.join(phone=phone(number))
    referring.attribute(member, code or rig.code, rig.shop)
    return member


def buys(rig, number, amount=1_000, name="R"):
    fact = sale(f"{name}{number}", amount, at=rig.clock.now())
    rig.tell(fact, Guest(phone=phone(number)))
    rig.run()


def passes(rig, time=WEEK):
    rig.clock.advance(time)
    rig.sweep()


def refusal(call):
    with pytest.raises(Problem) as refused:
        call()
    return refused.value.code


def test_both_are_paid_a_week_after_the_friends_first_purchase(rig):
    hari = friend(rig, 1)
    buys(rig, 1)
    passes(rig, WEEK - timedelta(minutes=1))
    assert (rig.points(rig.sita), rig.points(hari)) == (0, 10)
    passes(rig, timedelta(minutes=1))
    assert (rig.points(rig.sita), rig.points(hari)) == (30, 20)
    assert referrals.get(rig.store, hari).state == "paid"


def test_nobody_is_paid_twice_however_often_it_is_swept_or_bought(rig):
    friend(rig, 1)
    buys(rig, 1)
    passes(rig)
    buys(rig, 1, name="S")
    for _ in range(3):
        passes(rig)
    assert rig.points(rig.sita) == 30


def test_a_purchase_that_went_back_pays_nobody_until_one_is_kept(rig):
    hari = friend(rig, 1)
    buys(rig, 1)
    rig.tell(refund("r", "R1", 1_000, at=rig.clock.now()))
    rig.run()
    passes(rig)
    assert (rig.points(rig.sita), rig.points(hari)) == (0, 0)
    assert "referral" not in [timer.kind for timer in timers.find(rig.store, limit=10)]
    buys(rig, 1, name="S")
    passes(rig)
    assert (rig.points(rig.sita), rig.points(hari)) == (30, 20)


def test_a_purchase_that_is_too_small_pays_nobody(rig):
    friend(rig, 1)
    buys(rig, 1, amount=499)
    passes(rig)
    assert rig.points(rig.sita) == 0
    buys(rig, 1, amount=1, name="S")
    passes(rig)
    assert rig.points(rig.sita) == 30, "once enough is kept, both are paid"


def test_a_purchase_that_went_back_starts_the_days_anew(rig):
    friend(rig, 1)
    buys(rig, 1)
    rig.tell(refund("r", "R1", 1_000, at=rig.clock.now()))
    rig.run()
    passes(rig, timedelta(days=6))
    buys(rig, 1, name="S")
    passes(rig, timedelta(days=1))
    assert rig.points(rig.sita) == 0
    passes(rig, timedelta(days=6))
    assert rig.points(rig.sita) == 30


def test_beyond_the_months_friends_only_they_are_paid(rig):
    friends = [friend(rig, number) for number in (1, 2, 3)]
    for number in (1, 2, 3):
        buys(rig, number)
    passes(rig)
    assert rig.points(rig.sita) == 60
    assert [rig.points(each) for each in friends] == [20, 20, 20]
    assert sorted(referrals.get(rig.store, each).paid for each in friends) == [False, True, True]


def test_nobody_brings_themselves(rig):
    assert refusal(lambda: referring.attribute(rig.sita, rig.code, rig.shop)) == (
        "referral_not_allowed"
    )


def test_friends_who_bring_each_other_in_a_ring_are_refused(rig):
    hari = friend(rig, 1)
    maya = friend(rig, 2, referring.code(hari, rig.shop))
    code = referring.code(maya, rig.shop)
    assert refusal(lambda: referring.attribute(rig.sita, code, rig.shop)) == "referral_not_allowed"


def test_who_has_bought_before_cannot_be_brought(rig):
    rig.join(phone=phone(1))
    buys(rig, 1)
    assert refusal(lambda: friend(rig, 1)) == "referral_too_late"


def test_a_code_of_nobody_is_refused(rig):
    assert refusal(lambda: friend(rig, 1, "AAAA-AAAA")) == "referral_not_allowed"


def test_the_first_who_told_a_friend_is_the_one_who_is_remembered(rig):
    hari = friend(rig, 1)
    other = rig.join(phone=phone(9))
    assert not referring.attribute(hari, referring.code(other, rig.shop), rig.shop)
    assert referrals.get(rig.store, hari).referrer == rig.sita
    assert referring.code(other, rig.shop) == referring.code(other, rig.shop)


def merged(rig, one, into, *, shared=False):
    merging.merge(merging.Wish(f"{one}:{into}", one, into, "key:x", shared=shared), rig.shop)


def test_a_ring_is_seen_through_the_names_that_were_found_to_be_one_person(rig):
    hari, other = friend(rig, 1), rig.join(phone=phone(2))
    merged(rig, hari, other)
    code = referring.code(other, rig.shop)
    assert refusal(lambda: referring.attribute(rig.sita, code, rig.shop)) == "referral_not_allowed"


def test_who_shares_an_account_brings_nobody_to_it(rig):
    hari = rig.join(phone=phone(1))
    merged(rig, hari, rig.sita, shared=True)
    assert refusal(lambda: friend(rig, 1)) == "referral_not_allowed"


def test_whoever_joins_a_buyers_account_first_has_bought_before(rig):
    hari, maya = rig.join(phone=phone(1)), rig.join(phone=phone(2))
    buys(rig, 2)
    merged(rig, hari, maya, shared=True)
    assert refusal(lambda: friend(rig, 1)) == "referral_too_late"


def test_the_job_of_a_referrer_is_known_by_any_of_their_names(rig):
    hari, other = friend(rig, 1), rig.join(phone=phone(2))
    person = Staff(id="s_1", name="Sita", pin="", store="main", guest=other)
    rig.store.atomically("people", lambda unit: staff.put(unit, "s_1", person))
    merged(rig, other, rig.sita)
    buys(rig, 1)
    passes(rig)
    assert referrals.get(rig.store, hari).state == "held"


def test_what_others_on_the_account_bought_does_not_pay_for_a_friend(rig):
    hari, maya = friend(rig, 1), rig.join(phone=phone(2))
    buys(rig, 2, amount=400)
    merged(rig, hari, maya, shared=True)
    buys(rig, 1, amount=200)
    passes(rig)
    assert referrals.get(rig.store, hari).state == "held"
