"""What counts as the same: every word in its order, or where things came at once, in any order."""

from __future__ import annotations

import pytest
from infra.demo.checking import differences

GUEST = "+4915112345678"


def day(*texts, alerts=(), points=10):
    told = [{"channel": "sms", "to": GUEST, "text": text} for text in texts]
    return {"members": {"sita": {"points": points}}, "receipts": {}, "messages": {GUEST: told},
            "alerts": list(alerts)}  # fmt: skip


FIRST, SECOND = "Hi Sita, +5 points. Balance 5.", "Hi Sita, +9 points. Balance 14. You are gold."
OTHER_WAY = ("Hi Sita, +9 points. Balance 9. You are gold.", "Hi Sita, +5 points. Balance 14.")


@pytest.mark.parametrize("ordered", [True, False])
def test_the_same_day_has_no_difference(ordered):
    texts = (FIRST, SECOND)
    assert not differences(day(*texts), day(*texts), ordered=ordered)


def test_another_order_differs_where_one_thing_came_after_the_other():
    assert differences(day(FIRST, SECOND), day(*OTHER_WAY))


def test_another_order_is_the_same_where_things_came_at_once():
    assert not differences(day(FIRST, SECOND), day(*OTHER_WAY), ordered=False)


def test_a_sentence_may_stand_in_another_text_of_the_same_guest():
    one = day("+5 points. Welcome! Tenth visit: +15 points.", "+9 points.")
    other = day("+5 points. Tenth visit: +15 points.", "+9 points. Welcome!")
    assert differences(one, other)
    assert not differences(one, other, ordered=False)


@pytest.mark.parametrize(
    "found",
    [
        day(FIRST),
        day(FIRST, SECOND, SECOND),
        day(FIRST, SECOND.replace("+9", "+8")),
        day(FIRST, SECOND.replace("gold", "silver")),
        day(FIRST, SECOND, points=11),
        day(FIRST, SECOND, alerts=["Gold guest in the house"]),
    ],
)
def test_what_is_lost_doubled_or_changed_differs_in_any_order(found):
    assert differences(day(FIRST, SECOND), found, ordered=False)


def test_the_team_may_hear_an_alert_twice_but_must_hear_it():
    wanted = day(alerts=["big spend"])
    assert not differences(wanted, day(alerts=["big spend", "big spend"]), ordered=False)
    assert differences(wanted, day(), ordered=False)


WAITED = {"A1": GUEST, "A2": GUEST}


def joined(*points):
    texts = [f"Hi Sita, +{each} points. Balance {each}." for each in points]
    booked = {f"A{n + 1}": {"booked": p, "state": "posted"} for n, p in enumerate(points)}
    return {**day(*texts), "receipts": booked}


def test_receipts_that_waited_may_share_carried_cents_otherwise():
    assert differences(joined(15, 11), joined(16, 10))
    assert differences(joined(15, 11), joined(16, 10), ordered=False)
    assert not differences(joined(15, 11), joined(16, 10), ordered=False, waited=WAITED)


@pytest.mark.parametrize("found", [joined(15, 10), joined(15), joined(15, 12)])
def test_receipts_that_waited_come_to_the_same_sum(found):
    wrong = differences(joined(15, 11), found, ordered=False, waited=WAITED)
    assert any("waited for" in line for line in wrong)
    assert any(f"messages {GUEST}" in line for line in wrong)
