"""`loyalty reviews` as people see it."""

from __future__ import annotations

import getpass
from datetime import timedelta

import pytest
from tests.cli.conftest import LATER, PROGRAM, CommandLine
from tests.rig import opened, sale

from loyalty.connectors.spec import Guest
from loyalty.domain.transaction import BY_HAND
from loyalty.friends.referring import attribute, code
from loyalty.records import reviews

FRIENDS = f"{PROGRAM}referral: {{referrer: 30, friend: 10}}\n"
WEEK = timedelta(days=7)


def test_what_waits_is_listed_with_the_reason(loyalty):
    said = loyalty("reviews", "list")
    row = f"generic:R2 EUR 600.00 {loyalty.member} above the ceiling of EUR 500.00"
    assert f"{row} 21 Nov 2026 12:00" in said


def test_an_approval_books_the_points_and_is_told_once_the_server_runs(changing):
    said = changing("reviews", "approve", "generic:R2", "--by", "Maya")
    assert said == (
        "generic:R2 is approved by Maya: 60 points. Its guest is told once the server runs."
    )
    assert "points 63 pending 0" in changing("member", "show", changing.member)
    assert "review +60 review: EUR 600.00: 1 point per 10 euros" in changing("explain", "R2")
    assert "adds up" in changing("verify")
    with changing.rig() as rig:
        rig.clock.set(LATER)
        rig.sweep()
        assert [topic for topic, _ in rig.bus.published][1:] == ["points-posted"]


def test_a_refusal_books_nothing(changing):
    said = changing("reviews", "refuse", "generic:R2", "--by", "Maya")
    assert said.startswith("generic:R2 is refused by Maya: 0 points.")
    assert "A person refused it" in changing("explain", "R2")
    assert "adds up" in changing("verify")


def test_afterwards_nothing_waits(changing):
    changing("reviews", "refuse", "generic:R2")
    assert changing("reviews", "list") == "Nothing waits for a review."


def test_whoever_is_logged_in_decides_unless_named(changing):
    changing("reviews", "approve", "generic:R2")
    with changing.rig() as rig:
        assert reviews.get(rig.store, "generic:R2").by == getpass.getuser()


@pytest.mark.parametrize("verdict", ["approve", "refuse"])
def test_a_receipt_is_decided_on_once(changing, verdict):
    changing("reviews", "approve", "generic:R2", "--by", "Maya")
    said = changing("reviews", verdict, "generic:R2", code=1)
    assert "The receipt was approved by Maya already." in said


def test_what_does_not_wait_cannot_be_decided_on(changing):
    said = changing("reviews", "approve", "generic:R1", code=1)
    assert "No such receipt waits for a review." in said


def test_what_nobody_told_of_cannot_be_decided_on(changing):
    assert "No till told of a receipt R404." in changing("reviews", "approve", "R404", code=1)


def test_the_tills_own_number_is_enough(changing):
    assert "generic:R2 is approved by Maya" in changing("reviews", "approve", "R2", "--by", "Maya")


# -- friends who look made up --------------------------------------------------------------------


@pytest.fixture
def friends(tmp_path):
    """A folder in which the payment for a friend waits, whose purchase was keyed in."""
    (tmp_path / "pepper").write_text("p1:a pepper for tests only")
    with opened(tmp_path, FRIENDS) as rig:
        sita, hari = rig.join(phone="+4915112345671"), rig.join(phone="+4915112345673")
        attribute(hari, code(sita, rig.shop), rig.shop)
        rig.tell(sale("R1", 1000, revision=BY_HAND), Guest(phone="+4915112345673"))
        rig.run()
        rig.clock.advance(WEEK)
        rig.sweep()
    command = CommandLine(tmp_path, sita)
    return lambda *words, **more: command(*words, at=LATER + WEEK, **more), sita, hari


def test_a_friend_who_looks_made_up_is_listed_with_who_brought_them_and_why(friends):
    loyalty, sita, hari = friends
    row = f"referral:{hari} {sita} the friend's first purchase was keyed in by hand 28 Nov 2026"
    assert row in loyalty("reviews", "list")


def test_an_approved_friend_pays_both_once(friends):
    loyalty, sita, hari = friends
    said = loyalty("reviews", "approve", f"referral:{hari}", "--by", "Maya")
    assert said.startswith(f"referral:{hari} is approved by Maya: 40 points. Both are told ")
    again = loyalty("reviews", "approve", f"referral:{hari}", "--by", "Maya", code=1)
    assert "The referral was approved by Maya already." in again
    assert "points 30 pending 0" in loyalty("member", "show", sita)
    assert "adds up" in loyalty("verify")
    assert loyalty("reviews", "list") == "Nothing waits for a review."


def test_a_refused_friend_pays_nobody(friends):
    loyalty, sita, hari = friends
    said = loyalty("reviews", "refuse", f"referral:{hari}", "--by", "Maya")
    assert said == f"referral:{hari} is refused by Maya: 0 points."
    assert "points 0 pending 0" in loyalty("member", "show", sita)


def test_a_friend_who_does_not_wait_cannot_be_decided_on(friends):
    loyalty, sita, _ = friends
    said = loyalty("reviews", "approve", f"referral:{sita}", code=1)
    assert "No such referral waits for a review." in said
