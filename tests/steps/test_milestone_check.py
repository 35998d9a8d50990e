"""Milestones granted: once, ever, in whatever order acts are told, with one message for all."""

from __future__ import annotations

from datetime import timedelta
from itertools import permutations

import pytest
from tests.rig import NOON, refund, sale, void
from tests.steps.cafe import SITA

from loyalty.records import milestones, vouchers

HOUR = timedelta(hours=1)


def gifts(cafe, member):
    return [each for each in cafe.kinds(member) if each[0] in ("award", "withdrawal")]


def voucher_states(cafe):
    return [voucher.state for voucher in vouchers.find(cafe.rig.store)]


def visits(cafe, *names):
    """Let a guest come once for each name, two hours apart."""
    for name in names:
        cafe.rig.clock.advance(2 * HOUR)
        cafe.buys(name, 100)


# -- granting -----------------------------------------------------------------------------


def test_a_line_that_is_crossed_gives_its_points_once(cafe):
    member = cafe.join()
    cafe.buys("A", 4900)
    cafe.buys("B", 200)
    cafe.buys("C", 300)
    assert gifts(cafe, member) == [("award", 5)]
    assert cafe.points(member) == 49 + 2 + 3 + 5


def test_an_award_is_no_progress_towards_the_next_line(cafe):
    member = cafe.join()
    cafe.buys("A", 9600)  # 96 points and 5: the line at a hundred is not reached
    assert gifts(cafe, member) == [("award", 5)]
    assert cafe.rig.account(member).totals.points == 96


def test_one_act_over_several_lines_gives_all_of_them_in_one_message(cafe):
    member = cafe.join()
    cafe.buys("A", 20500)
    assert gifts(cafe, member) == [("award", 5), ("award", 7), ("award", 7)]
    (text,) = cafe.texts()
    assert text == (
        "Sita, +205. Balance 224, 0 to come. You are Gold. Fifty points: +5 points. "
        "Hundred points: +7 points. Hundred points: +7 points."
    )


def test_a_voucher_has_a_code_that_the_guest_is_told(cafe):
    member = cafe.join()
    visits(cafe, "A", "B", "C")
    (voucher,) = vouchers.find(cafe.rig.store, ("member", "==", member))
    assert (voucher.reward, voucher.state) == ("coffee", "open")
    assert voucher.expires_at == cafe.now + timedelta(days=30)
    assert cafe.texts()[-1].endswith(f"Third visit: a coffee, code {voucher.code}.")


def test_a_visit_within_the_sitting_reaches_nothing(cafe):
    cafe.join()
    visits(cafe, "A", "B")
    cafe.buys("C", 100)
    assert voucher_states(cafe) == []


def test_an_edit_can_reach_a_line_too(cafe):
    member = cafe.join()
    cafe.buys("A", 4900)
    cafe.tells(sale("A", 5000, revision=1))
    assert gifts(cafe, member) == [("award", 5)]


# -- going back ---------------------------------------------------------------------------


def test_what_is_kept_stays_when_a_refund_goes_below_the_line(cafe):
    member = cafe.join()
    cafe.buys("A", 5000)
    cafe.tells(refund("a", "A", 5000))
    assert gifts(cafe, member) == [("award", 5)]
    assert cafe.points(member) == 5


def test_what_is_withdrawn_goes_with_its_points(cafe):
    member = cafe.join()
    cafe.buys("A", 10000)
    cafe.tells(refund("a", "A", 1000))
    assert gifts(cafe, member) == [("award", 5), ("award", 7), ("withdrawal", -7)]
    assert cafe.points(member) == 90 + 5


def test_a_withdrawn_voucher_can_no_longer_be_used(cafe):
    cafe.join()
    visits(cafe, "A", "B", "C")
    cafe.tells(void("C"))
    assert voucher_states(cafe) == ["withdrawn"]


def test_a_redeemed_voucher_is_not_withdrawn(cafe):
    cafe.join()
    visits(cafe, "A", "B", "C")
    store = cafe.rig.store
    for key, body in store.documents.items():
        if key.collection == "vouchers":
            store.documents[key] = body.replace(b'"state":"open"', b'"state":"redeemed"')
    cafe.tells(void("C"))
    assert voucher_states(cafe) == ["redeemed"]


@pytest.mark.parametrize("times", [1, 2, 3])
def test_a_line_is_never_granted_twice_also_after_it_was_withdrawn(cafe, times):
    member = cafe.join()
    cafe.buys("A", 9900)
    for number in range(times):
        cafe.buys(f"R{number}", 100)
        cafe.tells(void(f"R{number}"))
        cafe.rig.clock.advance(HOUR)
    assert gifts(cafe, member).count(("award", 7)) == 1
    assert gifts(cafe, member).count(("withdrawal", -7)) == 1


def test_a_withdrawn_award_that_is_still_there_leaves_no_debt(cafe):
    member = cafe.join()
    cafe.buys("A", 9900)
    cafe.buys("B", 100)
    cafe.tells(void("A"))
    cafe.tells(void("B"))
    # 99 + 1 + 5 + 7 - 99 - 7 - 1 = 5: nothing was spent, nothing is owed.
    assert (cafe.points(member), cafe.rig.account(member).debt) == (5, 0)


# -- duplicates and order -----------------------------------------------------------------


def test_an_act_told_46_times_gives_once_and_says_so_once(cafe):
    member = cafe.join()
    cafe.buys("A", 10000)
    act = next(body for topic, body in cafe.bus.published if topic == "points-posted")
    cafe.bus.publish("points-posted", [act] * 45)
    cafe.rig.run()
    assert gifts(cafe, member) == [("award", 5), ("award", 7)]
    assert len(cafe.texts()) == 1


def test_an_act_told_again_says_the_same_also_when_its_gift_was_withdrawn_since(cafe):
    cafe.join()
    cafe.buys("A", 9900)
    cafe.buys("B", 100)
    *_, act = (body for _, body in cafe.bus.published if b'"kind":"sale"' in body)
    cafe.tells(refund("b", "B", 100))
    before = {body for _, body in cafe.bus.published}
    cafe.bus.publish("points-posted", [act])
    cafe.rig.run()
    assert {body for _, body in cafe.bus.published} == before


def posted(cafe):
    """Take the acts that were posted off the bus, before anybody hears them."""
    taken = [each for each in cafe.bus.pending if each.topic == "points-posted"]
    for each in taken:
        cafe.bus.pending.remove(each)
    return [each for each in taken if each.subscription == "milestone_check"]


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_acts_told_in_any_order_end_alike(opened, order):
    """Reached by B, left by its void: whichever is heard first, nothing of it is left."""
    cafe = opened()
    member = cafe.join()
    told = []
    for fact in (sale("A", 9900), sale("B", 300), void("B")):
        cafe.told(fact, SITA)
        cafe.bus.run(cafe.rig.handler, until_empty=False)
        told += posted(cafe)
    assert len(told) == 3
    for place in order:
        cafe.bus.pending.append(told[place])
        cafe.rig.run()
    assert cafe.points(member) == 99 + 5
    guard = milestones.get(cafe.rig.store, f"milestone:{member}:hundred:100")
    assert guard.state == "withdrawn"
    assert cafe.now == NOON
