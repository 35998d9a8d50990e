"""`loyalty explain` as people see it."""

from __future__ import annotations

from tests.rig import sale


def test_a_receipt_is_explained_from_its_lines_to_its_acts(loyalty):
    said = loyalty("explain", "generic:R1")
    for part in (
        "Receipt generic:R1 EUR 47.00 at Main Street (in_store) on 21 Nov 2026 12:00",
        f"Member: {loyalty.member} Judged by program version ",
        "without a tier It is worth 3 points, net of everything given back.",
        "Flat white EUR 47.00 EUR 37.00 x1",
        "in all EUR 47.00 EUR 37.00",
        "spend yes 3.7 1 point per 10 euros",
        "Rules without carry come to 3.7, rounded down to 3.",
        "What is left of them lapses at 22 Nov 2027 00:00.",
        "21 Nov 2026 12:00 sale +4 EUR 47.00: 1 point per 10 euros",
        "21 Nov 2026 12:00 refund -1 refund: EUR 37.00: 1 point per 10 euros",
    ):
        assert part in said


def test_the_tills_own_number_is_enough(loyalty):
    assert loyalty("explain", "R1") == loyalty("explain", "generic:R1")


def test_a_number_that_several_tills_have_is_asked_about(changing):
    with changing.rig() as rig:
        rig.tell(sale("R1", 1000))
        from loyalty.connectors.spec import Heard  # noqa: PLC0415
        from loyalty.steps import transaction_ingest  # noqa: PLC0415

        heard = Heard(transaction=sale("R1", 1000, store="LMAIN"))
        transaction_ingest.record("square", "", [heard], "", rig.shop)
        rig.run()
    said = changing("explain", "R1", code=1)
    assert "Several tills have it. Say which: generic:R1, square:R1." in said
    assert "Nobody can be credited yet" in changing("explain", "square:R1")


def test_a_receipt_to_review_says_so(loyalty):
    said = loyalty("explain", "R2")
    assert "A person has to review it: above the ceiling of EUR 500.00." in said
    assert "Rules tried, as they would earn" in said
    assert "rounded down to 60." in said


def test_a_strangers_receipt_says_so(loyalty):
    said = loyalty("explain", "R3")
    assert "Member: nobody known yet Would be judged by program version" in said
    assert "it is booked when its guest joins or claims it" in said


def test_an_unknown_receipt_leads_to_what_was_put_aside(loyalty):
    said = loyalty("explain", "R4", code=1)
    assert "No till told of a receipt R4." in said
    assert "loyalty deadletters list" in said
