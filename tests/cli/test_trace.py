"""`loyalty trace` as people see it."""

from __future__ import annotations


def test_the_way_of_a_receipt_is_shown_with_its_instants(loyalty):
    said = loyalty("trace", "R1")
    assert "21 Nov 2026 12:00:00 (till) sold" in said
    assert "points_calculation booked sale:generic:R1: +4 points" in said
    assert "points_calculation booked refund:generic:R1:F1: -1 points" in said
    assert said.endswith("Nothing is missing.")


def test_what_has_not_happened_yet_is_said_with_where_to_look(loyalty):
    said = loyalty("trace", "R2")
    assert "Not yet points_calculation: waits: a person has to review it" in said


def test_a_receipt_that_was_put_aside_is_found(loyalty):
    said = loyalty("trace", "R4")
    assert "(quarantine) unknown-store: no store of the program has this till" in said
    assert "loyalty deadletters list" in said


def test_a_receipt_that_nobody_told_of_says_so(loyalty):
    assert "No till told of a receipt R404." in loyalty("trace", "R404", code=1)
