"""Twilio's posts to the shop: signed, in order unless asked otherwise, never off this machine."""

import pytest
import requests
from twilio.request_validator import RequestValidator

PAT = "+15005550001"


@pytest.fixture
def genuine(sandbox):
    """Says whether Twilio's own validator accepts a post."""
    validator = RequestValidator(sandbox.secrets.twilio_auth_token)
    return lambda heard: validator.validate(
        heard.url, heard.form, heard.headers["X-Twilio-Signature"]
    )


def statuses(shop):
    return [heard.form["MessageStatus"] for heard in shop.heard]


def test_every_step_of_a_text_is_called_back_signed(text, sandbox, shop, genuine):
    sid = text(StatusCallback=f"{shop.url}/status?d=d-42").json()["sid"]
    assert sandbox.settle()

    assert statuses(shop) == ["queued", "sent", "delivered"]
    assert all(genuine(heard) for heard in shop.heard)
    last = shop.heard[-1].form
    assert last["MessageSid"] == last["SmsSid"] == sid
    assert last["From"] == sandbox.secrets.twilio_from_number
    assert last["RawDlrDoneDate"] == "2611200900"
    assert "ErrorCode" not in last
    assert sandbox.outbox[0].state == "delivered"


def test_a_text_that_cannot_be_delivered_says_why(text, sandbox, shop):
    sandbox.twilio.outcomes[PAT] = ("undelivered", 30005)

    text(StatusCallback=f"{shop.url}/status")
    assert sandbox.settle()

    assert statuses(shop) == ["queued", "sent", "undelivered"]
    assert shop.heard[-1].form["ErrorCode"] == "30005"
    assert sandbox.outbox[0].state == "undelivered"


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        ("no_callbacks", []),
        ("duplicate_callbacks", ["queued", "queued", "sent", "sent", "delivered", "delivered"]),
        ("reordered_callbacks", ["delivered", "sent", "queued"]),
    ],
)
def test_callbacks_can_be_switched_off_doubled_or_reordered(text, sandbox, shop, fault, expected):
    sandbox.fault("twilio", fault, times=1)

    text(StatusCallback=f"{shop.url}/status")
    assert sandbox.settle()
    assert statuses(shop) == expected
    tokens = {heard.headers["I-Twilio-Idempotency-Token"] for heard in shop.heard}
    assert len(tokens) == len(set(expected))

    text(StatusCallback=f"{shop.url}/status")
    assert sandbox.settle()
    assert statuses(shop)[len(expected) :] == ["queued", "sent", "delivered"]


def test_a_callback_is_signed_for_the_public_address_and_delivered_to_the_local_one(
    text, sandbox, shop, genuine
):
    sandbox.routes["https://shop.example"] = shop.url

    text(StatusCallback="https://shop.example/status?d=1#rc=3")
    assert sandbox.settle()

    for heard in shop.heard:
        heard.url = heard.url.replace(shop.url, "https://shop.example")
    assert len(shop.heard) == 3
    assert all(genuine(heard) for heard in shop.heard)


def test_no_callback_ever_leaves_this_machine(text, sandbox):
    text(StatusCallback="https://shop.example/status")
    assert sandbox.settle()

    tried = sandbox._premises.postman.deliveries
    assert [(d.status, "not on this machine" in d.trouble) for d in tried] == [(None, True)] * 3


def test_a_guests_text_comes_in_signed_with_all_documented_fields(sandbox, shop, genuine):
    sandbox.twilio.inbound_url = f"{shop.url}/sms"

    answer = sandbox.twilio.inbound(PAT, "Do you have oat milk? +1")

    assert answer.status_code == 200
    form = shop.heard[0].form
    assert genuine(shop.heard[0])
    assert form["Body"] == "Do you have oat milk? +1"
    assert (form["From"], form["To"]) == (PAT, sandbox.secrets.twilio_from_number)
    assert {"MessageSid", "AccountSid", "MessagingServiceSid", "NumMedia", "NumSegments"} <= (
        form.keys()
    )
    assert "OptOutType" not in form


@pytest.mark.parametrize("word", ["STOP", "stop", " Unsubscribe ", "QUIT", "optout"])
def test_stop_blocks_the_number_until_start_and_twilio_answers_the_guest_itself(
    text, sandbox, shop, word
):
    sandbox.twilio.inbound_url = f"{shop.url}/sms"

    sandbox.twilio.inbound(PAT, word)
    refused = text()

    assert shop.heard[0].form["OptOutType"] == "STOP"
    assert (refused.status_code, refused.json()["code"]) == (400, 21610)
    assert sandbox.outbox == []
    guest_reads = sandbox.twilio.conversation(PAT)[-1]
    assert guest_reads.body.startswith("You have successfully been unsubscribed.")

    sandbox.twilio.inbound(PAT, "START")
    assert shop.heard[1].form["OptOutType"] == "START"
    assert text().status_code == 201


def test_please_stop_is_a_sentence_and_not_a_keyword(text, sandbox):
    assert sandbox.twilio.inbound(PAT, "please stop") is None
    assert text().status_code == 201


@pytest.mark.parametrize(
    ("kind", "answer", "sent"),
    [
        ("text/xml", "<Response/>", []),
        ("text/xml", "<Response><Message>2 &lt; 3 &amp; 4</Message></Response>", ["2 < 3 & 4"]),
        ("text/plain; charset=utf-8", "ok", ["ok"]),
        ("application/json", '{"ok": true}', []),
    ],
)
def test_what_the_shop_answers_to_a_guests_text_may_become_a_text(
    sandbox, shop, kind, answer, sent
):
    sandbox.twilio.inbound_url = f"{shop.url}/sms"
    shop.kind, shop.answer = kind, answer

    sandbox.twilio.inbound(PAT, "How many points do I have?")

    assert [message.text for message in sandbox.outbox] == sent


def test_a_shop_that_is_closed_is_told_to_the_one_who_plays_the_guest(sandbox):
    sandbox.twilio.inbound_url = "http://127.0.0.1:9/sms"

    with pytest.raises(requests.ConnectionError):
        sandbox.twilio.inbound(PAT, "STOP")
    assert sandbox.twilio.opted_out
