"""A reward is held, then captured, voided or let go: once, whoever asks how often."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from infra.simulator.store import MemoryStore
from tests.rig import Rig, refund, sale, void

from loyalty.audit import audit
from loyalty.connectors.spec import Guest
from loyalty.counter import redeeming
from loyalty.counter.redeeming import Asking, Capturing
from loyalty.errors import Problem
from loyalty.events import peek
from loyalty.records import accounts, entries, vouchers

PROGRAM = Path("tests/programs/rewards.yaml").read_text("utf-8")
PHONE = "+4915112345671"


@pytest.fixture
def rig():
    """A guest with 50 points of one sale."""
    rig = Rig(Path(), PROGRAM, store=MemoryStore())
    rig.member = rig.join(phone=PHONE)
    tell(rig, sale("R1", 5_000))
    yield rig
    rig.run()
    assert audit(entries.each(rig.store), accounts.each(rig.store)).findings == ()


def tell(rig, *facts):
    for fact in facts:
        rig.tell(fact, Guest(phone=PHONE))
        rig.run()


def hold(rig, name="H1", reward="coffee", **more):
    return redeeming.hold(Asking(name, rig.member, reward, **more), rig.shop)


def capture(rig, name="H1", **more):
    return redeeming.capture(Capturing(name, **more), rig.shop)


def refusal(call):
    with pytest.raises(Problem) as refused:
        call()
    return refused.value.status, refused.value.code


def balance(rig):
    return rig.points(rig.member), sum(h.points for h in rig.account(rig.member).holds)


def acts(rig):
    return [(entry.kind, entry.points) for entry in rig.history(rig.member)[1:]]


# -- holding ------------------------------------------------------------------------------


def test_a_hold_sets_the_points_of_a_reward_aside(rig):
    held = hold(rig)
    assert (held.state, held.points, held.title, held.value) == ("held", 20, "a coffee", 0)
    assert held.until == rig.clock.now() + timedelta(minutes=15)
    assert balance(rig) == (30, 20)


def test_one_made_online_stands_for_an_hour(rig):
    assert hold(rig, online=True).until == rig.clock.now() + timedelta(minutes=60)


def test_who_asks_twice_with_one_id_holds_once(rig):
    assert hold(rig) == hold(rig)
    assert balance(rig) == (30, 20)


def test_an_id_stands_for_one_hold_for_ever(rig):
    hold(rig)
    assert refusal(lambda: hold(rig, reward="two_off")) == (409, "id_reused")
    capture(rig)
    assert refusal(lambda: hold(rig, reward="two_off")) == (409, "id_reused")
    assert hold(rig).state == "captured"


def test_what_is_held_cannot_be_held_again(rig):
    hold(rig)
    hold(rig, "H2", "two_off")
    assert refusal(lambda: hold(rig, "H3")) == (409, "insufficient_points")
    assert balance(rig) == (0, 50)


@pytest.mark.parametrize(
    ("reward", "more", "answer"),
    [
        ("beer", {}, (422, "unknown_reward")),
        ("cake", {}, (422, "wrong_points")),
        ("coffee", {"points": 10}, (422, "wrong_points")),
        ("pay", {"points": 15}, (422, "wrong_points")),
        ("pay", {"points": 0}, (422, "wrong_points")),
        ("cruise", {"store": "main"}, (409, "not_at_this_store")),
        ("toast", {}, (409, "not_for_this_tier")),
    ],
)
def test_what_cannot_be_had_is_refused_and_says_why(rig, reward, more, answer):
    assert refusal(lambda: hold(rig, reward=reward, **more)) == answer
    assert balance(rig) == (50, 0)


def test_nobody_holds_for_a_stranger(rig):
    ask = Asking("H1", "m_nobody", "coffee")
    assert refusal(lambda: redeeming.hold(ask, rig.shop)) == (404, "not_found")


# -- capturing ----------------------------------------------------------------------------


def test_a_capture_spends_what_was_held(rig):
    hold(rig)
    taken = capture(rig)
    assert (taken.state, taken.points) == ("captured", 20)
    assert balance(rig) == (30, 0)
    assert acts(rig) == [("hold", -20), ("capture", 0)]


def test_a_till_that_lost_the_answer_captures_once(rig):
    hold(rig)
    assert capture(rig) == capture(rig)
    assert balance(rig) == (30, 0)


def test_points_as_money_may_be_captured_for_less(rig):
    assert hold(rig, reward="pay", points=40).value == 200
    taken = capture(rig, points=30)
    assert (taken.points, taken.value) == (30, 150)
    assert balance(rig) == (20, 0)


def test_nothing_else_is_captured_for_less_or_for_more(rig):
    hold(rig)
    assert refusal(lambda: capture(rig, points=10)) == (422, "wrong_points")
    hold(rig, "H2", "pay", points=10)
    assert refusal(lambda: capture(rig, "H2", points=20)) == (422, "wrong_points")


def test_what_was_captured_is_not_captured_in_another_way(rig):
    hold(rig, reward="pay", points=40)
    capture(rig, points=30)
    assert refusal(lambda: capture(rig, points=40)) == (409, "already_captured")


def test_there_is_no_hold_that_nobody_made(rig):
    assert refusal(lambda: capture(rig, "H9")) == (404, "not_found")


# -- giving up, and time ------------------------------------------------------------------


def test_a_void_gives_back_at_once_and_ends_it(rig):
    hold(rig)
    assert redeeming.void("H1", "", rig.shop).state == "voided"
    assert balance(rig) == (50, 0)
    assert redeeming.void("H1", "", rig.shop).state == "voided"
    assert refusal(lambda: capture(rig)) == (409, "hold_voided")
    assert acts(rig) == [("hold", -20), ("hold-void", 20)]


def test_what_was_captured_cannot_be_voided(rig):
    hold(rig)
    capture(rig)
    assert refusal(lambda: redeeming.void("H1", "", rig.shop)) == (409, "already_captured")


def test_a_hold_that_nobody_takes_gives_its_points_back_by_time(rig):
    hold(rig)
    rig.clock.advance(timedelta(minutes=15))
    assert redeeming.look("H1", rig.shop).state == "expired"
    assert rig.points(rig.member) == 50, "even before the sweep"
    rig.sweep()
    rig.sweep()
    assert balance(rig) == (50, 0)
    assert acts(rig) == [("hold", -20), ("hold-expire", 20)]


def test_a_guest_who_had_the_reward_too_late_pays_for_it_and_staff_hear_of_it(rig):
    hold(rig)
    rig.clock.advance(timedelta(minutes=16))
    assert capture(rig).state == "captured"
    assert acts(rig)[1:] == [("hold-expire", 20), ("recapture", -20)]
    assert capture(rig).state == "captured"
    assert balance(rig) == (30, 0)


def test_a_late_capture_may_open_a_debt(rig):
    hold(rig)
    rig.clock.advance(timedelta(minutes=16))
    hold(rig, "H2", "pay", points=50)
    capture(rig)
    assert (rig.points(rig.member), rig.account(rig.member).debt) == (-20, 20)


def test_points_that_lapsed_while_they_were_held_are_not_given_back(rig):
    rig.clock.set(rig.account(rig.member).lots[0].expires_at - timedelta(minutes=5))
    hold(rig)
    rig.clock.advance(timedelta(minutes=30))
    rig.sweep()
    assert balance(rig) == (0, 0)
    assert sorted(acts(rig)) == [("expire", -30), ("hold", -20), ("hold-expire", 0)]


def test_a_refund_never_takes_what_is_held(rig):
    hold(rig)
    tell(rig, refund("r", "R1", 5_000))
    account = rig.account(rig.member)
    assert (account.debt, account.lots, balance(rig)[1]) == (20, (), 20)
    redeeming.void("H1", "", rig.shop)
    assert (rig.account(rig.member).debt, balance(rig)) == (0, (0, 0))


# -- vouchers -----------------------------------------------------------------------------


def with_cake(rig):
    tell(rig, sale("R2", 1_000, at=rig.clock.now() + timedelta(hours=5)))
    return vouchers.find(rig.store, ("member", "==", rig.member))[0]


def test_a_voucher_is_held_and_used_once_and_costs_no_points(rig):
    cake = with_cake(rig)
    before = rig.points(rig.member)
    assert hold(rig, reward="", voucher=cake.id).reward == "cake"
    assert refusal(lambda: hold(rig, "H2", "", voucher=cake.id)) == (409, "voucher_held")
    capture(rig)
    assert refusal(lambda: hold(rig, "H3", "", voucher=cake.id)) == (409, "voucher_used")
    assert (rig.points(rig.member), vouchers.get(rig.store, cake.id).state) == (before, "redeemed")


def test_a_voucher_whose_hold_was_voided_can_be_held_again(rig):
    cake = with_cake(rig)
    hold(rig, reward="", voucher=cake.id)
    redeeming.void("H1", "", rig.shop)
    assert hold(rig, "H2", "", voucher=cake.id).state == "held"


def test_a_voucher_that_expired_is_refused(rig):
    cake = with_cake(rig)
    rig.clock.set(cake.expires_at)
    assert refusal(lambda: hold(rig, reward="", voucher=cake.id)) == (409, "voucher_expired")


def test_nobody_uses_the_voucher_of_another(rig):
    cake = with_cake(rig)
    other = rig.join(phone="+4915112345673")
    ask = Asking("H1", other, voucher=cake.id)
    assert refusal(lambda: redeeming.hold(ask, rig.shop)) == (404, "not_found")


# -- on a receipt -------------------------------------------------------------------------


def test_a_receipt_that_goes_back_gives_its_reward_back_to_the_same_lots(rig):
    before = rig.account(rig.member).lots
    hold(rig)
    capture(rig, receipt="generic:R5")
    tell(rig, sale("R5", 1_000))
    assert balance(rig) == (40, 0)
    tell(rig, refund("r", "R5", 1_000))
    assert (balance(rig), rig.account(rig.member).lots) == ((50, 0), before)
    tell(rig, refund("r", "R5", 1_000), void("R5"))
    assert balance(rig) == (50, 0)


def test_a_reward_is_used_on_a_receipt_that_is_there_already(rig):
    tell(rig, sale("R5", 1_000))
    hold(rig)
    capture(rig, receipt="generic:R5")
    tell(rig, void("R5"))
    assert balance(rig) == (50, 0)


def test_a_reward_used_on_a_strangers_receipt_makes_it_the_guests(rig):
    rig.tell(sale("R5", 1_000), Guest())
    rig.run()
    hold(rig)
    capture(rig, receipt="generic:R5")
    rig.run()
    assert rig.receipt("R5").member == rig.member
    assert balance(rig) == (40, 0)


def test_two_rewards_on_a_strangers_receipt_each_tell_of_it_in_one_form(rig):
    """Both said by one id that it is the guest's, at two times."""
    rig.tell(sale("R2", 900))
    rig.run()
    for name in ("H1", "H2"):
        hold(rig, name, "pay", points=10)
        capture(rig, name, receipt="generic:R2")
        rig.clock.advance(timedelta(minutes=1))
    rig.run()
    forms = {peek(body)["id"]: body for _, body in rig.bus.published}
    assert all(forms[peek(body)["id"]] == body for _, body in rig.bus.published)
    assert rig.receipt("R2").member == rig.member


