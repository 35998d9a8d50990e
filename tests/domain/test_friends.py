"""What makes a friend look made up, and when two addresses are one."""

from __future__ import annotations

from datetime import timedelta

import pytest
from tests.rig import NOON, sale

from loyalty.domain.entry import Receipt
from loyalty.domain.friends import (
    Seen,
    alike,
    line,
    mailbox,
    most_within_a_day,
    same_mailbox,
    suspicions,
)
from loyalty.domain.program import Referral
from loyalty.domain.transaction import BY_HAND

TERMS = Referral(referrer=30, per_day=2)
HOUR = timedelta(hours=1)


def bought(name, kept=500, hours=0, store="main", revision=0):
    fact = sale(name, 500, at=NOON + hours * HOUR, store=store, revision=revision)
    return Receipt(id=f"generic:{name}", state="posted", sale=fact, kept=kept)


def said(*receipts, **more):
    return suspicions(Seen(receipts=receipts, **more), TERMS)


def test_an_ordinary_friend_is_not_suspected():
    assert said(bought("R1"), works_at=frozenset(), mine=NOON) == ()


def test_a_friend_who_buys_only_where_the_referrer_works_is():
    told = ("the friend bought only where the referrer works",)
    assert said(bought("R1"), bought("R2"), works_at=frozenset({"main"})) == told
    assert said(bought("R1"), bought("R2", store="pier"), works_at=frozenset({"main"})) == ()
    assert said(bought("R1"), bought("R2", store="pier"), works_at=frozenset({"main", "pier"}))


def test_on_a_shared_account_only_what_the_friend_bought_counts():
    told = ("the friend kept too little without what others on the account bought",)
    assert said(bought("R1", kept=0), shares=True) == told
    assert said(bought("R1"), shares=True) == ()


def test_what_went_back_tells_nothing():
    elsewhere = bought("R2", store="pier", kept=0)
    assert said(bought("R1"), elsewhere, works_at=frozenset({"main"}))
    assert said(bought("R1", revision=BY_HAND, kept=0), bought("R2", hours=1)) == ()
    assert said(works_at=frozenset({"main"})) == ()


def test_a_first_purchase_keyed_in_by_hand_is_suspected_until_a_later_one_is_not():
    by_hand = bought("R1", revision=BY_HAND, hours=1)
    told = ("the friend's first purchase was keyed in by hand",)
    assert said(by_hand, bought("R2", hours=2)) == told
    assert said(by_hand, bought("R2", hours=0)) == ()


@pytest.mark.parametrize(
    ("hours", "most"),
    [((), 1), ((0,), 2), ((23,), 2), ((24,), 1), ((-23, 1), 2), ((-12, 11), 3), ((-24, 24), 1)],
)
def test_friends_are_counted_in_any_24_hours_around_this_one(hours, most):
    assert most_within_a_day(NOON, [NOON + each * HOUR for each in hours]) == most


def test_one_that_did_not_qualify_is_in_no_day():
    assert most_within_a_day(None, [NOON]) == 0


def test_more_friends_in_a_day_than_the_program_says_are_suspected():
    assert said(mine=NOON, others=(NOON,)) == ()
    told = ("more than 2 friends qualified within a day",)
    assert said(mine=NOON, others=(NOON, NOON + HOUR)) == told


@pytest.mark.parametrize(
    ("one", "other", "same", "close"),
    [
        ("sita@momo.example", "sita+card@momo.example", True, True),
        ("si.ta@gmail.com", "sita+x@googlemail.com", True, True),
        ("si.ta@momo.example", "sita@momo.example", False, True),
        ("sita@momo.example", "sita@cafe.example", False, False),
        ("sita@momo.example", "hari@momo.example", False, False),
        ("+@momo.example", "+1@momo.example", False, False),
        ("", "", False, False),
        ("", "sita@momo.example", False, False),
    ],
)
def test_addresses_are_one_without_tags_and_look_so_without_dots(one, other, same, close):
    assert (same_mailbox(one, other), alike(one, other)) == (same, close)
    assert (same_mailbox(other, one), alike(other, one)) == (same, close)


def test_a_mailbox_is_named_once_and_for_all():
    assert mailbox(mailbox("si.ta+1@googlemail.com")) == "sita@gmail.com"


def test_addresses_that_look_alike_are_told_without_them():
    told = said(friend_email="si.ta@momo.example", referrer_email="sita@momo.example")
    assert told == ("both have the same e-mail address but for dots or a tag",)


def test_a_friend_keeps_something_at_least():
    assert (line(Referral(referrer=1)), line(Referral(referrer=1, minimum=500))) == (1, 500)
