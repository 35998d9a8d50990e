"""A payment for a friend that looks made up waits for a person."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from tests.friends import (
    buys,
    cut_off,
    friend,
    made,
    one,
    paid,
    passes,
    phone,
    refusal,
    rig,
    tells,
    told,
)
from tests.rig import void

from loyalty.counter import reviewing
from loyalty.domain.transaction import BY_HAND
from loyalty.errors import Problem
from loyalty.friends import befriending
from loyalty.friends.referring import Brought, attribute, brought, code
from loyalty.guests import erasing
from loyalty.records import (
    Staff,
    referrals,
    reviews,
    staff,
)

__all__ = ["rig"]


# -- a person's word ----------------------------------------------------------------------------


def held(rig):
    """Let a friend come whose first purchase was keyed in."""
    hari = friend(rig)
    buys(rig, revision=BY_HAND)
    passes(rig)
    assert (rig.points(rig.sita), referrals.get(rig.store, hari).state) == (0, "held")
    return hari


def test_what_looks_made_up_waits_in_the_queue_with_the_reason(rig):
    hari = held(rig)
    [review] = reviews.find(rig.store, ("state", "==", "open"), order="at")
    assert (review.receipt, review.kind, review.member, review.why) == (
        f"referral:{hari}", "referral", rig.sita, "the friend's first purchase was keyed in by hand"
    )  # fmt: skip
    assert brought(rig.sita, rig.shop) == Brought(1, 0, 1)


def test_a_staff_members_friend_who_buys_only_there_waits(rig):
    person = Staff(id="s_1", name="Sita", pin="", store="main", guest=rig.sita)
    rig.store.atomically("people", lambda unit: staff.put(unit, "s_1", person))
    hari, maya = friend(rig), friend(rig, 2)
    buys(rig)
    buys(rig, 2, store="pier")
    passes(rig)
    states = [referrals.get(rig.store, each).state for each in (hari, maya)]
    assert states == ["held", "paid"]


def test_more_friends_in_a_day_than_the_program_allows_all_wait(rig):
    friends = [friend(rig, number) for number in (1, 2, 3)]
    for number in (1, 2, 3):
        buys(rig, number)
    passes(rig)
    assert {referrals.get(rig.store, each).state for each in friends} == {"held"}
    assert rig.points(rig.sita) == 0


def test_addresses_that_look_alike_wait_and_the_ledger_does_not_quote_them(rig):
    teller = rig.join(email="si.ta@momo.example")
    hari = rig.join(phone=phone(1), email="sita@momo.example")
    attribute(hari, code(teller, rig.shop), rig.shop)
    buys(rig)
    passes(rig)
    assert "but for dots" in reviews.get(rig.store, f"referral:{hari}").why
    assert b"momo.example" not in b"".join(body for _, body in rig.dump()["reviews"])


def test_one_mailbox_cannot_bring_itself(rig):
    teller = rig.join(email="sita@momo.example")
    other = rig.join(email="sita+2@momo.example")
    again = code(teller, rig.shop)
    assert refusal(lambda: attribute(other, again, rig.shop)) == (422, "referral_not_allowed")


def test_an_approval_pays_both_once(rig):
    hari = held(rig)
    assert befriending.decide(hari, "approved", "Maya", rig.shop) == 40
    rig.run()
    assert (rig.points(rig.sita), rig.points(hari)) == (30, 20)
    for verdict in ("approved", "refused"):
        twice = refusal(lambda v=verdict: befriending.decide(hari, v, "Hari", rig.shop))
        assert twice == (409, "already_decided")
    passes(rig)
    assert (rig.points(rig.sita), reviews.get(rig.store, f"referral:{hari}").by) == (30, "Maya")


def test_sixteen_approvals_at_once_pay_once(tmp_path):
    rig = made(tmp_path)
    hari = held(rig)

    def approve(number):
        try:
            return befriending.decide(hari, "approved", f"person {number}", rig.shop)
        except Problem as refused:
            return refused.code

    with ThreadPoolExecutor(16) as pool:
        said = list(pool.map(approve, range(16)))
    rig.run()
    assert sorted(map(str, said)) == ["40"] + ["already_decided"] * 15
    assert (rig.points(rig.sita), rig.points(hari)) == (30, 20)
    rig.close()


def test_an_approval_cut_off_before_it_is_told_is_told_by_the_sweep(rig):
    hari = held(rig)
    cut_off(rig, lambda shop: befriending.decide(hari, "approved", "Maya", shop))
    assert told(rig, f"referral:{hari}") == 0
    passes(rig, timedelta(minutes=3))
    assert (told(rig, f"referral:{hari}"), rig.points(rig.sita)) == (1, 30)


def test_what_an_approval_paid_goes_back_like_any_other(rig):
    hari = held(rig)
    befriending.decide(hari, "approved", "Maya", rig.shop)
    rig.run()
    tells(rig, void("R1", at=rig.clock.now()))
    assert (rig.points(rig.sita), rig.points(hari)) == (0, 0)


def test_a_refusal_pays_nobody_for_good(rig):
    hari = held(rig)
    assert befriending.decide(hari, "refused", "Maya", rig.shop) == 0
    tells(rig, void("R1", at=rig.clock.now()))
    buys(rig, name="S")
    passes(rig)
    assert (rig.points(rig.sita), rig.points(hari)) == (0, 10)
    assert brought(rig.sita, rig.shop) == Brought(1, 0, 0)


def test_what_went_back_while_it_waited_needs_nobody_and_may_qualify_again(rig):
    hari = held(rig)
    tells(rig, void("R1", at=rig.clock.now()))
    assert reviews.get(rig.store, f"referral:{hari}").state == "lifted"
    gone = refusal(lambda: befriending.decide(hari, "approved", "Maya", rig.shop))
    assert gone == (409, "already_decided")
    buys(rig, name="S")
    passes(rig)
    assert (rig.points(rig.sita), rig.points(hari)) == (30, 20)


def test_what_is_not_kept_cannot_be_approved_before_the_refund_is_told(rig):
    hari = held(rig)
    rig.tell(void("R1", at=rig.clock.now()))
    [fact] = [body for _, body in rig.bus.published if b'"void:generic:R1"' in body]
    rig.handler("points_calculation", fact, 1)
    early = refusal(lambda: befriending.decide(hari, "approved", "Maya", rig.shop))
    assert early == (409, "not_kept")


def test_what_does_not_wait_cannot_be_decided_on(rig):
    hari = paid(rig)
    for name in (hari, "m_nobody"):
        missing = refusal(lambda n=name: befriending.decide(n, "approved", "Maya", rig.shop))
        assert missing == (404, "not_found")
    unknown = refusal(lambda: reviewing.decide("referral:m_x", "approved", "Maya", rig.shop))
    assert unknown == (404, "not_found")


def test_two_who_are_one_by_now_cannot_be_approved(rig):
    hari = held(rig)
    one(rig, hari)
    refused = refusal(lambda: befriending.decide(hari, "approved", "Maya", rig.shop))
    assert refused == (409, "one_member")


def test_nobody_decides_on_a_friend_who_was_erased(rig):
    hari = held(rig)
    erasing.erase(hari, rig.shop)
    assert reviews.find(rig.store, ("state", "==", "open"), order="at") == []
    assert brought(rig.sita, rig.shop) == Brought(0, 0, 0)
    decide = lambda: befriending.decide(hari, "approved", "staff:maya", rig.shop)  # noqa: E731 - said once
    assert refusal(decide) == (409, "already_decided")