def test_a_sale_that_comes_after_its_reward_needs_no_guest(rig):
    hold(rig)
    capture(rig, receipt="generic:R5")
    rig.tell(sale("R5", 1_000), Guest())
    rig.run()
    assert balance(rig) == (40, 0)


def test_a_part_that_goes_back_gives_a_part_of_points_as_money_back(rig):
    hold(rig, reward="pay", points=30)
    capture(rig, receipt="generic:R5")
    tell(rig, sale("R5", 1_000), refund("a", "R5", 333), refund("b", "R5", 333))
    back = [e.points for e in rig.history(rig.member) if e.kind == "restore"]
    assert back == [9, 10]
    tell(rig, refund("c", "R5", 334))
    assert balance(rig) == (50, 0)


def test_a_part_that_goes_back_gives_nothing_of_a_coffee_back(rig):
    hold(rig)
    capture(rig, receipt="generic:R5")
    tell(rig, sale("R5", 1_000), refund("a", "R5", 999))
    assert "restore" not in [entry.kind for entry in rig.history(rig.member)]


def test_points_that_lapsed_before_they_came_back_last_some_days_more(rig):
    hold(rig)
    capture(rig, receipt="generic:R5")
    rig.clock.set(rig.account(rig.member).lots[0].expires_at + timedelta(days=1))
    tell(rig, sale("R5", 1_000), void("R5"))
    (lot,) = rig.account(rig.member).lots
    assert lot.points == 20
    assert timedelta(days=7) <= lot.expires_at - rig.clock.now() <= timedelta(days=8)


