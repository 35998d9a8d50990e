"""Told beside held out: by hand, in whole minor units."""

from __future__ import annotations

from loyalty.domain.uplift import Arm, Uplift, compared


def arm(*spends: int) -> Arm:
    found = Arm()
    for spend in spends:
        found = found.plus(spend, 1 if spend else 0)
    return found


def test_a_clear_difference_is_told_with_its_bounds():
    told = arm(*[1_000] * 20, *[0] * 20)  # 500 a head, standard error 80.06
    held = arm(*[1_000] * 10, *[0] * 30)  # 250 a head, standard error 69.34
    assert (told.guests, told.buyers, told.visits, told.per_head) == (40, 20, 20, 500)
    # 1.96 x sqrt(80.06^2 + 69.34^2) = 207.6
    assert compared(told, held) == Uplift(verdict="more", difference=250, low=42, high=458)
    assert compared(held, told) == Uplift(verdict="less", difference=-250, low=-458, high=-42)


def test_what_chance_may_have_made_is_no_difference_to_be_seen():
    told, held = arm(*[1_000] * 20, *[0] * 20), arm(*[1_000] * 17, *[0] * 23)
    found = compared(told, held)
    assert found.verdict == "no difference to be seen"
    assert found.difference == 75
    assert found.low < 0 < found.high


def test_too_few_guests_or_buyers_are_too_few_to_tell():
    few, many = arm(*[1_000] * 29), arm(*[1_000] * 40)
    assert compared(many, few) == Uplift(verdict="too few to tell")
    assert compared(many, arm(*[1_000] * 9, *[0] * 400)) == Uplift(verdict="too few to tell")
    assert compared(Arm(), Arm()) == Uplift(verdict="too few to tell")


def test_bounds_are_rounded_outwards_and_a_guest_may_have_given_back_more_than_bought():
    told, held = arm(*[101] * 30), arm(*[100] * 30)
    assert compared(told, held) == Uplift(verdict="more", difference=1, low=1, high=1)
    assert arm(-500, 500).buyers == 1
    assert arm(*[10**9] * 4).squares == str(4 * 10**18)
