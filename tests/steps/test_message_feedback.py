"""What vendors call back: states that only move forward, addresses that die, STOP and START."""

from __future__ import annotations

from itertools import permutations

import pytest
from tests.steps.cafe import SERVICE_ONLY, SITA

from loyalty.records import consents, suppressions

ACT = "sale:generic:A"


@pytest.fixture
def sent(cafe):
    """A cafe in which Sita got a text, and an hour has passed."""
    cafe.member = cafe.join(consents=SERVICE_ONLY)
    cafe.buys("A", 1250)
    cafe.passes(hours=1)
    return cafe


def test_a_state_moves_forward(sent):
    for state in ("queued", "sent", "delivered", "read"):
        sent.hears(ACT, state)
    assert sent.delivery(ACT).state == "read"


@pytest.mark.parametrize("order", list(permutations(["sent", "delivered", "read"])))
def test_states_told_in_any_order_end_at_the_furthest(sent, order):
    for state in order:
        sent.hears(ACT, state)
    assert sent.delivery(ACT).state == "read"


@pytest.mark.parametrize("state", ["queued", "sent"])
def test_that_a_text_we_know_of_is_on_its_way_is_not_written_down(sent, state):
    """Most callbacks say only this; each would cost a commit."""
    before = dict(sent.rig.store.documents)
    sent.hears(ACT, state)
    assert sent.rig.store.documents == before


def test_a_state_told_46_times_is_one(sent):
    for _ in range(46):
        sent.hears(ACT, "delivered")
    before = dict(sent.rig.store.documents)
    sent.hears(ACT, "delivered")
    sent.hears(ACT, "sent")
    assert sent.rig.store.documents == before
    assert sent.delivery(ACT).state == "delivered"


def test_a_call_back_before_our_own_settling_is_kept_and_the_text_not_sent_again(cafe):
    """The vendor calls back while our own call still waits for its answer."""
    cafe.join()
    run = cafe.engine.run

    def called_back_meanwhile(connector, verb, *more):
        answer = run(connector, verb, *more)
        cafe.hears(ACT, "delivered")
        return answer

    cafe.engine.run = called_back_meanwhile
    cafe.buys("A", 1250)
    assert (cafe.claim(ACT).state, cafe.delivery(ACT).state) == ("accepted", "delivered")
    assert len(cafe.texts()) == 1


def test_a_status_that_nobody_knows_changes_nothing(sent):
    before = dict(sent.rig.store.documents)
    sent.hears(ACT, "weird")
    assert sent.rig.store.documents == before


@pytest.mark.parametrize(("code", "word"), [("21610", "opted-out"), ("30005", "bad-address")])
def test_an_address_that_turns_out_dead_is_blocked(sent, code, word):
    sent.hears(ACT, "undelivered", ErrorCode=code)
    assert sent.contact(sent.member).suppressed == {"sms": word}
    sent.buys("B", 1250)
    assert len(sent.texts()) == 1


def test_a_text_that_failed_for_another_reason_blocks_nobody(sent):
    sent.hears(ACT, "undelivered", ErrorCode="30007")
    assert sent.delivery(ACT).state == "failed"
    assert sent.contact(sent.member).suppressed == {}


# -- stop and start -----------------------------------------------------------------------


def proofs(cafe):
    found = consents.find(cafe.rig.store, ("member", "==", cafe.member))
    return sorted((p.channel, p.purpose, p.given, p.source) for p in found)


def test_stop_takes_consent_back_with_proof_and_blocks_the_channel(sent):
    sent.gets(" Stop. ")
    contact = sent.contact(sent.member)
    assert contact.suppressed == {"sms": "opted-out"}
    assert not contact.consents["sms:service"].given
    assert contact.consents["email:service"].given
    assert ("sms", "service", False, "reply:sms") in proofs(sent)
    assert len(proofs(sent)) == 3


def test_stop_told_twice_is_one(sent):
    sent.gets("STOP")
    before = dict(sent.rig.store.documents)
    sent.gets("STOP")
    assert sent.rig.store.documents == before


def test_a_stop_is_told_to_partners(sent):
    sent.gets("STOP")
    topic, body = sent.bus.published[-1]
    assert topic == "member-changed"
    assert SITA.encode() not in body


def test_start_lifts_the_block_and_gives_no_consent(sent):
    sent.gets("STOP")
    sent.gets("START")
    contact = sent.contact(sent.member)
    assert contact.suppressed == {}
    assert not contact.consents["sms:service"].given
    sent.buys("B", 1250)
    assert len(sent.texts()) == 1


def test_a_sentence_is_no_keyword(sent):
    sent.gets("please stop by tomorrow")
    assert sent.contact(sent.member).suppressed == {}


def test_a_stranger_who_says_stop_stays_blocked_when_they_join(cafe):
    cafe.gets("STOP")
    blocked = suppressions.get(cafe.rig.store, f"{cafe.shop.pepper.hash('phone', SITA)}:sms")
    assert blocked.why == "opted-out"
    member = cafe.join()
    assert cafe.contact(member).suppressed == {"sms": "opted-out"}
    cafe.buys("A", 1250)
    assert cafe.texts() == []