def test_a_voucher_comes_back_with_its_receipt(rig):
    cake = with_cake(rig)
    hold(rig, reward="", voucher=cake.id)
    capture(rig, receipt="generic:R5")
    tell(rig, sale("R5", 1_000), void("R5"))
    assert vouchers.get(rig.store, cake.id).state == "open"
    assert hold(rig, "H2", "", voucher=cake.id).state == "held"


def test_a_receipt_of_another_guest_takes_no_reward(rig):
    other = rig.join(phone="+4915112345673")
    rig.tell(sale("R5", 1_000), Guest(phone="+4915112345673"))
    rig.run()
    assert other == rig.receipt("R5").member
    hold(rig)
    call = lambda: capture(rig, receipt="generic:R5")  # noqa: E731 - said once
    assert refusal(call) == (409, "receipt_of_another")


def test_the_guest_a_till_knows_comes_before_the_one_whose_reward_was_used(rig):
    other = rig.join(phone="+4915112345673")
    hold(rig)
    capture(rig, receipt="generic:R5")
    rig.tell(sale("R5", 1_000), Guest(phone="+4915112345673"))
    rig.run()
    assert (rig.receipt("R5").member, rig.points(other)) == (other, 10)
    rig.tell(void("R5"))
    rig.run()
    assert (rig.points(other), balance(rig)) == (0, (30, 0)), "nobody gets what is not theirs"


