"""What is paid for a friend is paid once, goes back once, and waits where it looks made up."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest
from infra.simulator.store import MemoryStore
from tests.rig import Rig, refund, sale, void

from loyalty import befriending, reviewing
from loyalty.audit import audit
from loyalty.connectors.spec import Guest
from loyalty.domain.transaction import BY_HAND
from loyalty.errors import Problem
from loyalty.records import (
    Staff,
    accounts,
    entries,
    referrals,
    reviews,
    staff,
    timers,
)
from loyalty.referring import Brought, attribute, brought, code

TEXT = Path("tests/programs/rewards.yaml").read_text("utf-8").partition("messages:")[0]
TERMS = (
    "referral: {referrer: 30, friend: 10, minimum: 5.00, after_days: 7, per_day: 2,"
    " clawback_days: 30}\n"
)
WEEK = timedelta(days=7)


def made(folder=Path(), terms=TERMS):
    """Sita, who tells her friends; on disk, if a folder is given."""
    rig = Rig(folder, TEXT + terms, store=MemoryStore() if folder == Path() else None)
    rig.sita = rig.join(phone=phone(0))
    rig.code = code(rig.sita, rig.shop)
    return rig


@pytest.fixture
def rig():
    rig = made()
    yield rig
    assert audit(entries.each(rig.store), accounts.each(rig.store)).findings == ()


def phone(number):
    return f"+49151123456{number:02d}"


def friend(rig, number=1, **more):
    member = rig.join(phone=phone(number), **more)
    attribute(member, rig.code, rig.shop)
    return member


def tells(rig, *facts, number=1):
    for fact in facts:
        rig.tell(fact, Guest(phone=phone(number)))
        rig.run()


def buys(rig, number=1, amount=1_000, name="R", **more):
    tells(rig, sale(f"{name}{number}", amount, at=rig.clock.now(), **more), number=number)


def gives_back(rig, amount=1_000, name="r", receipt="R1"):
    tells(rig, refund(name, receipt, amount, at=rig.clock.now()))


def passes(rig, time=WEEK):
    rig.clock.advance(time)
    rig.sweep()


def paid(rig, **more):
    """Let a friend come who is paid for; the friend's own points of the purchase are 10."""
    hari = friend(rig, **more)
    buys(rig)
    passes(rig)
    assert (rig.points(rig.sita), rig.points(hari)) == (30, 20)
    return hari


def acts(rig, member, kind):
    found = [entry for entry in rig.history(member) if entry.kind == kind]
    return [(entry.id, entry.points, entry.reason, entry.cause) for entry in found]


def refusal(call):
    with pytest.raises(Problem) as refused:
        call()
    return (refused.value.status, refused.value.code)


class Cut:
    """A bus at which the process is cut off before anything is published."""

    def publish(self, *_):
        raise KeyboardInterrupt


def cut_off(rig, work):
    shop = rig.shop
    rig.shop = shop._replace(bus=Cut())
    with pytest.raises(KeyboardInterrupt):
        work(rig.shop)
    rig.shop = shop


def told(rig, name):
    """Count how often different words were published of an entry: at most once."""
    return len({body for _, body in rig.bus.published if f'"posted:{name}"'.encode() in body})


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


def one(rig, hari):
    """Let friend and referrer be one member, as a merge leaves them."""
    merged = msgspec.structs.replace(referrals.get(rig.store, hari), referrer=hari)
    rig.store.atomically("ledger", lambda unit: referrals.put(unit, hari, merged))


def test_what_was_paid_to_two_who_are_one_by_now_goes_back_at_once(rig):
    hari = paid(rig)
    one(rig, hari)
    gives_back(rig)
    assert [points for _, points, *_ in acts(rig, hari, "withdrawal")] == [-40]


def test_two_who_are_one_by_now_cannot_be_approved(rig):
    hari = held(rig)
    one(rig, hari)
    refused = refusal(lambda: befriending.decide(hari, "approved", "Maya", rig.shop))
    assert refused == (409, "one_member")


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
    from loyalty import redeeming  # noqa: PLC0415 - used here alone
    from loyalty.redeeming import Asking, Capturing  # noqa: PLC0415

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


# -- what a guest sees --------------------------------------------------------------------------


def test_friends_are_counted_who_came_who_are_paid_and_who_wait(rig):
    assert brought(rig.sita, rig.shop) == Brought(0, 0, 0)
    paid(rig)
    friend(rig, 2)
    assert brought(rig.sita, rig.shop) == Brought(2, 1, 1)
    gives_back(rig)
    assert brought(rig.sita, rig.shop) == Brought(2, 0, 1)
