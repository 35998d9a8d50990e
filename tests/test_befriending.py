"""What is paid for a friend is paid once, and goes back once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from tests.friends import (
    TERMS,
    WEEK,
    acts,
    buys,
    cut_off,
    friend,
    gives_back,
    made,
    one,
    paid,
    passes,
    phone,
    rig,
    tells,
    told,
)
from tests.rig import refund, void

from loyalty.audit import audit
from loyalty.friends import befriending
from loyalty.friends.referring import Brought, brought
from loyalty.guests import erasing, homes, merging
from loyalty.guests.merging import Wish
from loyalty.records import (
    accounts,
    entries,
    referrals,
    timers,
)

__all__ = ["rig"]


# -- paid once ----------------------------------------------------------------------------------


def the_timer(rig, hari):
    found = timers.get(rig.store, befriending.payment(hari))
    assert found
    return found


def test_a_payment_cut_off_before_it_is_told_is_told_later_and_made_once(rig):
    hari = friend(rig)
    buys(rig)
    rig.clock.advance(WEEK)
    timer = the_timer(rig, hari)
    cut_off(rig, lambda shop: befriending.pay(timer, shop))
    assert told(rig, f"referral:{hari}") == 0
    befriending.pay(timer, rig.shop)
    passes(rig, timedelta(minutes=3))
    assert (told(rig, f"referral:{hari}"), told(rig, f"referral:{hari}:friend")) == (1, 1)
    assert (rig.points(rig.sita), rig.points(hari)) == (30, 20)


def test_sixteen_sweeps_at_once_pay_once(tmp_path):
    rig = made(tmp_path)
    hari = friend(rig)
    buys(rig)
    rig.clock.advance(WEEK)
    timer = the_timer(rig, hari)
    with ThreadPoolExecutor(16) as pool:
        list(pool.map(lambda _: befriending.pay(timer, rig.shop), range(16)))
    rig.run()
    assert (rig.points(rig.sita), rig.points(hari)) == (30, 20)
    assert len(acts(rig, rig.sita, "referral")) == 1
    assert timers.get(rig.store, befriending.payment(hari)) is None
    assert audit(entries.each(rig.store), accounts.each(rig.store)).findings == ()
    rig.close()


def test_a_sweep_that_looked_too_early_pays_nobody_before_the_new_days_are_over(rig):
    hari = friend(rig)
    buys(rig)
    early = the_timer(rig, hari)
    rig.clock.advance(timedelta(days=6))
    gives_back(rig)
    buys(rig, name="S")
    rig.clock.advance(timedelta(days=1))
    befriending.pay(early, rig.shop)
    assert rig.points(rig.sita) == 0
    passes(rig, timedelta(days=6))
    assert rig.points(rig.sita) == 30


def test_acts_that_are_told_in_any_order_leave_the_same_friend(rig):
    hari = friend(rig)
    buys(rig, amount=600)
    gives_back(rig, 600)
    buys(rig, name="S", amount=600)
    for _, body in reversed(list(rig.bus.published)):
        if b'"posted:' in body:
            rig.handler("milestone_check", body, 1)
    assert referrals.get(rig.store, hari).state == "qualified"


def test_a_timer_that_is_left_over_pays_nobody_and_goes(rig):
    hari = friend(rig)
    buys(rig)
    left = the_timer(rig, hari)
    passes(rig)
    name = befriending.payment(hari)
    rig.store.atomically("ledger", lambda unit: timers.put(unit, name, left))
    rig.sweep()
    assert (rig.points(rig.sita), timers.get(rig.store, name)) == (30, None)


def test_a_purchase_that_is_told_of_after_it_went_back_starts_no_clock(rig):
    hari = friend(rig)
    buys(rig)
    gives_back(rig)
    [bought] = {body for _, body in rig.bus.published if b'"posted:sale:generic:R1"' in body}
    rig.handler("milestone_check", bought, 1)
    assert referrals.get(rig.store, hari).state == "attributed"


def test_two_who_turned_out_to_be_one_member_are_not_paid(rig):
    hari = friend(rig)
    buys(rig)
    one(rig, hari)
    passes(rig)
    assert (rig.points(hari), referrals.get(rig.store, hari).state) == (10, "refused")


def test_what_was_paid_to_two_who_are_one_by_now_goes_back_at_once(rig):
    hari = paid(rig)
    one(rig, hari)
    gives_back(rig)
    assert [points for _, points, *_ in acts(rig, hari, "withdrawal")] == [-40]


# -- taken back ---------------------------------------------------------------------------------


def test_both_lose_it_when_too_little_is_kept_and_the_history_says_why(rig):
    hari = paid(rig)
    gives_back(rig, 501)
    assert (rig.points(rig.sita), rig.points(hari)) == (0, 4)
    pay = f"referral:{hari}"
    assert acts(rig, rig.sita, "withdrawal") == [
        (f"{pay}:back", -30, "too little of a friend's purchase was kept", pay)
    ]
    assert acts(rig, hari, "withdrawal") == [
        (f"{pay}:friend:back", -10, "too little of your purchase was kept", f"{pay}:friend")
    ]


def test_as_long_as_enough_is_kept_nobody_loses_it(rig):
    hari = paid(rig)
    gives_back(rig, 500)
    assert (rig.points(rig.sita), rig.points(hari)) == (30, 15)


def test_it_goes_back_once_however_often_it_is_told(rig):
    hari = paid(rig)
    gives_back(rig)
    gone = [body for _, body in rig.bus.published if b'"posted:refund:' in body]
    before = rig.dump()
    for body in gone * 2:
        rig.handler("milestone_check", body, 1)
    rig.run()
    assert rig.dump() == before
    assert told(rig, f"referral:{hari}:back") == 1
    tells(rig, void("R1", at=rig.clock.now()))
    assert len(acts(rig, rig.sita, "withdrawal")) == 1


def test_taking_back_cut_off_before_it_is_told_is_told_by_the_next_delivery(rig):
    hari = paid(rig)
    rig.tell(refund("r", "R1", 1_000, at=rig.clock.now()))
    cut_off(rig, lambda _: rig.run())  # the refund is booked and not told
    rig.run()
    assert (rig.points(rig.sita), rig.points(hari)) == (0, 0)
    assert (told(rig, f"referral:{hari}:back"), told(rig, f"referral:{hari}:friend:back")) == (1, 1)


def test_the_step_cut_off_after_taking_back_publishes_the_same_when_it_comes_again(rig):
    hari = paid(rig)
    rig.tell(refund("r", "R1", 1_000, at=rig.clock.now()))
    [fact] = [body for topic, body in rig.bus.published if b"refund:generic:R1:r" in body]
    rig.handler("points_calculation", fact, 1)
    [posted] = [body for _, body in rig.bus.published if b'"posted:refund:' in body]
    cut_off(rig, lambda _: rig.handler("milestone_check", posted, 1))
    before = rig.dump()
    assert (rig.points(rig.sita), told(rig, f"referral:{hari}:back")) == (0, 0)
    rig.handler("milestone_check", posted, 2)
    assert rig.dump() == before
    assert (told(rig, f"referral:{hari}:back"), told(rig, f"referral:{hari}:friend:back")) == (1, 1)


def test_after_the_days_of_the_program_nothing_goes_back(rig):
    paid(rig)
    rig.clock.advance(timedelta(days=30))
    gives_back(rig)
    assert rig.points(rig.sita) == 30


def test_on_the_last_day_it_still_does(rig):
    paid(rig)
    rig.clock.advance(timedelta(days=30) - timedelta(minutes=1))
    gives_back(rig)
    assert rig.points(rig.sita) == 0


def test_without_such_days_what_was_paid_stays():
    rig = made(terms=TERMS.replace("clawback_days: 30", "clawback_days: 0"))
    paid(rig)
    gives_back(rig)
    assert rig.points(rig.sita) == 30


def test_what_was_spent_meanwhile_follows_the_policy_on_debt(rig):
    from loyalty.counter import redeeming  # noqa: PLC0415 - used here alone
    from loyalty.counter.redeeming import Asking, Capturing  # noqa: PLC0415

    paid(rig)
    redeeming.hold(Asking(id="H1", member=rig.sita, reward="coffee"), rig.shop)
    redeeming.capture(Capturing(id="H1"), rig.shop)
    gives_back(rig)
    assert (rig.points(rig.sita), rig.account(rig.sita).debt) == (-20, 20)


def test_a_friend_is_paid_for_once_ever(rig):
    hari = paid(rig)
    gives_back(rig)
    buys(rig, name="S")
    passes(rig)
    assert (rig.points(rig.sita), rig.points(hari)) == (0, 10)
    assert referrals.get(rig.store, hari).state == "withdrawn"


def test_a_referrer_who_got_nothing_loses_nothing():
    rig = made(terms=TERMS.replace("per_day", "per_month: 1, per_day"))
    for number in (1, 2):
        friend(rig, number)
        buys(rig, number)
    passes(rig)
    assert rig.points(rig.sita) == 30
    unpaid = next(r for r in referrals.each(rig.store) if not r.paid)
    number = 1 if rig.join(phone=phone(1)) == unpaid.friend else 2
    gives_back(rig, receipt=f"R{number}")
    assert (rig.points(rig.sita), rig.points(unpaid.friend)) == (30, 0)


def test_a_friend_who_got_nothing_loses_nothing():
    rig = made(terms=TERMS.replace("friend: 10, ", ""))
    hari = friend(rig)
    buys(rig)
    passes(rig)
    assert (rig.points(rig.sita), rig.points(hari)) == (30, 10)
    gives_back(rig)
    assert (rig.points(rig.sita), rig.points(hari)) == (0, 0)
    assert acts(rig, hari, "withdrawal") == []


# -- what a guest sees --------------------------------------------------------------------------


def test_friends_are_counted_who_came_who_are_paid_and_who_wait(rig):
    assert brought(rig.sita, rig.shop) == Brought(0, 0, 0)
    paid(rig)
    friend(rig, 2)
    assert brought(rig.sita, rig.shop) == Brought(2, 1, 1)
    gives_back(rig)
    assert brought(rig.sita, rig.shop) == Brought(2, 0, 1)


# -- who is erased ------------------------------------------------------------------------------


def test_a_friend_who_is_erased_is_waited_for_no_more(rig):
    hari = friend(rig)
    buys(rig)
    assert brought(rig.sita, rig.shop) == Brought(1, 0, 1)
    erasing.erase(hari, rig.shop)
    passes(rig)
    assert brought(rig.sita, rig.shop) == Brought(0, 0, 0)
    assert (referrals.get(rig.store, hari).state, rig.points(rig.sita)) == ("ended", 0)
    assert timers.get(rig.store, f"referral:{hari}") is None


def test_a_friend_who_was_paid_for_stays_paid_when_they_are_erased(rig):
    hari = paid(rig)
    erasing.erase(hari, rig.shop)
    passes(rig)
    assert brought(rig.sita, rig.shop) == Brought(1, 1, 0)
    assert rig.points(rig.sita) == 30


def test_a_friend_of_somebody_erased_is_paid_alone(rig):
    hari = friend(rig)
    buys(rig)
    erasing.erase(rig.sita, rig.shop)
    passes(rig)
    assert (rig.points(rig.sita), rig.points(hari)) == (0, 20)


def test_a_friend_who_shares_an_account_is_erased_and_whoever_stays_keeps_it(rig):
    hari, other = friend(rig), rig.join(phone=phone(2))
    buys(rig)
    merging.merge(Wish("S1", other, hari, "owner", shared=True), rig.shop)
    erasing.erase(hari, rig.shop)
    account = homes.find(rig.store, other).account
    assert (homes.people(rig.store, account), referrals.get(rig.store, hari).state) == (
        (other,), "ended",
    )  # fmt: skip
