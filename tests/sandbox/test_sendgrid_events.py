"""The Event Webhook: signed as SendGrid signs, and every event changes what it says it changes."""

import json

import pytest
from sendgrid.helpers.eventwebhook import EventWebhook


@pytest.fixture
def told(sandbox, shop):
    """Every event the shop heard, each post checked by SendGrid's own library."""
    sandbox.sendgrid.event_url = f"{shop.url}/mail-events"
    checker = EventWebhook(sandbox.sendgrid.public_key)

    def events():
        assert sandbox.settle()
        for heard in shop.heard:
            signature = heard.headers["X-Twilio-Email-Event-Webhook-Signature"]
            timestamp = heard.headers["X-Twilio-Email-Event-Webhook-Timestamp"]
            assert checker.verify_signature(heard.body.decode(), signature, timestamp)
            assert heard.body.endswith(b"]\r\n")
        return [event for heard in shop.heard for event in json.loads(heard.body)]

    return events


@pytest.fixture
def sent(mail, mail_body, sandbox, told):
    mail_body["personalizations"][0]["custom_args"] = {"delivery_id": "d-42"}
    mail_body["categories"] = ["loyalty"]
    mail_body["asm"] = {"group_id": 1001}
    mail(mail_body)
    told()
    return sandbox.outbox[0]


def test_a_mail_is_reported_processed_and_delivered_in_one_signed_post(sent, told, shop):
    processed, delivered = told()

    assert len(shop.heard) == 1
    assert (processed["event"], delivered["event"]) == ("processed", "delivered")
    assert delivered["sg_message_id"].startswith(f"{sent.id}.")
    assert delivered["delivery_id"] == "d-42"
    assert delivered["category"] == ["loyalty"]
    assert delivered["email"] == "pat@example.com"
    assert delivered["timestamp"] == 1795165200
    assert processed["sg_event_id"] != delivered["sg_event_id"]
    assert sent.state == "delivered"


@pytest.mark.parametrize(
    ("kind", "name", "says"),
    [
        ("bounce", "bounce", {"type": "bounce", "status": "5.1.1"}),
        ("blocked", "bounce", {"type": "blocked"}),
        ("spamreport", "spamreport", {}),
        ("unsubscribe", "unsubscribe", {}),
        ("group_unsubscribe", "group_unsubscribe", {"asm_group_id": 1001}),
        ("deferred", "deferred", {"attempt": "1"}),
        ("click", "click", {"url": "https://regulars.example/"}),
    ],
)
def test_an_event_can_be_fired_and_carries_its_own_facts(sandbox, sent, told, kind, name, says):
    answer = sandbox.sendgrid.event(kind, sent)

    assert answer.status_code == 200
    last = told()[-1]
    assert last["event"] == name
    assert says.items() <= last.items()


@pytest.mark.parametrize("kind", ["bounce", "spamreport", "unsubscribe", "group_unsubscribe"])
def test_after_a_bounce_or_a_goodbye_the_next_mail_is_dropped(
    sandbox, sent, told, mail, mail_body, kind
):
    sandbox.sendgrid.event(kind, sent)

    assert mail(mail_body).status_code == 202

    assert told()[-1]["event"] == "dropped"
    assert told()[-1]["reason"]
    assert sandbox.outbox[-1].state == "dropped"


def test_events_can_be_doubled_held_back_and_retried(sandbox, mail, mail_body, told, shop):
    sandbox.fault("sendgrid", "duplicate_callbacks")
    mail(mail_body)
    ids = [event["sg_event_id"] for event in told()]
    assert len(ids) == 4
    assert ids[:2] == ids[2:]

    sandbox.fault("sendgrid", "no_callbacks")
    mail(mail_body)
    assert len(told()) == 4

    shop.status = 503
    mail(mail_body)
    assert sandbox.settle()
    assert len(shop.heard) == 5


def test_without_an_address_for_events_nothing_is_posted(mail, mail_body, sandbox):
    mail(mail_body)
    assert sandbox.settle()

    assert sandbox.sendgrid.event("open", sandbox.outbox[0]) is None
    assert sandbox.outbox[0].state == "open"
