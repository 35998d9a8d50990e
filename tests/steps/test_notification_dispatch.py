"""One message to one person, once: claimed, sent, settled, and looked up when in doubt."""

from __future__ import annotations

import io
import json
from datetime import UTC, datetime, timedelta

import pytest
from tests.rig import NOON, sale
from tests.steps.cafe import HARI, SERVICE_ONLY, SITA

from loyalty.connectors.spec import Guest, Sent
from loyalty.counter import reviewing
from loyalty.errors import InDoubt, TryAgain, VendorRefused
from loyalty.logs import Log
from loyalty.records import ProgramRecord, claims, contacts, programs

NIGHT = datetime(2026, 11, 21, 20, 0, tzinfo=UTC)  # 21:00 in Berlin
MORNING = datetime(2026, 11, 22, 7, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def died(cafe):
    return [dead.error.split(":")[0] for dead in cafe.bus.dead]


def reprogram(cafe, old, new):
    """Change the published text itself: what is read again is not checked again."""
    (record,) = programs.find(cafe.rig.store)
    assert old in record.text
    fields = {name: getattr(record, name) for name in record.__struct_fields__}
    changed = ProgramRecord(**{**fields, "text": record.text.replace(old, new)})
    cafe.rig.store.atomically("ledger", lambda unit: programs.put(unit, record.hash, changed))
    cafe.shop.programs._parsed.clear()
    cafe.shop.programs._read_at = None


# -- the ordinary way ---------------------------------------------------------------------


def test_a_guest_gets_one_text_for_one_receipt(cafe):
    member = cafe.join()
    cafe.buys("A", 1250)
    assert cafe.texts() == ["Sita, +12. Balance 12, 0 to come."]
    claim = cafe.claim("sale:generic:A")
    (message,) = cafe.sandbox.outbox
    assert (claim.state, claim.member, claim.provider_id) == ("accepted", member, message.id)
    assert message.to == SITA


def test_who_takes_no_texts_gets_a_mail(cafe):
    agreed = {"sms:service": False, "email:service": True}
    cafe.join("Maya", SITA, email="maya@example.com", consents=agreed)
    cafe.buys("A", 1250)
    (message,) = cafe.sandbox.outbox
    assert (message.channel, message.to, message.subject) == (
        "email", "maya@example.com", "Your points",
    )  # fmt: skip


@pytest.mark.parametrize("agreed", [{}, {"sms:service": False}, {"sms:marketing": True}])
def test_without_consent_nothing_leaves_and_the_reason_is_kept(cafe, agreed):
    cafe.join(consents=agreed)
    cafe.buys("A", 1250)
    claim = cafe.claim("sale:generic:A")
    assert (cafe.asked(), claim.state, claim.word) == ([], "dropped", "no-consent")


def test_a_request_told_46_times_is_one_text(cafe):
    cafe.join()
    cafe.buys("A", 1250)
    (request,) = (body for topic, body in cafe.bus.published if topic == "notification-requested")
    cafe.bus.publish("notification-requested", [request] * 45)
    cafe.rig.run()
    assert len(cafe.texts()) == 1
    assert cafe.asked() == [("POST", 201)]


def test_what_a_guest_is_called_is_never_a_template(cafe):
    cafe.join("{balance} Rai")
    cafe.buys("A", 1250)
    assert cafe.texts() == ["{balance}, +12. Balance 12, 0 to come."]


def test_the_team_hears_at_once_also_at_night(cafe):
    cafe.join()
    cafe.buys("A", 10000)
    cafe.is_now(NIGHT + timedelta(hours=1))
    cafe.buys("B", 100)
    notes = [message.text for message in cafe.sandbox.outbox if message.channel == "staff"]
    assert notes == ["A Gold guest at Main Street."]


def test_the_team_hears_of_a_large_sale_once_it_is_approved(cafe):
    reprogram(cafe, "alerts:\n", "alerts:\n  big: {on: sale, at_least: 400.00, text: '{total}!'}\n")
    cafe.join()
    cafe.buys("A", 60000)
    cafe.buys("B", 70000)
    reviewing.decide("generic:A", "approved", "ada", cafe.shop)
    reviewing.decide("generic:B", "refused", "ada", cafe.shop)
    cafe.rig.run()
    assert [m.text for m in cafe.sandbox.outbox if m.channel == "staff"] == ["EUR 600.00!"]


def test_two_guests_do_not_share_a_message(cafe):
    cafe.join()
    cafe.join("Hari", HARI)
    cafe.buys("A", 1250)
    cafe.buys("B", 300, phone=HARI)
    assert [(m.to, m.text[:4]) for m in cafe.sandbox.outbox] == [(SITA, "Sita"), (HARI, "Hari")]


# -- stop ---------------------------------------------------------------------------------


class Interrupted:
    """A store after whose first commit to people something happens."""

    def __init__(self, store):
        self._store, self.then = store, None

    def __getattr__(self, name):
        return getattr(self._store, name)

    def atomically(self, database, work):
        result = self._store.atomically(database, work)
        if database == "people" and self.then:
            then, self.then = self.then, None
            then()
        return result


@pytest.fixture
def interrupted(opened):
    return opened(wrap=lambda shop: shop._replace(store=Interrupted(shop.store)))


def test_a_stop_between_claim_and_call_is_honored(interrupted):
    cafe = interrupted
    member = cafe.join()
    cafe.shop.store.then = lambda: cafe.gets("STOP")
    cafe.buys("A", 1250)
    assert cafe.claim("sale:generic:A").state == "dropped"
    assert cafe.asked() == []
    assert cafe.contact(member).suppressed == {"sms": "opted-out"}


def test_after_a_stop_nothing_is_claimed(cafe):
    cafe.join()
    cafe.gets("STOP")
    cafe.buys("A", 1250)
    assert (cafe.asked(), cafe.claim("sale:generic:A").word) == ([], "no-consent")


def test_a_guest_who_was_forgotten_meanwhile_gets_nothing(interrupted):
    cafe = interrupted
    member = cafe.join()

    def forget():
        cafe.rig.store.atomically("people", lambda unit: contacts.delete(unit, member))

    cafe.shop.store.then = forget
    cafe.buys("A", 1250)
    claim = cafe.claim("sale:generic:A")
    assert (cafe.asked(), claim.state, claim.word) == ([], "dropped", "nobody")


# -- refusals -----------------------------------------------------------------------------


@pytest.mark.parametrize(("code", "word"), [(21610, "opted-out"), (21614, "bad-address")])
def test_a_vendor_that_says_never_is_never_asked_again(cafe, code, word):
    member = cafe.join()
    cafe.sandbox.twilio.refusals[SITA] = code
    cafe.buys("A", 1250)
    claim = cafe.claim("sale:generic:A")
    assert (claim.state, claim.word) == ("failed", word)
    assert cafe.contact(member).suppressed == {"sms": word}
    cafe.buys("B", 1250)
    assert cafe.asked() == [("POST", 400)]


def test_a_suppressed_phone_leaves_mail(cafe):
    cafe.join(email="sita@example.com")
    cafe.sandbox.twilio.refusals[SITA] = 21610
    cafe.buys("A", 1250)
    cafe.buys("B", 1250)
    assert [message.channel for message in cafe.sandbox.outbox] == ["email"]


def test_one_refused_text_blocks_nobody(cafe):
    member = cafe.join()
    cafe.sandbox.twilio.refusals[SITA] = 21612
    cafe.buys("A", 1250)
    claim = cafe.claim("sale:generic:A")
    assert (claim.state, claim.word) == ("failed", "refused")
    assert cafe.contact(member).suppressed == {}
    cafe.sandbox.twilio.refusals.clear()
    cafe.buys("B", 1250)
    assert len(cafe.texts()) == 1


def test_wrong_credentials_lose_no_message(cafe):
    """It waits, and its dead letter is told again once the token is right."""
    cafe.join()
    right = cafe.starts_with(TWILIO_AUTH_TOKEN="wrong")
    cafe.buys("A", 1250)
    claim = cafe.claim("sale:generic:A")
    assert (claim.state, claim.word) == ("waiting", "credentials")
    assert died(cafe) == ["TryAgain"]
    cafe.starts_with(**right)
    comes_again(cafe, cafe.bus.dead.pop())
    assert len(cafe.texts()) == 1


def test_wrong_credentials_are_logged_as_a_paused_channel_with_its_connector(opened):
    out = io.StringIO()
    cafe = opened(wrap=lambda shop: shop._replace(log=Log("error", out)))
    cafe.join()
    cafe.starts_with(TWILIO_AUTH_TOKEN="wrong")
    cafe.buys("A", 1250)
    told = {
        (x["code"], x["connector"], x["subject"])
        for x in map(json.loads, out.getvalue().splitlines())
    }
    assert told == {("channel-paused", "twilio", "generic:A")}


# -- a second vendor ----------------------------------------------------------------------


class Two:
    """Vendors of which the first does as it is told, and the backup always sends."""

    def __init__(self):
        self.asked, self.first = [], None

    def run(self, connector, verb, _argument):
        self.asked.append((connector, verb))
        if connector == "twilio" and verb == "send_sms" and self.first:
            raise self.first
        return Sent(id="B1") if verb == "send_sms" else None


@pytest.fixture
def two(opened):
    """A cafe with a backup for texts."""
    vendors = Two()
    cafe = opened(wrap=lambda shop: shop._replace(vendors=vendors))
    reprogram(cafe, "sms: [twilio]", "sms: [twilio, backup]")
    cafe.vendors = vendors
    cafe.join()
    return cafe


def test_a_backup_sends_what_the_first_surely_refused(two):
    two.vendors.first = VendorRefused("refused", "21612")
    two.buys("A", 1250)
    claim = two.claim("sale:generic:A")
    assert two.vendors.asked == [("twilio", "send_sms"), ("backup", "send_sms")]
    assert (claim.connector, claim.state, claim.provider_id) == ("backup", "accepted", "B1")


@pytest.mark.parametrize("word", ["opted-out", "bad-address", "credentials"])
def test_a_backup_is_not_asked_about_a_guest_or_an_account_that_said_no(two, word):
    two.vendors.first = VendorRefused(word)
    two.buys("A", 1250)
    assert ("backup", "send_sms") not in two.vendors.asked


@pytest.mark.parametrize("trouble", [InDoubt("silence"), TryAgain("later")])
def test_a_backup_is_not_asked_while_the_first_may_still_send(two, trouble):
    two.vendors.first = trouble
    two.buys("A", 1250)
    assert ("backup", "send_sms") not in two.vendors.asked


def test_a_crash_between_two_vendors_goes_on_with_the_second(two):
    two.vendors.first = VendorRefused("refused", "21612")
    sends = two.vendors.run

    def crashes_once(connector, verb, argument):
        if connector == "backup" and verb == "send_sms":
            two.vendors.run = sends
            raise KeyboardInterrupt
        return sends(connector, verb, argument)

    two.vendors.run = crashes_once
    with pytest.raises(KeyboardInterrupt):
        two.buys("A", 1250)
    two.rig.run()
    two.passes(minutes=1)
    sent = [asked for asked in two.vendors.asked if asked[1] == "send_sms"]
    assert sent == [("twilio", "send_sms"), ("backup", "send_sms")]
    assert two.claim("sale:generic:A").state == "accepted"


# -- doubt --------------------------------------------------------------------------------


def test_a_text_that_was_taken_in_silence_is_found_and_not_sent_again(cafe):
    cafe.join()
    cafe.sandbox.fault("twilio", "accept_then_silence")
    cafe.buys("A", 1250)
    cafe.passes(minutes=1)
    claim = cafe.claim("sale:generic:A")
    (message,) = cafe.sandbox.outbox
    assert (claim.state, claim.provider_id) == ("accepted", message.id)
    assert [method for method, _ in cafe.asked()].count("POST") == 1


def test_a_text_that_never_arrived_is_looked_up_and_then_sent(cafe):
    cafe.join()
    cafe.sandbox.fault("twilio", "reset")
    cafe.buys("A", 1250)
    cafe.passes(minutes=1)
    assert len(cafe.texts()) == 1
    assert [method for method, _ in cafe.asked()].count("POST") == 2
    assert cafe.claim("sale:generic:A").state == "accepted"


def test_within_its_lease_a_claim_is_left_to_whoever_made_it(cafe):
    cafe.join()
    cafe.sandbox.fault("twilio", "reset")
    cafe.buys("A", 1250)
    assert [method for method, _ in cafe.asked()] == ["POST"]
    assert died(cafe) == []


def test_a_silent_vendor_is_trouble_that_passes_and_no_error_of_ours(opened):
    out = io.StringIO()
    cafe = opened(wrap=lambda shop: shop._replace(log=Log("info", out)))
    cafe.join()
    cafe.sandbox.fault("twilio", "reset")
    cafe.buys("A", 1250)
    assert '"error":"TryAgain"' in out.getvalue()
    assert "UnboundLocalError" not in out.getvalue()


def test_a_vendor_that_called_back_is_not_asked(cafe):
    cafe.join()
    cafe.sandbox.fault("twilio", "accept_then_silence")
    cafe.buys("A", 1250)
    cafe.hears("sale:generic:A", "delivered")
    cafe.passes(minutes=1)
    claim = cafe.claim("sale:generic:A")
    assert (claim.state, claim.provider_id, len(cafe.asked())) == ("accepted", "SM1", 1)


def test_a_mail_in_doubt_waits_ten_minutes_for_its_vendor_to_say_so(cafe):
    cafe.join("Maya", "", email="maya@example.com")
    cafe.sandbox.fault("sendgrid", "accept_then_silence")
    cafe.rig.tell(sale("A", 1250), Guest(email="maya@example.com"))
    cafe.rig.run()
    cafe.passes(minutes=9)
    assert len(cafe.asked("sendgrid")) == 1
    cafe.passes(minutes=1)
    assert len(cafe.asked("sendgrid")) == 2  # it cannot be asked: rather twice than never


# -- waiting ------------------------------------------------------------------------------


def comes_again(cafe, letter):
    cafe.bus.publish(letter.topic, [letter.event])
    cafe.rig.run()


def busy(cafe, receipt, **more):
    """Let a text be claimed and then have to wait, because its vendor is too busy for a while."""
    cafe.sandbox.fault("twilio", "rate_limited", times=None)
    cafe.buys(receipt, 1250, **more)
    assert cafe.claim(f"sale:generic:{receipt}").state == "waiting"
    cafe.sandbox.clear_faults()
    return cafe.bus.dead.pop()


def test_a_vendor_that_is_busy_gets_it_later_and_once(cafe):
    cafe.join()
    cafe.sandbox.fault("twilio", "rate_limited", times=6)
    cafe.buys("A", 1250)
    # Four tries of one delivery, two more of the next, and then it is taken.
    assert cafe.asked() == [("POST", 429)] * 6 + [("POST", 201)]
    assert cafe.claim("sale:generic:A").state == "accepted"
    assert len(cafe.texts()) == 1


def test_a_text_that_had_to_wait_does_not_leave_at_night(cafe):
    cafe.join()
    cafe.is_now(NIGHT - SECOND)
    letter = busy(cafe, "A")
    cafe.is_now(NIGHT)
    comes_again(cafe, letter)
    assert cafe.texts() == []
    cafe.is_now(MORNING)
    cafe.rig.sweep()
    assert len(cafe.texts()) == 1


@pytest.mark.parametrize("fault", ["reset", "accept_then_silence"])
def test_a_text_in_doubt_waits_for_the_morning_and_is_looked_up_then(cafe, fault):
    cafe.join()
    cafe.is_now(NIGHT - SECOND)
    cafe.sandbox.fault("twilio", fault)
    cafe.buys("A", 1250)
    before = len(cafe.texts())
    cafe.passes(hours=1)
    assert len(cafe.texts()) == before
    cafe.is_now(MORNING)
    cafe.rig.sweep()
    assert len(cafe.texts()) == 1
    assert cafe.claim("sale:generic:A").state == "accepted"


def test_a_text_that_had_to_wait_too_long_does_not_leave_at_all(cafe):
    cafe.join()
    cafe.is_now(MORNING)
    letter = busy(cafe, "A", at=MORNING)
    cafe.is_now(MORNING + timedelta(hours=12))
    comes_again(cafe, letter)
    claim = cafe.claim("sale:generic:A")
    assert (cafe.texts(), claim.state, claim.word) == ([], "dropped", "too-late")


def test_a_text_that_had_to_wait_does_not_leave_after_a_stop(cafe):
    cafe.join()
    letter = busy(cafe, "A")
    cafe.gets("STOP")
    comes_again(cafe, letter)
    assert (cafe.texts(), cafe.claim("sale:generic:A").state) == ([], "dropped")


# -- quiet hours and the cap --------------------------------------------------------------


def test_at_night_a_text_waits_for_the_morning_and_leaves_once(opened):
    cafe = opened(copies=3)
    cafe.join()
    cafe.is_now(NIGHT)
    cafe.buys("A", 1250)
    cafe.is_now(MORNING - SECOND)
    cafe.rig.sweep()
    assert cafe.texts() == []
    cafe.is_now(MORNING)
    cafe.rig.sweep()
    cafe.rig.sweep()
    assert len(cafe.texts()) == 1


def test_a_stop_at_night_is_honored_in_the_morning(cafe):
    cafe.join()
    cafe.is_now(NIGHT)
    cafe.buys("A", 1250)
    cafe.gets("STOP")
    cafe.is_now(MORNING)
    cafe.rig.sweep()
    assert cafe.texts() == []


AGREED = {"sms:service": True, "sms:marketing": True}


def test_marketing_needs_its_own_consent(cafe):
    cafe.join(consents=SERVICE_ONLY)
    cafe.buys("A", 1250, channel="online")
    cafe.passes(hours=1)
    assert cafe.texts() == ["Sita, +12. Balance 0, 12 to come."]


def test_marketing_beyond_the_cap_is_dropped_until_the_days_are_over(cafe):
    member = cafe.join(consents=AGREED)
    for name, days in (("A", 0), ("B", 3), ("C", 7)):
        cafe.is_now(NOON + timedelta(days=days))
        cafe.buys(name, 1200, channel="online")
        cafe.passes(hours=1)
    offers = [text for text in cafe.texts() if "to spend" in text]
    assert offers == ["12 points to spend!", "12 points to spend!"]
    # The first was an hour after noon, the last is seven days later: no longer within them.
    assert cafe.contact(member).sent == (NOON + timedelta(days=7, hours=1),)


def test_a_marketing_text_that_was_not_sent_is_given_back_to_the_cap(interrupted):
    cafe = interrupted
    member = cafe.join(consents=AGREED)
    cafe.buys("A", 1200, channel="online")
    cafe.shop.store.then = lambda: cafe.gets("STOP")
    cafe.passes(hours=1)
    assert cafe.contact(member).sent == ()


def test_a_marketing_text_never_rides_on_a_service_message(cafe):
    reprogram(cafe, "    on: tier-changed\n", "    on: tier-changed\n    purpose: marketing\n")
    cafe.join(consents=SERVICE_ONLY)
    cafe.buys("A", 10000)
    assert not [text for text in cafe.texts() if "Gold" in text]
    assert cafe.claim("sale:generic:A").state == "accepted"
    (dropped,) = [claim for claim in claims.find(cafe.rig.store) if claim.state == "dropped"]
    assert (dropped.purpose, dropped.word) == ("marketing", "no-consent")