def test_a_reward_used_on_a_receipt_that_went_back_before_is_given_back_at_once(rig):
    tell(rig, sale("R5", 1_000), void("R5"))
    cake = with_cake(rig)
    before = rig.points(rig.member)
    hold(rig, reward="", voucher=cake.id)
    capture(rig, receipt="generic:R5")
    assert vouchers.get(rig.store, cake.id).state == "open"
    hold(rig, "H2")
    capture(rig, "H2", receipt="generic:R5")
    assert rig.points(rig.member) == before


def test_a_voucher_is_used_once_however_many_holds_of_it_ended_by_time(rig):
    cake = with_cake(rig)
    for name in ("H1", "H2"):
        hold(rig, name, "", voucher=cake.id)
        rig.clock.advance(timedelta(minutes=16))
    capture(rig, "H1")
    assert refusal(lambda: capture(rig, "H2")) == (409, "voucher_used")


def test_a_hold_that_ended_long_ago_is_captured_no_more(rig):
    hold(rig)
    rig.clock.advance(timedelta(days=8))
    assert refusal(lambda: capture(rig)) == (409, "hold_expired")


def test_points_that_waited_when_they_were_spent_late_can_be_spent_when_they_come_back():
    pending = PROGRAM.replace("earning:\n", "earning:\n  pending: {in_store: 1h}\n")
    shop = Rig(Path(), pending, store=MemoryStore())
    shop.member = shop.join(phone=PHONE)
    tell(shop, sale("R1", 2_500, at=shop.clock.now() - timedelta(hours=2)))
    hold(shop)
    shop.clock.advance(timedelta(minutes=16))
    hold(shop, "H2")
    capture(shop, "H2")
    tell(shop, sale("R2", 6_000, at=shop.clock.now()))
    capture(shop)
    shop.clock.advance(timedelta(hours=2))
    shop.sweep()
    redeeming.take_back("H1", "maya", shop.shop)
    tell(shop, sale("R3", 100, at=shop.clock.now()))
    assert shop.points(shop.member) == 25 - 20 + 60


# -- undoing ------------------------------------------------------------------------------


def test_a_capture_taken_back_gives_the_points_back_once(rig):
    hold(rig)
    assert refusal(lambda: redeeming.take_back("H1", "maya", rig.shop)) == (409, "not_captured")
    capture(rig, receipt="generic:R1")
    for _ in range(2):
        assert redeeming.take_back("H1", "maya", rig.shop).state == "voided"
    assert balance(rig) == (50, 0)
    assert rig.history(rig.member)[-1].by == "maya"
    tell(rig, void("R1"))
    assert balance(rig) == (0, 0)


def test_what_its_receipt_gave_back_is_not_taken_back_again(rig):
    hold(rig)
    capture(rig, receipt="generic:R5")
    tell(rig, sale("R5", 1_000), void("R5"))
    assert refusal(lambda: redeeming.take_back("H1", "maya", rig.shop)) == (409, "returned")
