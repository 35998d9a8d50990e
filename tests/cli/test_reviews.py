"""`loyalty reviews` as people see it."""

from __future__ import annotations

import getpass

import pytest
from tests.cli.conftest import LATER

from loyalty.records import reviews


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
