"""Guests who write a word are answered, once, and in their language."""

from __future__ import annotations

import pytest
from tests.steps.cafe import HARI, SITA

from loyalty.counter import redeeming
from loyalty.counter.redeeming import Capturing
from loyalty.domain import keywords
from loyalty.domain.keywords import Word
from loyalty.guests import members


@pytest.fixture
def cafe(opened):
    cafe = opened("rewards")
    cafe.member = cafe.join()
    cafe.buys("R1", 2_500)
    cafe.sandbox.reset()
    return cafe


def writes(cafe, text, phone=SITA):
    cafe.gets(text, phone)
    cafe.rig.run()
    return cafe.texts()


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("BALANCE", Word("balance")),
        (" punkte! ", Word("balance")),
        ("Redeem 2", Word("redeem", 2)),
        ("EINLÖSEN 1", Word("redeem", 1)),
        ("redeem my points please", None),
        ("redeem ٢", None),
        ("thanks", None),
        ("", None),
    ],
)
def test_a_word_is_read_as_people_write_it_and_the_rest_is_left_to_people(text, word):
    assert keywords.read(text) == word


def test_balance_is_answered_with_what_can_be_had_for_it(cafe):
    assert writes(cafe, "BALANCE") == [
        "Reward Cafe: you have 25 points. 1 a cruise (10), 2 points as money (10), 3 a coffee (20)."
    ]


def test_a_text_that_is_told_twice_is_answered_once(cafe):
    writes(cafe, "BALANCE")
    assert len(writes(cafe, "BALANCE")) == 1


def test_redeem_and_a_number_sets_it_aside_under_a_code_that_staff_capture(cafe):
    (text,) = writes(cafe, "REDEEM 3")
    assert text.startswith("Reward Cafe: show ")
    assert text.endswith(" for a coffee, until 13:00.")
    code = text.split()[3]
    taken = redeeming.capture(Capturing(code), cafe.shop)
    assert (taken.reward, taken.state, cafe.points(cafe.member)) == ("coffee", "captured", 5)


def test_redeem_without_a_number_lists_what_there_is_to_choose(cafe):
    (text,) = writes(cafe, "REDEEM")
    assert text.endswith("3 a coffee (20). Reply REDEEM and the number.")
    assert cafe.points(cafe.member) == 25


def test_who_has_too_few_points_hears_how_many_are_missing(cafe):
    other = cafe.join("Hari", HARI)
    assert writes(cafe, "REWARDS", HARI) == [
        "Reward Cafe: you have 0 points, nothing to take yet. 10 more for a cruise."
    ]
    assert cafe.points(other) == 0


def test_a_stranger_who_writes_join_is_a_member_and_welcome(cafe):
    (text,) = writes(cafe, "JOIN", HARI)
    assert text.startswith("Welcome to Reward Cafe!")
    member = members.find(cafe.shop, phone=HARI)
    assert cafe.contact(member).consents["sms:service"].given
    assert "sms:marketing" not in cafe.contact(member).consents


def test_a_stranger_who_writes_anything_else_hears_nothing(cafe):
    assert writes(cafe, "BALANCE", HARI) == []


def test_who_said_stop_hears_nothing(cafe):
    writes(cafe, "STOP")
    assert writes(cafe, "BALANCE") == []
