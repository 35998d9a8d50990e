"""Booking facts: who is credited, what waits, and what can never be booked."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest
from tests.rig import NOON, refund, sale, void
from tests.steps.cafe import HARI, SITA

from loyalty import programs
from loyalty.connectors.spec import Guest
from loyalty.counter import reviewing
from loyalty.domain.transaction import Claim
from loyalty.events import TransactionRecorded, encode
from loyalty.records import identities, quarantine, reviews

HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)


def codes(cafe):
    return sorted(each.code for each in quarantine.find(cafe.rig.store, limit=1000))


# -- guests whom we do not know -----------------------------------------------------------


def test_a_strangers_receipts_are_booked_when_they_join_the_oldest_first(cafe):
    for name, hours in (("B", 2), ("C", 1), ("A", 3)):
        cafe.tells(sale(name, 1000, at=NOON - hours * HOUR))
    member = cafe.join()
    asked = [json.loads(body)["subject"] for _, body in cafe.bus.published[-4:-1]]
    assert asked == ["generic:A", "generic:B", "generic:C"]
    cafe.rig.run()
    assert cafe.points(member) == 30
    assert cafe.rig.account(member).totals.visits == 3


def test_what_a_stranger_gave_back_is_not_booked_when_they_join(cafe):
    cafe.tells(sale("A", 1000))
    cafe.tells(refund("a", "A", 300))
    cafe.tells(sale("B", 500))
    cafe.tells(void("B"))
    member = cafe.join()
    cafe.rig.run()
    assert cafe.points(member) == 7
    nets = [("refund", 0), ("sale", 0), ("sale", 7), ("void", 0)]
    assert sorted(cafe.kinds(member)) == nets


def test_joining_twice_claims_nothing_twice(cafe):
    cafe.tells(sale("A", 1000))
    member = cafe.join()
    cafe.rig.run()
    assert cafe.join() == member
    cafe.rig.run()
    assert cafe.points(member) == 10


def test_a_receipt_without_any_guest_waits_for_nobody(cafe):
    cafe.rig.tell(sale("A", 1000), Guest())
    cafe.rig.run()
    member = cafe.join()
    cafe.rig.run()
    assert (cafe.points(member), cafe.rig.receipt("A").state) == (0, "unclaimed")


def test_only_the_newest_fifty_receipts_of_a_stranger_wait(cafe):
    for number in range(52):
        cafe.told(sale(f"R{number}", 100, at=NOON + number * HOUR))
    cafe.is_now(NOON + 60 * HOUR)
    cafe.rig.run()
    waiting = identities.get(cafe.rig.store, cafe.shop.pepper.hash("phone", SITA)).waiting
    assert len(waiting) == 50
    member = cafe.join()
    cafe.rig.run()
    assert cafe.rig.account(member).totals.points == 50


def test_a_receipt_belongs_to_the_surest_identity_that_is_known(cafe):
    hari = cafe.join("Hari", HARI)
    sita = cafe.join("Sita", "", email="sita@example.com")
    cafe.rig.tell(sale("A", 1000), Guest(phone=HARI, email="sita@example.com"))
    cafe.rig.run()
    assert (cafe.points(hari), cafe.points(sita)) == (10, 0)


def test_a_receipt_that_is_somebodys_cannot_be_claimed_by_another(cafe):
    sita, hari = cafe.join(), cafe.join("Hari", HARI)
    cafe.buys("A", 1000)
    claim = Claim(source="generic", receipt="A", member=hari, occurred_at=NOON)
    cafe.bus.publish("transaction-recorded", [event(claim)])
    cafe.rig.run()
    assert (cafe.points(sita), cafe.points(hari)) == (10, 0)
    assert codes(cafe) == ["already-claimed"]


# -- what waits for a person --------------------------------------------------------------


def test_a_receipt_above_the_ceiling_earns_nothing_until_it_is_approved(cafe):
    member = cafe.join()
    cafe.buys("A", 50001)
    assert (cafe.points(member), cafe.rig.receipt("A").state) == (0, "review")
    (review,) = reviews.find(cafe.rig.store)
    assert (review.receipt, review.state) == ("generic:A", "open")
    assert cafe.texts() == []
    reviewing.decide("generic:A", "approved", "ada", cafe.shop)
    cafe.rig.run()
    assert cafe.points(member) == 500 + 5 + 5 * 7  # fifty, and five times a hundred
    assert cafe.rig.account(member).totals.visits == 1


def test_an_edit_above_the_ceiling_waits_like_a_sale_and_ends_the_same(cafe):
    member = cafe.join()
    cafe.buys("A", 1000)
    cafe.tells(sale("A", 50001, revision=1))
    assert (cafe.points(member), cafe.rig.receipt("A").state) == (0, "review")
    assert len(reviews.find(cafe.rig.store)) == 1
    reviewing.decide("generic:A", "approved", "ada", cafe.shop)
    cafe.rig.run()
    assert cafe.rig.account(member).totals.points == 500


def test_what_a_person_approved_is_not_held_again(cafe):
    cafe.join()
    cafe.buys("A", 60000)
    reviewing.decide("generic:A", "approved", "ada", cafe.shop)
    cafe.tells(sale("A", 55000, revision=1))
    assert cafe.rig.receipt("A").state == "posted"


def test_a_revision_to_a_store_that_its_version_never_knew_is_booked(cafe):
    member = cafe.join()
    cafe.buys("A", 1000)
    text = Path("tests/programs/steps.yaml").read_text("utf-8")
    more = text.replace("stores:\n", "stores:\n  new: {title: New, tills: ['generic:new']}\n")
    programs.publish(cafe.rig.store, more, cafe.now)
    cafe.passes(minutes=3)
    cafe.tells(sale("A", 1200, revision=1, store="new"))
    assert (cafe.points(member), cafe.bus.dead) == (12, [])


def test_exactly_the_ceiling_is_allowed(cafe):
    member = cafe.join()
    cafe.buys("A", 50000)
    assert cafe.rig.account(member).totals.points == 500


def test_a_fourth_receipt_within_an_hour_waits_and_the_next_hours_do_not(cafe):
    member = cafe.join()
    cafe.is_now(NOON + 2 * HOUR)
    for place, minutes in enumerate((0, 10, 20, 30, 61, 95)):
        cafe.tells(sale(f"R{place}", 100, at=NOON + minutes * MINUTE))
    states = [cafe.rig.receipt(f"R{place}").state for place in range(6)]
    # 12:00, 12:10, 12:20: three. 12:30 is the fourth. 13:01: 12:10, 12:20, 12:30 and it: held.
    # 13:35: only 13:01 and it.
    assert states == ["posted", "posted", "posted", "review", "review", "posted"]
    assert cafe.points(member) == 4


def test_a_refused_receipt_stays_at_nothing_whatever_follows(cafe):
    member = cafe.join()
    cafe.buys("A", 60000)
    reviewing.decide("generic:A", "refused", "ada", cafe.shop)
    cafe.rig.run()
    cafe.tells(sale("A", 70000, revision=1))
    cafe.tells(refund("a", "A", 100))
    assert (cafe.points(member), cafe.rig.receipt("A").state) == (0, "refused")


def test_a_refund_of_a_receipt_in_review_counts_once_it_is_approved(cafe):
    member = cafe.join()
    cafe.buys("A", 60000)
    cafe.tells(refund("a", "A", 58000))
    assert cafe.points(member) == 0
    reviewing.decide("generic:A", "approved", "ada", cafe.shop)
    assert cafe.points(member) == 20


# -- judged once --------------------------------------------------------------------------


def test_an_edit_is_judged_by_the_tier_of_its_first_judgement(cafe):
    member = cafe.join()
    cafe.buys("A", 1000)
    cafe.buys("B", 10000)  # gold from the next receipt on
    cafe.tells(sale("A", 2000, revision=1))
    cafe.buys("C", 1000)
    earned = [cafe.rig.receipt(name).points for name in "ABC"]
    assert (earned, cafe.rig.account(member).tier) == ([20, 100, 20], "gold")


def test_a_receipt_is_judged_by_the_program_of_its_own_time(cafe):
    member = cafe.join()
    text = Path("tests/programs/steps.yaml").read_text("utf-8")
    doubled = text.replace("points: 1,", "points: 2,")
    version = programs.publish(cafe.rig.store, doubled, cafe.now)
    cafe.rig.clock.advance(timedelta(minutes=5))
    cafe.buys("old", 1000, at=version.effective_from - MINUTE)
    cafe.buys("new", 1000, at=version.effective_from)
    assert [cafe.rig.receipt(name).points for name in ("old", "new")] == [10, 20]
    cafe.tells(sale("old", 1500, at=version.effective_from, revision=1))
    assert cafe.rig.receipt("old").points == 15
    assert cafe.points(member) == 35


def test_two_receipts_may_both_have_a_refund_number_one(cafe):
    member = cafe.join()
    cafe.buys("A", 1000)
    cafe.buys("B", 1000)
    cafe.tells(refund("1", "A", 400))
    cafe.tells(refund("1", "B", 300))
    assert (cafe.points(member), cafe.bus.dead) == (13, [])


# -- what can never be booked -------------------------------------------------------------


def event(transaction, **more):
    base = {"id": "x", "at": NOON, "subject": transaction.receipt_id, "transaction": transaction}
    return encode(TransactionRecorded(**{**base, **more}))


@pytest.mark.parametrize(
    "poison",
    [
        b"",
        b"not json",
        b'{"specversion":"1.0"}',
        b"\xff\xfe",
        event(sale("P", 100)).replace(b'"kind":"sale"', b'"kind":"wish"'),
        event(sale("P", 100)).replace(b"transaction-recorded", b"points-posted"),
        event(sale("P", 100)).replace(b'"amount":100', b'"amount":"100"'),
    ],
)
def test_poison_is_put_aside_at_first_sight_and_the_queue_moves_on(cafe, poison):
    member = cafe.join()
    cafe.bus.publish("transaction-recorded", [poison])
    cafe.buys("A", 1000)
    assert cafe.points(member) == 10
    assert (len(codes(cafe)), cafe.bus.dead) == (1, [])


def test_an_event_of_a_newer_version_is_not_put_aside_but_comes_again(cafe):
    newer = event(sale("P", 100)).replace(b'"dataschemaversion":1', b'"dataschemaversion":9')
    cafe.bus.publish("transaction-recorded", [newer])
    cafe.rig.run()
    assert codes(cafe) == []
    assert [dead.error.split(":")[0] for dead in cafe.bus.dead] == ["TryAgain"]


def test_the_same_revision_with_other_money_is_put_aside_and_the_first_stands(cafe):
    member = cafe.join()
    cafe.buys("A", 1000)
    cafe.tells(sale("A", 9900))
    cafe.buys("B", 500)
    assert (cafe.points(member), codes(cafe)) == (15, ["same-revision-other-money"])


def test_a_sale_from_a_till_of_no_store_is_put_aside_by_ingest(cafe):
    cafe.join()
    cafe.tells(sale("A", 1000, store="elsewhere"))
    assert codes(cafe) == ["unknown-store"]
    assert [topic for topic, _ in cafe.bus.published].count("transaction-recorded") == 0


def test_a_document_of_a_newer_version_is_left_for_newer_code(cafe):
    cafe.join()
    cafe.buys("A", 1000)
    store = cafe.rig.store
    for key, body in store.documents.items():
        if key.collection == "accounts":
            store.documents[key] = body.replace(b'"v":1', b'"v":2')
    before = dict(store.documents)
    cafe.buys("B", 1000)
    assert store.documents == before
    assert cafe.bus.dead
